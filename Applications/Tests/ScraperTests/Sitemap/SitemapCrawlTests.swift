import Bakery
import BakeryTesting
import Testing

@testable import Scraper

struct SitemapCrawlTests {
  private static func sitemap(_ targets: [String], isIndex: Bool = false) -> SimulatedWeb.Page {
    let (root, entry) = isIndex ? ("sitemapindex", "sitemap") : ("urlset", "url")
    let entries = targets.map { "<\(entry)><loc>\($0)</loc></\(entry)>" }.joined()
    return SimulatedWeb.Page(
      headers: [("Content-Type", "application/xml")],
      body: "<\(root)>\(entries)</\(root)>"
    )
  }

  /// A host whose pages do not link to one another, and whose robots.txt names an index.
  private static var web: [String: SimulatedWeb.Page] {
    var web: [String: SimulatedWeb.Page] = [
      "http://h0.test/robots.txt": SimulatedWeb.Page(
        body:
          "User-agent: *\nDisallow: /private\nSitemap: http://h0.test/index.xml\nSitemap: nothing:"
      ),
      "http://h0.test/index.xml": sitemap(
        ["http://h0.test/one.xml", "http://h0.test/index2.xml", "http://elsewhere.test/two.xml"],
        isIndex: true
      ),
      "http://h0.test/one.xml": sitemap([
        "http://h0.test/p1", "http://h0.test/private/p", "http://h1.test/", "/p3",
      ]),
      "http://h0.test/index2.xml": sitemap(["http://h0.test/three.xml"], isIndex: true),
      "http://h0.test/three.xml": sitemap(["http://h0.test/p9"]),
      "http://h0.test/sitemap.xml": sitemap(["http://h0.test/p2"]),
      "http://h0.test/private/p": SampleWebs.page([]), "http://h1.test/": SampleWebs.page([]),
    ]
    for number in [0, 1, 2, 3, 9] { web[SampleWebs.url(number)] = SampleWebs.page([]) }
    return web
  }

  private func fixture(_ web: [String: SimulatedWeb.Page]) -> CrawlFixture {
    var fixture = CrawlFixture(web)
    fixture.settings.usesSitemaps = true
    fixture.scopeKind = .host
    fixture.depth = 0
    return fixture
  }

  @Test(arguments: [CrawlSettings.Model.async, .sequential])
  func `what sitemaps list is fetched, as far as scope and robots.txt let it`(
    model: CrawlSettings.Model
  ) async throws {
    try await simulate { _ in
      var fixture = fixture(Self.web)
      fixture.settings.model = model
      let report = try await fixture.run()
      let expected = [0, 1, 2, 3].map { SampleWebs.url($0) }
      #expect(await fixture.pageURLs == expected)
      #expect(report.counts.failureCount == 0)
      #expect(await fixture.state(of: "http://h1.test/") == .skipped)
      #expect(await fixture.state(of: "http://h0.test/private/p") == .skipped)
      #expect(await fixture.state(of: "http://elsewhere.test/two.xml") == .skipped)
      #expect(await fixture.state(of: "http://h0.test/three.xml") == nil)
      #expect(await fixture.state(of: "http://h0.test/one.xml") == .done)
    }
  }

  @Test func `without the option nobody asks for them`() async throws {
    try await simulate { _ in
      var fixture = fixture(Self.web)
      fixture.settings.usesSitemaps = false
      try await fixture.run()
      #expect(await fixture.pageURLs == [SampleWebs.url(0)])
    }
  }

  @Test func `a sitemap that is missing is no failure, and one that moved is followed`()
    async throws
  {
    try await simulate { _ in
      var web = Self.web
      web["http://h0.test/index.xml"] = nil
      web["http://h0.test/sitemap.xml"] = SimulatedWeb.Page(
        status: 301,
        headers: [("Location", "/maps/all.xml")]
      )
      web["http://h0.test/maps/all.xml"] = Self.sitemap(["http://h0.test/p9"])
      web["http://h0.test/docs/"] = SampleWebs.page([])
      web["http://h0.test/docs/a"] = SampleWebs.page([])
      web["http://h0.test/maps/all.xml"] = Self.sitemap([
        "http://h0.test/docs/a", "http://h0.test/p9",
      ])
      var fixture = fixture(web)
      fixture.scopeKind = .prefix
      fixture.seeds = ["http://h0.test/docs/"]
      let report = try await fixture.run()
      #expect(await fixture.pageURLs == ["http://h0.test/docs/", "http://h0.test/docs/a"])
      #expect(report.counts.failureCount == 0)
    }
  }

  @Test func `a sitemap that fails is tried again, and an HTML page in its place is none`()
    async throws
  {
    try await simulate { _ in
      var web = Self.web
      let reset = FetchFailure(.body, "connection reset", isTransient: true)
      web["http://h0.test/one.xml"]?.failures = [reset]
      web["http://h0.test/sitemap.xml"] = SampleWebs.page(["/p2"])
      let fixture = fixture(web)
      let report = try await fixture.run()
      #expect(await fixture.pageURLs == [0, 1, 3].map { SampleWebs.url($0) })
      #expect(await fixture.state(of: "http://h0.test/sitemap.xml") == .skipped)
      #expect(report.counts.retries == 1)
    }
  }
}
