import HTTPServer
import Testing

@testable import SampleSite

@Suite struct PageTests {
  private typealias Known = StandardSite.Known

  private let site: SampleWebsite
  private let allPages: [Known]

  init() throws {
    site = try StandardSite.only.site
    allPages = try StandardSite.only.pages
  }

  /// FNV-1a over all that a small site answers.
  private func fingerprint(seed: UInt64) throws -> UInt64 {
    let site = try SampleWebsite(seed: seed, pages: 40, hosts: 2)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    for entry in site.expectation.requested where !entry.url.hasSuffix("/everything") {
      guard let place = site.locate(entry.url) else { continue }
      let page = site.page(host: place.host, path: place.path)
      add("\(entry.url) \(page.status) \(page.headers) \(page.latency)".utf8)
      add(page.body)
    }
    return hash
  }

  @Test func `the site depends on its seed alone`() throws {
    let first = try fingerprint(seed: 1)
    #expect(first == 687_807_399_163_041_893)
    #expect(try fingerprint(seed: 2) != first)
  }

  @Test func `latencies are 20 to 200 milliseconds and spread over that range`() {
    let latencies = allPages.map(\.page.latency.milliseconds).sorted()
    #expect(latencies.allSatisfy { (20...200).contains($0) })
    #expect((90...130).contains(latencies[latencies.count / 2]))
    #expect((latencies.first, latencies.last) == (20, 200))
  }

  @Test func `articles have 1 to 60 kilobytes, most of them few`() {
    let sizes = articles.map(\.page.body.count).sorted()
    #expect(sizes.allSatisfy { (1000...60_000).contains($0) })
    #expect((6000...12_000).contains(sizes[sizes.count / 2]))
    #expect(sizes[0] < 5000)
    #expect(sizes[sizes.count - 1] > 40_000)
  }

  @Test func `articles have 10 to 40 links of all kinds`() {
    let links = articles.map(\.page.links)
    #expect(links.allSatisfy { (10...40).contains($0.count) })
    let references = links.joined().map(\.reference)
    for begin in ["http://", "/", "../", "1"] {
      #expect(references.contains { $0.hasPrefix(begin) }, "\(begin)")
    }
    #expect(references.contains { $0.hasSuffix("#facts") })
    #expect(links.contains { Set($0.map(\.path)).count < $0.count - 3 })
  }

  private var articles: [Known] {
    allPages.filter { if case .article? = $0.place { true } else { false } }
  }

  @Test func `the links of a page are those of its HTML`() {
    for known in allPages where known.isHTML {
      let written = references(in: known.html).map { resolve($0, at: known.url) }
      let links = known.page.links.map { site.url(host: $0.host, path: $0.path) }
      #expect(written == links, "\(known.url)")
    }
  }

  /// What stands in `href`, `src` and refreshes, in the order of the document.
  private func references(in html: String) -> [String] {
    html.split(separator: "<").compactMap { element in
      let text = element.prefix { $0 != ">" }
      for mark in ["href=\"", "src=\"", "0; url="] {
        guard let start = text.firstRange(of: mark) else { continue }
        return text[start.upperBound...].split(separator: "\"").first.map(String.init)
      }
      return nil
    }
  }

  /// Resolves a reference against the URL of its page, without its fragment (RFC 3986, 5.2).
  private func resolve(_ reference: String, at url: String) -> String {
    let reference = reference.prefix { $0 != "#" }
    if reference.hasPrefix("http://") { return String(reference) }
    let origin = url.split(separator: "/").prefix(2).joined(separator: "//")
    if reference.hasPrefix("/") { return origin + reference }
    let path = url.dropFirst(origin.count).prefix { $0 != "?" }
    var folders = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .dropLast()
    for part in reference.split(separator: "/") {
      if part == ".." { folders = folders.dropLast() } else { folders.append(part) }
    }
    return origin + "/" + folders.joined(separator: "/")
  }

  @Test func `every page has a title and says it`() {
    for known in allPages where known.isHTML {
      #expect(!known.page.title.isEmpty)
      #expect(known.html.contains("<title>\(known.page.title)</title>"), "\(known.url)")
    }
  }

  @Test func `no word has to be escaped in HTML`() {
    let words =
      Words.sentences + Words.steps + Words.headings + Words.bakeries + Words.customers
      + Words.events + Words.people + Words.places + Words.flours + Words.liquids + Words.extras
      + Special.allCases.flatMap { [$0.title, $0.rawValue] }
      + FaultSite.faults.flatMap { [$0.title, $0.path] }
    #expect(!words.joined().contains { "&<>\"".contains($0) })
  }

  @Test(arguments: [
    (Special.missing, 404, "text/html; charset=utf-8"), (.broken, 500, "text/html; charset=utf-8"),
    (.oldAddress, 301, "text/plain; charset=utf-8"), (.catalogue, 200, "application/json"),
    (.priceList, 200, "text/plain; charset=utf-8"), (.picture, 200, "image/png"),
    (.brochure, 200, "application/pdf"), (.germanMenu, 200, "text/html"),
    (.openingHours, 200, "text/html; charset=utf-8"),
  ])
  func `the oddities are what they should be`(special: Special, status: Int, type: String) {
    let host = special.home(among: site.hosts) ?? 3
    let page = site.page(host: host, path: special.rawValue)
    #expect(page.status == status)
    #expect(page.header("content-type") == type)
  }

  @Test func `a chain of redirects ends, and a loop does not`() {
    func chain(_ special: Special) -> [String] {
      let host = special.home(among: site.hosts) ?? 0
      var path = special.rawValue
      var paths: [String] = []
      while let location = site.page(host: host, path: path).header("location"), paths.count < 5 {
        paths.append(location)
        path = location
      }
      return paths
    }
    #expect(chain(.moved1) == ["/moved/2", "/moved/3", "/journal"])
    #expect(chain(.loopA) == ["/loop/b", "/loop/a", "/loop/b", "/loop/a", "/loop/b"])
  }

  @Test func `one page is huge, one trickles in, and some are busy at first`() {
    let huge = site.page(host: 3, path: "/everything")
    #expect((2_000_000...2_100_000).contains(huge.body.count))
    #expect(site.page(host: 4, path: "/slow-proof").drip == .seconds(1))
    let page = site.page(host: 5, path: "/sold-out")
    #expect(page.isBusyAtFirst)
    #expect(page.busyAnswer.status == 503)
    #expect(page.busyAnswer.header("retry-after") == "1")
  }

  @Test func `the German menu is ISO-8859-1`() {
    let page = site.page(host: 5, path: "/alte-karte")
    #expect(String(validating: page.body, as: UTF8.self) == nil)
    let text = String(String.UnicodeScalarView(page.body.map { Unicode.Scalar($0) }))
    #expect(text.contains("Müsli, Brötchen und Nußecken"))
    #expect(text.contains("<meta charset=\"iso-8859-1\">"))
  }

  @Test func `the picture is a PNG whose checksums are right`() {
    let bytes = site.page(host: 0, path: "/loaf.png").body
    #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    func number(_ start: Int) -> UInt32 {
      bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    var names: [String] = []
    var start = 8
    while start < bytes.count {
      let length = Int(number(start))
      names.append(String(decoding: bytes[start + 4..<start + 8], as: UTF8.self))
      let content = Array(bytes[start + 4..<start + 8 + length])
      #expect(number(start + 8 + length) == Checksum.crc32(content))
      start += 12 + length
    }
    #expect(names == ["IHDR", "PLTE", "IDAT", "IEND"])
  }

  @Test func `checksums agree with published values`() {
    #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Checksum.adler32(Array("Wikipedia".utf8)) == 0x11E6_0398)
  }
}
