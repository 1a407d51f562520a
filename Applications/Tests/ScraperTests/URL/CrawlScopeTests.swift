import Testing

@testable import Scraper

struct CrawlScopeTests {
  private func scope(
    _ kind: CrawlScope.Kind,
    _ seeds: String...,
    include: [String] = [],
    exclude: [String] = [],
    depth: Int? = nil
  ) throws -> CrawlScope {
    let seeds = try seeds.map { try WebURL($0) }
    return try CrawlScope(
      kind: kind,
      seeds: seeds,
      include: include,
      exclude: exclude,
      depth: depth
    )
  }

  private func decide(
    _ scope: CrawlScope,
    _ text: String,
    depth: Int = 1
  ) throws
    -> CrawlScope.Decision
  {
    scope.decide(try WebURL(text), depth: depth)
  }

  @Test(
    arguments: [
      (.host, "http://b.test/x", "http://b.test/a", true),
      (.host, "http://b.test/x", "https://b.test/a", true),
      (.host, "https://b.test/x", "http://b.test:80/a", true),
      (.host, "http://b.test/x", "http://b.test:443/", false),
      (.host, "http://b.test/x", "http://b.test:8080/", false),
      (.host, "http://b.test:8080/x", "http://b.test:8080/", true),
      (.host, "http://b.test:8080/x", "http://b.test/", false),
      (.host, "http://b.test/x", "http://www.b.test/", false),
      (.host, "http://b.test/x", "http://ann@b.test/", true),
      (.domain, "http://b.test/x", "https://b.test:8080/", true),
      (.domain, "http://b.test/x", "http://a.www.b.test/", true),
      (.domain, "http://www.b.test/x", "http://b.test/", true),
      (.domain, "http://www.b.test/x", "http://shop.b.test/", true),
      (.domain, "http://b.test/x", "http://ab.test/", false),
      (.domain, "http://shop.b.test/x", "http://b.test/", false),
      (.domain, "http://www.test/x", "http://b.test/", false),
      (.domain, "http://www.test/x", "http://a.www.test/", true),
      (.domain, "http://127.0.0.1/x", "http://127.0.0.1:8080/", true),
      (.domain, "http://127.0.0.1/x", "http://127.0.0.2/", false),
      (.domain, "http://[::1]/x", "http://[::1]/", true),
      (.prefix, "http://b.test/docs/index.html", "http://b.test/docs/", true),
      (.prefix, "http://b.test/docs/index.html", "http://b.test/docs/a/b?c", true),
      (.prefix, "http://b.test/docs/index.html", "http://b.test/docs", false),
      (.prefix, "http://b.test/docs/index.html", "http://b.test/docs2/", false),
      (.prefix, "http://b.test/docs/index.html", "https://b.test/docs/", false),
      (.prefix, "http://b.test/docs/index.html", "http://b.test/docs/../", false),
      (.prefix, "http://ann@b.test/%7Eann/", "http://b.test/~ann/a", true),
      (.prefix, "http://b.test", "http://b.test/a/b", true),
      (.prefix, "http://b.test", "http://b.test.evil.test/", false),
      (.any, "http://b.test/x", "https://elsewhere.test:81/", true),
      (.any, "http://b.test/x", "ftp://b.test/", false),
      (.any, "http://b.test/x", "mailto:ann@b.test", false),
    ] as [(CrawlScope.Kind, String, String, Bool)]
  )
  func `a scope says how far from a seed a URL may be`(
    _ kind: CrawlScope.Kind,
    _ seed: String,
    _ url: String,
    _ isInside: Bool
  ) throws {
    let decision = try decide(scope(kind, seed), url)
    #expect((decision == .inside) == isInside)
  }

  @Test func `a URL near any of several seeds is inside`() throws {
    let scope = try scope(.host, "http://a.test/", "http://b.test/")
    #expect(try decide(scope, "http://a.test/x") == .inside)
    #expect(try decide(scope, "http://b.test/x") == .inside)
    #expect(
      try decide(scope, "http://c.test/x") == .outside(reason: "outside the host of every seed")
    )
  }

  @Test func `a seed that is added widens the scope`() throws {
    var scope = try scope(.host, "http://b.test/")
    #expect(try decide(scope, "http://www.b.test/a") != .inside)
    scope.add(seed: try WebURL("http://www.b.test/"))
    #expect(try decide(scope, "http://www.b.test/a") == .inside)
  }

  @Test func `with includes, one of them has to match somewhere`() throws {
    let scope = try scope(.any, "http://b.test/", include: ["/rye/", #"\.html$"#])
    #expect(try decide(scope, "http://b.test/rye/1") == .inside)
    #expect(try decide(scope, "http://b.test/a.html") == .inside)
    #expect(try decide(scope, "http://b.test/a.htm") == .outside(reason: "not included"))
  }

  @Test func `excludes are stronger than includes`() throws {
    let scope = try scope(.any, "http://b.test/", include: ["rye"], exclude: [#"[?&]sort="#])
    #expect(try decide(scope, "http://b.test/rye?page=2") == .inside)
    #expect(
      try decide(scope, "http://b.test/rye?sort=up") == .outside(reason: "excluded by [?&]sort=")
    )
  }

  @Test func `a seed is inside whatever depth, includes and excludes say`() throws {
    let seed = "http://b.test/a#f"
    let scope = try scope(.any, seed, include: ["never"], exclude: ["a"], depth: 0)
    #expect(try decide(scope, seed, depth: 9) == .inside)
    #expect(try decide(scope, "http://b.test/a", depth: 9) == .inside)
    #expect(try decide(scope, "http://b.test/b", depth: 1) == .outside(reason: "deeper than 0"))
  }

  @Test func `the depth is the most links from a seed`() throws {
    let scope = try scope(.any, "http://b.test/", depth: 2)
    #expect(try decide(scope, "http://b.test/a", depth: 2) == .inside)
    #expect(try decide(scope, "http://b.test/a", depth: 3) == .outside(reason: "deeper than 2"))
  }

  @Test func `a URL of more than 8,000 bytes is outside`() throws {
    let scope = try scope(.any, "http://b.test/")
    let longest = "http://b.test/" + String(repeating: "a", count: 8_000 - 14)
    #expect(try decide(scope, longest) == .inside)
    #expect(try decide(scope, longest + "#fragment") == .inside)
    #expect(
      try decide(scope, longest + "a") == .outside(reason: "longer than 8000 bytes: 8001")
    )
  }

  @Test(arguments: ["a(", "[", "*a", "(?<n"])
  func `a text that is no regular expression is named with the reason`(_ pattern: String) throws {
    let error = try #require(throws: InvalidPattern.self) {
      try scope(.any, "http://b.test/", exclude: ["ok", pattern])
    }
    #expect(error.pattern == pattern)
    #expect(!error.reason.isEmpty)
    #expect(error.description.hasPrefix("'\(pattern)' is no regular expression: "))
  }
}
