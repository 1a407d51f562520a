import Testing

@testable import Scraper

struct ProgressLineTests {
  private func progress(failures: Int = 0) -> CrawlProgress {
    var counts = CrawlCounts()
    counts.pages = 1234
    counts.inFlight = 16
    counts.bytes = 5 << 20
    if failures > 0 { counts.failures = ["status": failures - 1, "body": 1] }
    return CrawlProgress(
      counts: counts,
      pending: 98_765,
      elapsed: .seconds(75),
      pagesPerSecond: 65.13,
      slowestHost: ("https://slow.example", .milliseconds(1250))
    )
  }

  @Test func `a wide terminal shows everything`() {
    let line = ProgressLine(progress(failures: 3), width: 140).text
    #expect(
      line
        == "1,234 pages · 65.1/s · 16 in flight · 98,765 queued · 3 failures · 75 s · 5 MB · slowest slow.example 1.25 s"
    )
  }

  @Test func `an automatic crawl shows how many may be in flight`() {
    var progress = progress()
    progress.limit = 1040
    #expect(ProgressLine(progress, width: 140).text.contains(" · 16 of 1,040 in flight · "))
  }

  @Test(
    arguments: [
      (.milliseconds(3), false, "waiting 0.1 s for h0.test:8080"),
      (.milliseconds(1200), true, "waiting 1.2 s for h0.test:8080, which refuses"),
      (.seconds(59), true, "waiting 59 s for h0.test:8080, which refuses"),
      (.seconds(300), false, "waiting 5 min 0 s for h0.test:8080"),
    ] as [(Duration, Bool, String)]
  )
  func `a crawl with nothing in flight says for which host it waits, and how long`(
    time: Duration,
    isRefused: Bool,
    field: String
  ) {
    var progress = progress()
    progress.limit = 0
    progress.counts.inFlight = 0
    progress.wait = CrawlWait(host: "http://h0.test:8080", time: time, isRefused: isRefused)
    let line = ProgressLine(progress, width: 140).text
    #expect(line.contains(" · \(field) · 98,765 queued"))
    #expect(!line.contains("in flight"))
  }

  @Test func `without failures nothing is said of them`() {
    #expect(!ProgressLine(progress(), width: 140).text.contains("failure"))
    #expect(ProgressLine(progress(failures: 1), width: 140).text.contains(" 1 failure ·"))
  }

  @Test(arguments: 0...140)
  func `a line is shorter than the terminal is wide, and whole fields are left out`(width: Int) {
    let whole = ProgressLine(progress(failures: 3), width: 1000).text
    let line = ProgressLine(progress(failures: 3), width: width).text
    #expect(line.count < max(width, 1))
    #expect(whole.hasPrefix(line))
    #expect(line.isEmpty || line == whole || whole.dropFirst(line.count).hasPrefix(" · "))
  }

  @Test func `sixty columns still show how long it has taken`() {
    #expect(
      ProgressLine(progress(), width: 68).text
        == "1,234 pages · 65.1/s · 16 in flight · 98,765 queued · 75 s · 5 MB"
    )
    #expect(ProgressLine(progress(), width: 60).text.hasSuffix("· 75 s"))
  }
}
