import Bakery
import BakeryTesting
import Testing

@testable import Scraper

/// What robots.txt and failing hosts do to a crawl.
struct RobotsCrawlTests {
  private func web(robots: SimulatedWeb.Page) -> [String: SimulatedWeb.Page] {
    [
      "http://h0.test/robots.txt": robots,
      SampleWebs.url(0): SampleWebs.page(["/private/a", "/p1"]),
      SampleWebs.url(1): SampleWebs.page([]),
      "http://h0.test/private/a": SampleWebs.page([]),
    ]
  }

  @Test func `disallowed paths are skipped, and robots.txt is asked for once`() async throws {
    try await simulate { _ in
      let robots = SimulatedWeb.Page(body: "User-agent: *\nDisallow: /private\n")
      let fixture = CrawlFixture(web(robots: robots))
      try await fixture.run()
      #expect(await fixture.pageURLs == [SampleWebs.url(0), SampleWebs.url(1)])
      #expect(await fixture.state(of: "http://h0.test/private/a") == .skipped)
      #expect(fixture.web.count(of: "http://h0.test/robots.txt") == 1)
    }
  }

  @Test func `a missing robots.txt allows all`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture(web(robots: SimulatedWeb.Page(status: 404)))
      try await fixture.run()
      #expect(await fixture.pageURLs.count == 3)
    }
  }

  @Test func `a robots.txt that answers 500 forbids all, after retries`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture(web(robots: SimulatedWeb.Page(status: 500)))
      let report = try await fixture.run()
      #expect(report.counts.pages == 0)
      #expect(report.counts.hasFailedSeed)
      #expect(fixture.web.count(of: "http://h0.test/robots.txt") == 3)
      #expect(await fixture.failures[SampleWebs.url(0)]?.stage == "robots")
    }
  }

  @Test func `the crawl-delay of robots.txt spaces the requests`() async throws {
    try await simulate { _ in
      var pages = SampleWebs.mesh(pages: 5, hosts: 1)
      pages["http://h0.test/robots.txt"] = SimulatedWeb.Page(
        body: "User-agent: bakery\nCrawl-delay: 2\n"
      )
      let fixture = CrawlFixture(pages)
      try await fixture.run()
      let starts = fixture.web.requests.filter { !$0.url.hasSuffix("robots.txt") }
        .map(\.begin).sorted()
      #expect(starts.count == 5)
      let gaps = zip(starts, starts.dropFirst()).map { $1.duration(since: $0) }
      #expect(gaps.allSatisfy { $0 >= .seconds(2) })
    }
  }

  @Test func `a host that refuses connections fails all of its URLs with the reason`() async throws
  {
    try await simulate { _ in
      let refused = FetchFailure(.connect, "connection refused", isTransient: true)
      let down = SimulatedWeb.Page(failures: Array(repeating: refused, count: 9))
      var pages = SampleWebs.mesh(pages: 3, hosts: 1)
      pages[SampleWebs.url(0)] = SampleWebs.page(["http://down.test/a", "/p1", "/p2"])
      pages["http://down.test/robots.txt"] = down
      let fixture = CrawlFixture(pages)
      let report = try await fixture.run()
      #expect(report.counts.pages == 3)
      #expect(!report.counts.hasFailedSeed)
      let failure = await fixture.failures["http://down.test/a"]
      #expect(failure?.stage == "connect")
      #expect(failure?.reason.contains("connection refused") == true)
    }
  }
}
