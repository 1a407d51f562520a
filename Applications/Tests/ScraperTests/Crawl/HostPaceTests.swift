import Bakery
import BakeryTesting
import Testing

@testable import Scraper

struct HostPaceTests {
  /// A host and its limiters on a clock of their own, and the requests to it that are under way.
  private struct Host {
    private let clock = ManualClock()
    private let limiters: HostLimiters
    private var pace = HostPace(origin: "http://h.test")
    private var underWay: [JobPermit] = []

    init(limit: Int, spacing: Duration = .zero) {
      var settings = CrawlSettings()
      settings.perHost = limit
      settings.delay = spacing
      limiters = Seams.$time.withValue(clock) { [settings] in HostLimiters(settings: settings) }
    }

    /// When the host may be asked next, unless too many requests are in flight, in seconds.
    var notBefore: Double { Double(pace.notBefore.nanoseconds) / 1e9 }

    var pausesInRow: Int { pace.pausesInRow }

    private mutating func onClock<Success>(
      _ second: Double,
      _ body: (inout Host, Deadline) -> Success
    ) -> Success {
      clock.advance(to: Deadline(nanoseconds: Int64(second * 1e9)))
      return Seams.$time.withValue(clock) { body(&self, clock.now) }
    }

    /// Starts as many requests as may start at once, up to a hundred.
    mutating func startAll(at second: Double) -> Int {
      onClock(second) { host, now in
        var count = 0
        while count < 100, let permit = host.pace.start(host.limiters, now: now) {
          host.underWay.append(permit)
          count += 1
        }
        return count
      }
    }

    /// Ends the request that was started first.
    mutating func finish(_ outcome: HostPace.Outcome, at second: Double) {
      onClock(second) { host, now in
        host.pace.finish(outcome, host.underWay.removeFirst(), now: now)
      }
    }

    mutating func slowDown(to delay: Duration, at second: Double) {
      onClock(second) { host, _ in host.pace.slowDown(to: delay) }
    }
  }

  @Test func `no more requests than the limit are in flight`() {
    var host = Host(limit: 3)
    #expect(host.startAll(at: 0) == 3)
    #expect(host.startAll(at: 9) == 0)
    host.finish(.failure, at: 9)
    #expect(host.startAll(at: 9) == 1)
  }

  @Test func `starts are spaced, whenever requests end`() {
    var host = Host(limit: 2, spacing: .seconds(5))
    #expect(host.startAll(at: 1) == 1)
    #expect(host.notBefore == 6)
    host.finish(.success, at: 3)
    #expect(host.startAll(at: 5.9) == 0)
    #expect(host.startAll(at: 8) == 1)
    #expect(host.notBefore == 13)
  }

  @Test func `a crawl-delay counts from robots.txt on and allows one request at a time`() {
    var host = Host(limit: 4, spacing: .seconds(1))
    #expect(host.startAll(at: 0) == 1)
    host.slowDown(to: .seconds(10), at: 0.5)
    host.finish(.failure, at: 0.5)
    #expect(host.startAll(at: 10.4) == 0)
    for second in stride(from: 10.5, to: 100, by: 10) {
      #expect(host.startAll(at: second) == 1)
      #expect(host.notBefore == second + 10)
      #expect(host.startAll(at: second + 9.9) == 0)
      host.finish(.success, at: second + 9.9)
    }
    // One that takes longer than the delay holds back the next.
    #expect(host.startAll(at: 110.5) == 1)
    #expect(host.startAll(at: 200) == 0)
    host.finish(.success, at: 200)
    #expect(host.startAll(at: 200) == 1)
  }

  @Test func `a crawl-delay is held to 30 seconds and never shortens the spacing`() {
    var host = Host(limit: 1, spacing: .seconds(1))
    host.slowDown(to: .seconds(3600), at: 0)
    #expect(host.notBefore == 30)
    host.slowDown(to: .seconds(2), at: 1)
    #expect(host.startAll(at: 30) == 1)
    #expect(host.notBefore == 60)
    var slow = Host(limit: 1, spacing: .seconds(60))
    slow.slowDown(to: .seconds(45), at: 0)
    #expect(slow.startAll(at: 30) == 1)
    #expect(slow.notBefore == 90)
  }

  @Test func `a crawl-delay of nothing changes nothing`() {
    var host = Host(limit: 4)
    host.slowDown(to: .zero, at: 0)
    #expect(host.startAll(at: 0) == 4)
  }

  @Test func `an overload halves the limit, down to one`() {
    var host = Host(limit: 8)
    for (round, expected) in [8, 4, 2, 1, 1].enumerated() {
      let second = Double(round * 100)
      #expect(host.startAll(at: second) == expected)
      for _ in 0..<expected { host.finish(.overload(retryAfter: nil), at: second) }
    }
  }

  @Test func `pauses double from one second to a minute, until a good answer`() {
    var host = Host(limit: 1)
    var second = 0.0
    for expected in [1.0, 2, 4, 8, 16, 32, 60, 60] {
      #expect(host.startAll(at: second) == 1)
      host.finish(.overload(retryAfter: nil), at: second)
      #expect(host.notBefore == second + expected)
      second = host.notBefore
    }
    #expect(host.startAll(at: second) == 1)
    host.finish(.success, at: second)
    #expect(host.startAll(at: second) == 1)
    host.finish(.overload(retryAfter: nil), at: second)
    #expect(host.notBefore == second + 1)
  }

  @Test func `pauses are counted until a good answer, and refusals in one pause once`() {
    var host = Host(limit: 2)
    #expect(host.startAll(at: 0) == 2)
    for _ in 0..<2 { host.finish(.overload(retryAfter: nil), at: 0) }
    #expect(host.pausesInRow == 1)
    #expect(host.startAll(at: 1) == 1)
    host.finish(.overload(retryAfter: nil), at: 1)
    #expect(host.pausesInRow == 2)
    #expect(host.startAll(at: 3) == 1)
    host.finish(.failure, at: 3)
    #expect(host.pausesInRow == 2)
    #expect(host.startAll(at: 3) == 1)
    host.finish(.success, at: 3)
    #expect(host.pausesInRow == 0)
  }

  @Test(
    arguments: [
      (nil, 1), (.zero, 1), (.milliseconds(10), 1), (.seconds(20), 20), (.seconds(300), 300),
      (.seconds(Int64.max), 300), (.seconds(-5), 1),
    ] as [(Duration?, Double)]
  )
  func `a host is left alone as long as it asks for, up to five minutes`(
    _ retryAfter: Duration?,
    _ seconds: Double
  ) {
    var host = Host(limit: 1)
    #expect(host.startAll(at: 0) == 1)
    host.finish(.overload(retryAfter: retryAfter), at: 0)
    #expect(host.notBefore == seconds)
    #expect(host.startAll(at: seconds - 0.1) == 0)
    #expect(host.startAll(at: seconds) == 1)
  }

  @Test func `answers to requests from before a pause count as one overload`() {
    var host = Host(limit: 8)
    #expect(host.startAll(at: 0) == 8)
    for _ in 0..<7 { host.finish(.overload(retryAfter: nil), at: 0) }
    #expect(host.notBefore == 1)
    host.finish(.overload(retryAfter: nil), at: 0.5)
    #expect(host.notBefore == 1.5)
    #expect(host.startAll(at: 1.5) == 4)
  }

  @Test func `a good answer to a request from before a pause does not end it`() {
    var host = Host(limit: 4)
    #expect(host.startAll(at: 0) == 4)
    host.finish(.overload(retryAfter: nil), at: 0)
    host.finish(.success, at: 0.5)
    #expect(host.notBefore == 1)
    #expect(host.startAll(at: 0.9) == 0)
  }

  @Test func `pauses grow while nothing good comes after them, and not between good answers`() {
    var host = Host(limit: 4)
    #expect(host.startAll(at: 0) == 4)
    for _ in 0..<4 { host.finish(.overload(retryAfter: nil), at: 0) }
    #expect(host.startAll(at: 1) == 2)
    for _ in 0..<2 { host.finish(.overload(retryAfter: nil), at: 1) }
    #expect(host.notBefore == 3)
    #expect(host.startAll(at: 3) == 1)
    host.finish(.success, at: 3.5)
    #expect(host.startAll(at: 3.5) == 2)
    host.finish(.overload(retryAfter: nil), at: 4)
    #expect(host.notBefore == 5)
    // This one was started after the pause before, so that one had helped.
    host.finish(.success, at: 4.5)
    #expect(host.startAll(at: 5) > 0)
    host.finish(.overload(retryAfter: nil), at: 5)
    #expect(host.notBefore == 6)
  }

  @Test func `a shorter pause does not replace a longer one`() {
    var host = Host(limit: 2)
    #expect(host.startAll(at: 0) == 2)
    host.finish(.overload(retryAfter: .seconds(50)), at: 0)
    host.finish(.overload(retryAfter: .seconds(2)), at: 1)
    #expect(host.notBefore == 50)
  }

  @Test func `as many good answers as the limit raise it by one, up to where it began`() {
    var host = Host(limit: 4)
    #expect(host.startAll(at: 0) == 4)
    for _ in 0..<4 { host.finish(.overload(retryAfter: nil), at: 0) }
    for (round, expected) in [2, 3, 4, 4].enumerated() {
      #expect(host.startAll(at: Double(10 + round)) == expected)
      for _ in 0..<expected { host.finish(.success, at: Double(round) + 10.5) }
    }
  }

  @Test
  func `a failure neither raises nor lowers the limit, and a timeout halves it without a pause`() {
    var host = Host(limit: 4)
    for second in 0..<5 {
      #expect(host.startAll(at: Double(second)) == 4)
      for _ in 0..<4 { host.finish(.failure, at: Double(second)) }
    }
    #expect(host.startAll(at: 5) == 4)
    for _ in 0..<4 { host.finish(.timeout, at: 6) }
    #expect(host.startAll(at: 6) == 2)
  }

  @Test func `one 503 is about a page, a second in a row about the host`() {
    var host = Host(limit: 4)
    #expect(host.startAll(at: 0) == 4)
    host.finish(.unavailable(retryAfter: nil), at: 0)
    host.finish(.success, at: 0)
    host.finish(.unavailable(retryAfter: .seconds(5)), at: 0)
    #expect(host.startAll(at: 0) == 3)
    host.finish(.unavailable(retryAfter: .seconds(5)), at: 0)
    #expect(host.notBefore == 5)
    for _ in 0..<3 { host.finish(.failure, at: 1) }
    #expect(host.startAll(at: 5) == 2)
  }
}
