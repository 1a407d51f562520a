import Bakery
import BakeryTesting
import Testing

@testable import Scraper

struct RetryAndRedirectTests {
  private func redirect(to target: String) -> SimulatedWeb.Page {
    SimulatedWeb.Page(status: 302, headers: [("Location", target)])
  }

  @Test func `a connection that fails is tried again, with growing pauses`() async throws {
    try await simulate { _ in
      let reset = FetchFailure(.body, "connection reset", isTransient: true)
      var page = SampleWebs.page([])
      page.failures = [reset, reset]
      let fixture = CrawlFixture([SampleWebs.url(0): page])
      let report = try await fixture.run()
      #expect(report.counts.pages == 1)
      #expect(report.counts.retries == 2)
      #expect(fixture.web.count(of: SampleWebs.url(0)) == 3)
    }
  }

  @Test func `a page that keeps failing is given up on after three attempts`() async throws {
    try await simulate { _ in
      let bad = SimulatedWeb.Page(status: 503)
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/bad"]), "http://h0.test/bad": bad,
      ])
      let report = try await fixture.run()
      #expect(report.counts.pages == 1)
      let failure = await fixture.failures["http://h0.test/bad"]
      #expect(failure?.attempts == 3)
      #expect(failure?.reason == "the server answers 503")
      #expect(failure?.stage == "status")
    }
  }

  @Test func `Retry-After is obeyed`() async throws {
    try await simulate { _ in
      let busy = SimulatedWeb.Page(status: 429, headers: [("Retry-After", "7")])
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/busy"]), "http://h0.test/busy": busy,
      ])
      try await fixture.run()
      let starts = fixture.web.requests.filter { $0.url.hasSuffix("busy") }.map(\.begin).sorted()
      #expect(starts.count == fixture.settings.retries.refusals)
      let gaps = zip(starts, starts.dropFirst()).map { $1.duration(since: $0) }
      #expect(gaps.allSatisfy { $0 >= .seconds(7) })
    }
  }

  @Test func `refusals by a limit cost no attempts`() async throws {
    try await simulate { _ in
      let pages = (0..<40).map { "http://h0.test/p\($0)" }
      var web = [SampleWebs.url(0): SampleWebs.page((0..<40).map { "/p\($0)" })]
      for page in pages { web[page] = SampleWebs.page([]) }
      var fixture = CrawlFixture(SimulatedWeb(web, capacity: 3))
      fixture.settings.retries.attempts = 1
      let report = try await fixture.run()
      #expect(report.counts.pages == 41)
      #expect(report.counts.failureCount == 0)
      #expect(report.counts.refusals == fixture.web.refused.count)
      #expect(report.counts.refusals > 0)
    }
  }

  @Test func `one page that is always refused is given up on and holds up no other`() async throws {
    try await simulate { _ in
      let busy = SimulatedWeb.Page(status: 503, headers: [("Retry-After", "1")])
      var web = [SampleWebs.url(0): SampleWebs.page(["/busy"] + (0..<40).map { "/p\($0)" })]
      web["http://h0.test/busy"] = busy
      for number in 0..<40 { web["http://h0.test/p\(number)"] = SampleWebs.page([]) }
      var fixture = CrawlFixture(web)
      fixture.settings.perHost = 1
      fixture.settings.retries.attempts = 1
      let report = try await fixture.run()
      #expect(report.counts.pages == 41)
      let failure = await fixture.failures["http://h0.test/busy"]
      #expect(failure?.reason == "the server answers 503")
      #expect(failure?.attempts == 10)
      #expect(fixture.web.count(of: "http://h0.test/busy") == 10)
    }
  }

  @Test func `a failure counts the requests that were sent, refused or not`() async throws {
    try await simulate { _ in
      var page = SimulatedWeb.Page(status: 429)
      page.failures = [FetchFailure(.body, "connection reset", isTransient: true)]
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/bad"]), "http://h0.test/bad": page,
      ])
      try await fixture.run()
      #expect(await fixture.failures["http://h0.test/bad"]?.attempts == 11)
    }
  }

  @Test func `a host that only refuses is given up on with all its pages`() async throws {
    try await simulate { _ in
      var web = [SampleWebs.url(0): SampleWebs.page((0..<500).map { "http://h1.test/p\($0)" })]
      for number in 0..<500 {
        web["http://h1.test/p\(number)"] = SimulatedWeb.Page(status: 429)
      }
      let fixture = CrawlFixture(web)
      let report = try await fixture.run()
      #expect(report.counts.failureCount == 500)
      // Pauses of 1, 2, 4, 8, 16, 32, 60, 60 and 60 seconds, and what the last of them lasts at most.
      #expect(report.wall < .seconds(310))
      let attempts = await fixture.failures.values.map(\.attempts)
      #expect(attempts.min() == 0)
      let reasons = await Set(fixture.failures.values.map(\.reason))
      #expect(reasons.contains("its host refused requests 10 times in a row"))
    }
  }

  @Test func `a refusal of robots.txt costs no attempt`() async throws {
    try await simulate { _ in
      var fixture = CrawlFixture(
        SimulatedWeb([SampleWebs.url(0): SampleWebs.page([])], refusedAtFirst: 9)
      )
      fixture.settings.retries.attempts = 1
      let patient = try await fixture.run()
      #expect(patient.counts.pages == 1)
      fixture = CrawlFixture(
        SimulatedWeb([SampleWebs.url(0): SampleWebs.page([])], refusedAtFirst: 10)
      )
      let given = try await fixture.run()
      #expect(given.counts.pages == 0)
      let failure = await fixture.failures[SampleWebs.url(0)]
      #expect(failure?.stage == "robots")
      #expect(failure?.attempts == 0)
    }
  }

  @Test func `a page that answers too late fails with a timeout`() async throws {
    try await simulate { _ in
      let slow = SampleWebs.page([], latency: .seconds(3600))
      let fixture = CrawlFixture([SampleWebs.url(0): slow])
      try await fixture.run()
      #expect(await fixture.failures[SampleWebs.url(0)]?.reason == "no answer in time")
    }
  }

  @Test func `redirects lead to one page, however many URLs lead to it`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/a", "/b", "/end"]),
        "http://h0.test/a": redirect(to: "/b"), "http://h0.test/b": redirect(to: "end"),
        "http://h0.test/end": SampleWebs.page([]),
      ])
      try await fixture.run()
      #expect(await fixture.pageURLs == ["http://h0.test/", "http://h0.test/end"])
      #expect(fixture.web.count(of: "http://h0.test/end") == 1)
      #expect(await fixture.state(of: "http://h0.test/a") == .redirected)
    }
  }

  @Test func `a redirect is recorded with the URL that was asked for first`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture([
        SampleWebs.url(0): redirect(to: "/b"), "http://h0.test/b": SampleWebs.page([]),
      ])
      try await fixture.run()
      let page = await fixture.store.pages.values.first
      #expect(page?.url == SampleWebs.url(0))
      #expect(page?.finalURL == "http://h0.test/b")
    }
  }

  @Test func `a circle of redirects is a failure of the URL asked for first`() async throws {
    try await simulate { _ in
      let fixture = CrawlFixture([
        SampleWebs.url(0): SampleWebs.page(["/a"]),
        "http://h0.test/a": redirect(to: "/b"), "http://h0.test/b": redirect(to: "/a"),
      ])
      try await fixture.run()
      let failure = await fixture.failures["http://h0.test/a"]
      #expect(failure?.stage == "redirect")
      #expect(failure?.reason.contains("circle") == true)
    }
  }

  @Test func `an endless chain of redirects ends after ten`() async throws {
    try await simulate { _ in
      var pages = [SampleWebs.url(0): SampleWebs.page(["/r0"])]
      for number in 0..<30 {
        pages["http://h0.test/r\(number)"] = redirect(to: "/r\(number + 1)")
      }
      let fixture = CrawlFixture(pages)
      try await fixture.run()
      let failure = await fixture.failures["http://h0.test/r0"]
      #expect(failure?.reason.hasPrefix("more than 10 redirects") == true)
      #expect(fixture.web.count(of: "http://h0.test/r10") == 1)
      #expect(fixture.web.count(of: "http://h0.test/r11") == 0)
    }
  }

  @Test func `a redirect to a private address is refused, unless a seed is private`() async throws {
    try await simulate { _ in
      let pages = [
        SampleWebs.url(0): redirect(to: "http://inside.test/"),
        "http://inside.test/": SampleWebs.page([]),
      ]
      let outside = CrawlFixture(pages, privateHosts: ["inside.test"])
      try await outside.run()
      #expect(outside.web.count(of: "http://inside.test/") == 0)
      #expect(await outside.failures[SampleWebs.url(0)]?.stage == "redirect")
      let inside = CrawlFixture(pages, privateHosts: ["inside.test", "h0.test"])
      try await inside.run()
      #expect(await inside.pageURLs == ["http://inside.test/"])
    }
  }

  @Test func `a seed that redirects to another host brings it into scope`() async throws {
    try await simulate { _ in
      var fixture = CrawlFixture([
        SampleWebs.url(0): redirect(to: "http://www.h0.test/"),
        "http://www.h0.test/": SampleWebs.page(["/more"]),
        "http://www.h0.test/more": SampleWebs.page([]),
      ])
      fixture.scopeKind = .host
      try await fixture.run()
      #expect(await fixture.pageURLs == ["http://www.h0.test/", "http://www.h0.test/more"])
    }
  }
}
