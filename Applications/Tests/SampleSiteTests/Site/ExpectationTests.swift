import HTTPServer
import Testing

@testable import SampleSite

@Suite struct ExpectationTests {
  private var standard: SampleExpectation { get throws { try StandardSite.only.expectation } }

  @Test(arguments: [(1, 600, 8), (2, 130, 13), (1, 10, 1), (3, 700, 1)])
  func `everything is there, within five clicks`(seed: UInt64, pages: Int, hosts: Int) throws {
    let site = try SampleWebsite(seed: seed, pages: pages, hosts: hosts)
    let expectation = site.expectation
    #expect(expectation.requested.allSatisfy { $0.depth <= 5 })
    let places = expectation.requested.compactMap { entry in
      site.locate(entry.url).flatMap { site.place(host: $0.host, path: $0.path) }
    }
    #expect(places.count == expectation.requested.count)
    let ordinary = places.filter { if case .special = $0 { false } else { true } }
    #expect(ordinary.count == pages)
    let specials = places.compactMap { if case .special(let special) = $0 { special } else { nil } }
    let hidden: Set<Special> = [.login, .ledger, .houseRecipes]
    #expect(Set(specials) == Set(Special.allCases).subtracting(hidden))
  }

  @Test func `each is listed once and where it belongs`() throws {
    let expectation = try standard
    let urls = expectation.requested.map(\.url) + expectation.disallowed + expectation.nofollow
    #expect(Set(urls).count == urls.count)
    #expect(expectation.stored.allSatisfy { $0.status == 200 && $0.location == nil })
    #expect(expectation.redirects.allSatisfy { $0.status == 301 && $0.location != nil })
    #expect(Set(expectation.failures.map(\.status)) == [404, 500])
    #expect(expectation.nofollow.count == 8)
    #expect(expectation.nofollow.allSatisfy { $0.hasSuffix("/account/login") })
  }

  @Test func `robots.txt says what the expectation says`() throws {
    let site = try SampleWebsite()
    let rules = rules(in: site.page(host: 2, path: "/robots.txt").body)
    #expect(rules.count == 3)
    let expectation = try standard
    let paths = { (urls: [String]) in urls.compactMap { site.locate($0)?.path } }
    #expect(paths(expectation.requested.map(\.url)).allSatisfy { isAllowed($0, rules) })
    #expect(paths(expectation.disallowed).allSatisfy { !isAllowed($0, rules) })
    #expect(expectation.disallowed.count > 100)
    #expect(expectation.stored.contains { $0.url.hasSuffix("/private/opening-hours") })
  }

  /// The rules for everybody: whether they allow, and their patterns.
  private func rules(in body: [UInt8]) -> [(allows: Bool, pattern: String)] {
    let lines = String(decoding: body, as: UTF8.self).split(
      separator: "\n",
      omittingEmptySubsequences: false
    )
    return lines.drop { $0 != "User-agent: *" }.dropFirst().prefix { !$0.isEmpty }.map { line in
      let parts = line.split(separator: ": ")
      return (parts[0] == "Allow", String(parts[1]))
    }
  }

  /// The longest rule that matches decides (RFC 9309, 2.2.2).
  private func isAllowed(_ path: String, _ rules: [(allows: Bool, pattern: String)]) -> Bool {
    let matching = rules.filter { rule in
      let parts = rule.pattern.replacing("$", with: "").split(
        separator: "*",
        omittingEmptySubsequences: false
      )
      guard path.hasPrefix(parts[0]) else { return false }
      guard parts.count == 2 else { return true }
      let rest = path.dropFirst(parts[0].count)
      return rule.pattern.hasSuffix("$") ? rest.hasSuffix(parts[1]) : rest.contains(parts[1])
    }
    return matching.max { $0.pattern.count < $1.pattern.count }?.allows ?? true
  }

  @Test func `a crawl that does one thing at a time takes long, and the fastest does not`() throws {
    let expectation = try standard
    #expect(expectation.total > .seconds(60))
    #expect(expectation.criticalPath < .seconds(3))
  }

  @Test(arguments: [1, 2, 3])
  func `the critical path is the longest of the shortest ways`(seed: UInt64) throws {
    let site = try SampleWebsite(seed: seed, pages: 100, hosts: 4)
    let expectation = site.expectation
    // Relaxed over and over until nothing changes.
    var found: [String: Duration] = [site.start: .zero]
    var ends: [String: Duration] = [:]
    var isChanging = true
    while isChanging {
      isChanging = false
      for entry in expectation.requested {
        guard let host = site.locate(entry.url)?.host, let begin = found[entry.url] else {
          continue
        }
        let first = found.filter { site.locate($0.key)?.host == host }.map(\.value).min() ?? .zero
        let end = max(begin, first + expectation.robots[host]) + entry.cost
        guard ends[entry.url] != end else { continue }
        ends[entry.url] = end
        isChanging = true
        for target in entry.links + [entry.location].compactMap(\.self) {
          found[target] = min(found[target] ?? end, end)
        }
      }
    }
    #expect(expectation.criticalPath == ends.values.max())
  }

  @Test func `the expectation is JSON with a line for every entry`() throws {
    let expectation = try SampleWebsite(pages: 80).expectation
    let lines = expectation.json.split(separator: "\n")
    #expect(lines.first == "{")
    #expect(lines.last == "}")
    let start = try #require(expectation.stored.first)
    #expect(lines[8] == #""stored": ["#)
    let prefix =
      #"{"url": "http://127.0.0.1:8080/", "status": 200, "type": "text/html", "#
      + #""bytes": \#(start.bytes), "latency": \#(start.latency.milliseconds), "depth": 0, "links": ["#
    #expect(lines[9].hasPrefix(prefix))
    let entries = expectation.requested.count + expectation.disallowed.count
    #expect(lines.count == entries + expectation.nofollow.count + 19)
  }
}
