import Bakery
import BakeryTesting
import Testing

@testable import Scraper

struct StopAndResumeTests {
  @Test func `a second run fetches what the first left and nothing twice`() async throws {
    try await simulate(seeds: 0..<3) { _ in
      let pages = SampleWebs.mesh(pages: 20, hosts: 2)
      var fixture = CrawlFixture(pages)
      fixture.settings.limit = 7
      let first = try await fixture.run()
      #expect(first.counts.pages == 7)
      fixture.settings.limit = nil
      let second = try await fixture.run()
      #expect(second.counts.pages == 33)
      #expect(second.counts.pagesBefore == 7)
      #expect(await fixture.pageURLs.count == 40)
      let fetched = pages.keys.filter { !$0.hasSuffix("robots.txt") }
      #expect(fetched.allSatisfy { fixture.web.count(of: $0) == 1 })
    }
  }

  @Test func `what failed is tried again by the next run`() async throws {
    try await simulate { _ in
      let reset = FetchFailure(.body, "connection reset", isTransient: true)
      var page = SampleWebs.page([])
      page.failures = [reset, reset, reset]
      let fixture = CrawlFixture([SampleWebs.url(0): page])
      let first = try await fixture.run()
      #expect(first.counts.failureCount == 1)
      let second = try await fixture.run()
      #expect(second.counts.pages == 1)
      #expect(await fixture.store.failures.isEmpty)
    }
  }

  @Test func `a stop finishes and stores what is in flight, and keeps the rest pending`()
    async throws
  {
    try await simulate { _ in
      var fixture = CrawlFixture(SampleWebs.mesh(pages: 40, hosts: 2))
      fixture.settings.width = 4
      let stop = Channel<Void>(capacity: 1)
      async let running = fixture.run(stop: stop.receiver)
      try await sleep(until: .after(.milliseconds(600)))
      try stop.sender.trySend(())
      let report = try await running
      #expect(report.isStopped)
      let fetched = fixture.web.requests.filter { !$0.url.hasSuffix("robots.txt") }.count
      #expect(fetched < 80)
      #expect(report.counts.pages == fetched)
      #expect(await fixture.pageURLs.count == fetched)
    }
  }

  @Test func `the time limit stops a crawl`() async throws {
    try await simulate { _ in
      var fixture = CrawlFixture(SampleWebs.mesh(pages: 60, hosts: 1))
      fixture.settings.width = 2
      fixture.settings.duration = .seconds(1)
      let report = try await fixture.run()
      #expect(report.isStopped)
      #expect(report.wall >= .seconds(1))
      #expect(report.wall < .seconds(2))
    }
  }

  @Test func `a store that fails ends the crawl with its error`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture(SampleWebs.mesh(pages: 20, hosts: 1))
      await #expect(throws: FailingStore.Failure.self) {
        try await fixture.run(into: FailingStore(commits: 3))
      }
    }
  }

  @Test func `a crawl that is cancelled at any moment keeps what it committed`() async throws {
    let moments = try await cancelAtEverySuspension(seeds: 0..<1) { victim in
      var fixture = CrawlFixture(SampleWebs.mesh(pages: 3, hosts: 1))
      fixture.settings.width = 2
      let crawl = fixture
      do {
        _ = try await victim.run { try await crawl.run() }
      } catch is CancellationError {}
      let before = await fixture.pageURLs
      try await fixture.run()
      let after = await fixture.pageURLs
      #expect(after.count == 3)
      #expect(Set(before).isSubset(of: after))
    }
    #expect(moments > 20)
  }
}
