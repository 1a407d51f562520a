import Bakery
import BakeryTesting
import Testing

@testable import Scraper

/// The engine in virtual time, against hosts in memory.
struct CrawlTests {
  @Test(arguments: [1, 4, 16, 64])
  func `every reachable page is stored exactly once, whatever the width`(width: Int) async throws {
    try await simulate(seeds: 0..<3) { _ in
      let pages = SampleWebs.mesh(pages: 20, hosts: 3)
      var fixture = CrawlFixture(pages)
      fixture.settings.width = width
      let report = try await fixture.run()
      let expected = pages.keys.filter { !$0.hasSuffix("robots.txt") }.sorted()
      #expect(await fixture.pageURLs == expected)
      #expect(report.counts.pages == 60)
      #expect(expected.allSatisfy { fixture.web.count(of: $0) == 1 })
    }
  }

  @Test func `the sequential model stores the same and never has two requests in flight`()
    async throws
  {
    try await simulate { _ in
      let pages = SampleWebs.mesh(pages: 10, hosts: 2)
      var fixture = CrawlFixture(pages)
      fixture.settings.model = .sequential
      let report = try await fixture.run()
      #expect(report.counts.pages == 20)
      let requests = fixture.web.requests.sorted { $0.begin < $1.begin }
      #expect(zip(requests, requests.dropFirst()).allSatisfy { $0.end <= $1.begin })
    }
  }

  @Test func `secrets go to the hosts of the seeds only, other fields to all`() async throws {
    try await simulate { _ in
      var fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page([SampleWebs.url(1), SampleWebs.url(0, host: 1)]),
        SampleWebs.url(1): SampleWebs.page([]), SampleWebs.url(0, host: 1): SampleWebs.page([]),
      ])
      fixture.settings.headers = [("AUTHORIZATION", "s"), ("Cookie", "s"), ("X-Trace", "1")]
      try await fixture.run()
      for request in fixture.web.requests {
        let isSeedHost = request.url.hasPrefix("http://h0.test/")
        #expect(request.headers.contains("AUTHORIZATION: s") == isSeedHost, "\(request.url)")
        #expect(request.headers.contains("Cookie: s") == isSeedHost, "\(request.url)")
        #expect(request.headers.contains("X-Trace: 1"), "\(request.url)")
      }
      // Both hosts' robots.txt, too.
      #expect(fixture.web.requests.count == 5)
    }
  }

  @Test func `many slots take the time of the slowest chain, not of the sum`() async throws {
    try await simulate { _ in
      let targets = (1...60).map { SampleWebs.url($0) }
      var pages = [SampleWebs.url(0): SampleWebs.page(targets)]
      for target in targets { pages[target] = SampleWebs.page([], latency: .milliseconds(100)) }
      var fixture = CrawlFixture(pages)
      fixture.settings.width = 64
      let report = try await fixture.run()
      #expect(report.counts.pages == 61)
      #expect(report.wall < .milliseconds(400))
      #expect(report.counts.inFlightPeak == 60)
    }
  }

  @Test func `a host never sees more requests at once, or sooner after one another, than allowed`()
    async throws
  {
    try await simulate(seeds: 0..<3) { _ in
      var fixture = CrawlFixture(SampleWebs.mesh(pages: 15, hosts: 3))
      fixture.settings.perHost = 2
      fixture.settings.delay = .milliseconds(70)
      fixture.settings.width = 16
      let report = try await fixture.run()
      #expect(report.counts.pages == 45)
      #expect(fixture.web.inFlightPeak.values.allSatisfy { $0 <= 2 })
      for host in 0..<3 {
        let starts = fixture.web.requests.filter { $0.url.contains("//h\(host).") }
          .map(\.begin).sorted()
        let gaps = zip(starts, starts.dropFirst()).map { $1.duration(since: $0) }
        #expect(gaps.allSatisfy { $0 >= .milliseconds(70) })
      }
    }
  }

  @Test func `links with a fragment, a base and different spellings are one URL`() async throws {
    try await simulate { _ in
      let head = "<base href='http://h0.test/sub/'>"
      let targets = ["a#x", "a#y", "../sub/a", "http://H0.test:80/sub/%61", "mailto:a@b.c"]
      let pages = [
        SampleWebs.url(0): SampleWebs.page(targets, head: head),
        "http://h0.test/sub/a": SampleWebs.page([]),
      ]
      let fixture = CrawlFixture(pages)
      try await fixture.run()
      #expect(await fixture.pageURLs == ["http://h0.test/", "http://h0.test/sub/a"])
      #expect(fixture.web.count(of: "http://h0.test/sub/a") == 1)
      let links = await fixture.store.pages[1]?.links
      #expect(links?.count == 1)
    }
  }

  @Test func `what is out of scope or too deep is recorded and not fetched`() async throws {
    try await simulate { _ in
      let pages = [
        SampleWebs.url(0): SampleWebs.page([SampleWebs.url(1), SampleWebs.url(1, host: 1)]),
        SampleWebs.url(1): SampleWebs.page([SampleWebs.url(2)]),
        SampleWebs.url(2): SampleWebs.page([]),
      ]
      var fixture = CrawlFixture(pages)
      fixture.scopeKind = .host
      fixture.depth = 1
      try await fixture.run()
      #expect(await fixture.pageURLs == [SampleWebs.url(0), SampleWebs.url(1)])
      #expect(fixture.web.count(of: SampleWebs.url(1, host: 1)) == 0)
      #expect(await fixture.state(of: SampleWebs.url(2)) == .skipped)
      #expect(await fixture.state(of: SampleWebs.url(1, host: 1)) == .skipped)
    }
  }

  @Test func `answers that are not HTML pages are recorded with status and type`() async throws {
    try await simulate { _ in
      let image = SimulatedWeb.Page(
        headers: [("Content-Type", "image/png"), ("Content-Length", "3")],
        body: "PNG"
      )
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/i.png", "/missing"]),
        "http://h0.test/i.png": image,
      ])
      let report = try await fixture.run()
      #expect(report.counts.pages == 1)
      #expect(report.counts.others == 2)
      let pages = await fixture.store.pages.values
      #expect(pages.first { $0.finalURL.hasSuffix("png") }?.type == "image/png")
      #expect(pages.first { $0.finalURL.hasSuffix("missing") }?.status == 404)
      #expect(await fixture.store.failures.isEmpty)
    }
  }

  @Test func `nofollow and noindex are respected`() async throws {
    try await simulate { _ in
      let index = SimulatedWeb.Page(
        body: """
          <a rel=nofollow href=/never>x</a><a rel=nofollow href=/both>x</a><a href=/both>y</a>
          <a href=/hidden>z</a><a href=/deadend>z</a>
          """
      )
      let fixture = CrawlFixture([
        SampleWebs.url(0): index,
        "http://h0.test/never": SampleWebs.page([]),
        "http://h0.test/both": SampleWebs.page([]),
        "http://h0.test/hidden": SampleWebs.page(
          ["/behind"],
          head: "<meta name=robots content=noindex>"
        ),
        "http://h0.test/behind": SampleWebs.page([]),
        "http://h0.test/deadend": SampleWebs.page(
          ["/beyond"],
          head: "<meta name=robots content=nofollow>"
        ),
        "http://h0.test/beyond": SampleWebs.page([]),
      ])
      try await fixture.run()
      let expected = ["", "behind", "both", "deadend"].map { "http://h0.test/\($0)" }
      #expect(await fixture.pageURLs == expected)
      #expect(fixture.web.count(of: "http://h0.test/never") == 0)
    }
  }
}
