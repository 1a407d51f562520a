import Bakery
import BakeryTesting
import Testing

@testable import Scraper

/// Crawls that find out how many pages to fetch at one time.
struct AutomaticCrawlTests {
  /// Hosts whose pages take 50 to 150 ms; the front page of the first leads to all of them.
  private func stars(_ counts: [Int]) -> [String: SimulatedWeb.Page] {
    var generator = SeededRandom(seed: 1).generator
    let targets = counts.enumerated().flatMap { host, count in
      (1...count).map { SampleWebs.url($0, host: host) }
    }
    var pages = [SampleWebs.url(0): SampleWebs.page(targets)]
    for target in targets {
      let latency = Duration.milliseconds(Int.random(in: 50...150, using: &generator))
      pages[target] = SampleWebs.page([], latency: latency)
    }
    return pages
  }

  private func fixture(_ web: SimulatedWeb) -> CrawlFixture {
    var fixture = CrawlFixture(web)
    fixture.settings.isAutomatic = true
    (fixture.settings.width, fixture.settings.perHost) = CrawlSettings.automaticMaximum
    return fixture
  }

  @Test
  func `at a host that answers eight at a time and refuses more, the limit settles near eight`()
    async throws
  {
    try await simulate(seeds: 0..<3) { _ in
      let web = SimulatedWeb(stars([700]), capacity: 8)
      var fixture = fixture(web)
      fixture.settings.retries.attempts = 20
      let report = try await fixture.run()
      #expect(report.counts.pages == 701)
      #expect(report.limits.map(\.name) == ["in all", "http://h0.test"])
      let limit = report.limits[1]
      #expect((6...10).contains(limit.limit), "\(limit)")
      #expect(limit.dropped == web.refused.count)
      // A width of sixteen has half of what it sends refused.
      #expect(web.refused.count < 140)
    }
  }

  @Test
  func `hosts that bear much get much, up to --per-host, and one that bears little gets little`()
    async throws
  {
    try await simulate(seeds: 0..<2) { _ in
      let web = SimulatedWeb(stars([600, 600]), capacities: ["http://h1.test": 3])
      var fixture = fixture(web)
      fixture.settings.perHost = 20
      fixture.settings.retries.attempts = 20
      let report = try await fixture.run()
      #expect(report.counts.pages == 1201)
      #expect(web.inFlightPeak["http://h0.test"] == 20)
      let limits = Dictionary(uniqueKeysWithValues: report.limits.map { ($0.name, $0) })
      #expect((1...5).contains(limits["http://h1.test"]?.limit ?? 0), "\(report.limits)")
      #expect(limits["http://h1.test"]?.reason.contains("refused") == true)
      #expect(limits["in all"]?.dropped == 0)
    }
  }

  @Test
  func `timeouts lower the limit of the host and of the whole crawl, and a crawl-delay is obeyed`()
    async throws
  {
    try await simulate { _ in
      var pages = stars([3, 20])
      pages["http://h0.test/robots.txt"] = SimulatedWeb.Page(
        body: "User-agent: *\nCrawl-delay: 2\n"
      )
      for number in 1...20 {
        pages[SampleWebs.url(number, host: 1)]?.failures = [
          .timeout(.request, "no answer in time")
        ]
      }
      let fixture = fixture(SimulatedWeb(pages))
      let report = try await fixture.run()
      #expect(report.counts.pages == 24)
      #expect(report.counts.timeouts == 20)
      let limits = Dictionary(uniqueKeysWithValues: report.limits.map { ($0.name, $0) })
      #expect((limits["in all"]?.limit ?? 128) < 128)
      #expect(limits["in all"]?.reason == "20 requests timed out")
      #expect(limits["http://h0.test"]?.limit == 1)
      #expect(limits["http://h0.test"]?.reason == "robots.txt asks for 2 s between requests")
      #expect(fixture.web.inFlightPeak["http://h0.test"] == 1)
    }
  }
}
