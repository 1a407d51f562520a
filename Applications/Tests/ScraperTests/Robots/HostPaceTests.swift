import Bakery
import Testing

@testable import Scraper

struct HostPaceTests {
  private func at(_ seconds: Double) -> Deadline {
    Deadline(nanoseconds: 0).advanced(by: .seconds(seconds))
  }

  /// How many requests may start at once; they are started.
  private func startAll(_ pace: inout HostPace, at now: Deadline) -> Int {
    var count = 0
    while count < 100, pace.earliest(now: now) == now {
      pace.start(now: now)
      count += 1
    }
    return count
  }

  @Test func `a new host may be asked at once`() {
    let pace = HostPace(limit: 1, spacing: .seconds(5))
    #expect(pace.earliest(now: at(3)) == at(3))
  }

  @Test func `no more requests than the limit are in flight`() {
    var pace = HostPace(limit: 3, spacing: .zero)
    #expect(startAll(&pace, at: at(0)) == 3)
    #expect(pace.earliest(now: at(9)) == nil)
    pace.finish(.failure, now: at(9))
    #expect(pace.earliest(now: at(9)) == at(9))
  }

  @Test func `starts are spaced, whenever requests end`() {
    var pace = HostPace(limit: 2, spacing: .seconds(5))
    pace.start(now: at(1))
    #expect(pace.earliest(now: at(2)) == at(6))
    pace.finish(.success, now: at(3))
    #expect(pace.earliest(now: at(3)) == at(6))
    #expect(pace.earliest(now: at(8)) == at(8))
  }

  @Test func `a crawl-delay counts from the last start and allows one request at a time`() {
    var pace = HostPace(limit: 4, spacing: .seconds(1))
    pace.start(now: at(0))
    pace.slowDown(to: .seconds(10))
    #expect(pace.earliest(now: at(0)) == nil)
    for second in stride(from: 0.0, to: 100, by: 10) {
      pace.finish(.success, now: at(second))
      #expect(pace.earliest(now: at(second)) == at(second + 10))
      pace.start(now: at(second + 10))
      #expect(pace.earliest(now: at(second + 10)) == nil)
    }
  }

  @Test func `a crawl-delay is held to 30 seconds and never shortens the spacing`() {
    var pace = HostPace(limit: 1, spacing: .seconds(1))
    pace.start(now: at(0))
    pace.finish(.success, now: at(0))
    pace.slowDown(to: .seconds(3600))
    #expect(pace.earliest(now: at(0)) == at(30))
    pace.slowDown(to: .seconds(2))
    #expect(pace.earliest(now: at(0)) == at(30))
    var slow = HostPace(limit: 1, spacing: .seconds(60))
    slow.slowDown(to: .seconds(45))
    slow.start(now: at(0))
    slow.finish(.success, now: at(0))
    #expect(slow.earliest(now: at(0)) == at(60))
  }

  @Test func `a crawl-delay of nothing changes nothing`() {
    var pace = HostPace(limit: 4, spacing: .zero)
    pace.slowDown(to: .zero)
    #expect(startAll(&pace, at: at(0)) == 4)
  }

  @Test func `an overload halves the limit, down to one`() {
    var pace = HostPace(limit: 8, spacing: .zero)
    var now = at(0)
    for expected in [8, 4, 2, 1, 1] {
      #expect(startAll(&pace, at: now) == expected)
      for _ in 0..<expected { pace.finish(.overload(retryAfter: nil), now: now) }
      now = now.advanced(by: .seconds(100))
    }
  }

  @Test func `pauses double from one second to a minute`() {
    var pace = HostPace(limit: 1, spacing: .zero)
    var now = at(0)
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
      pace.start(now: now)
      pace.finish(.overload(retryAfter: nil), now: now)
      let next = pace.earliest(now: now)
      #expect(next == now.advanced(by: .seconds(expected)))
      now = next ?? now
    }
    pace.start(now: now)
    pace.finish(.success, now: now)
    pace.start(now: now)
    pace.finish(.overload(retryAfter: nil), now: now)
    #expect(pace.earliest(now: now) == now.advanced(by: .seconds(1)))
  }

  @Test(
    arguments: [
      (nil, 1), (.zero, 1), (.milliseconds(10), 1), (.seconds(20), 20), (.seconds(300), 300),
      (.seconds(Int64.max), 300), (.seconds(-5), 1),
    ] as [(Duration?, Int)]
  )
  func `a host is left alone as long as it asks for, up to five minutes`(
    _ retryAfter: Duration?,
    _ seconds: Int
  ) {
    var pace = HostPace(limit: 1, spacing: .zero)
    pace.start(now: at(0))
    pace.finish(.overload(retryAfter: retryAfter), now: at(0))
    #expect(pace.earliest(now: at(0)) == at(Double(seconds)))
  }

  @Test func `answers to requests from before a pause count as one overload`() {
    var pace = HostPace(limit: 8, spacing: .zero)
    #expect(startAll(&pace, at: at(0)) == 8)
    for _ in 0..<7 { pace.finish(.overload(retryAfter: nil), now: at(0)) }
    #expect(pace.earliest(now: at(0)) == at(1))
    pace.finish(.overload(retryAfter: nil), now: at(0.5))
    #expect(pace.earliest(now: at(0.5)) == at(1.5))
    #expect(startAll(&pace, at: at(1.5)) == 4)
  }

  @Test func `a good answer to a request from before a pause does not end it`() {
    var pace = HostPace(limit: 4, spacing: .zero)
    #expect(startAll(&pace, at: at(0)) == 4)
    pace.finish(.overload(retryAfter: nil), now: at(0))
    for _ in 0..<3 { pace.finish(.success, now: at(0.5)) }
    #expect(pace.earliest(now: at(0.5)) == at(1))
    #expect(startAll(&pace, at: at(1)) == 2)
    for _ in 0..<2 { pace.finish(.overload(retryAfter: nil), now: at(1)) }
    #expect(pace.earliest(now: at(1)) == at(3))
  }

  @Test func `a shorter pause does not replace a longer one`() {
    var pace = HostPace(limit: 2, spacing: .zero)
    #expect(startAll(&pace, at: at(0)) == 2)
    pace.finish(.overload(retryAfter: .seconds(50)), now: at(0))
    pace.finish(.overload(retryAfter: .seconds(2)), now: at(1))
    #expect(pace.earliest(now: at(1)) == at(50))
  }

  @Test func `as many good answers as the limit raise it by one, up to where it began`() {
    var pace = HostPace(limit: 4, spacing: .zero)
    #expect(startAll(&pace, at: at(0)) == 4)
    for _ in 0..<4 { pace.finish(.overload(retryAfter: nil), now: at(0)) }
    let now = at(10)
    for expected in [2, 3, 4, 4] {
      #expect(startAll(&pace, at: now) == expected)
      for _ in 0..<expected { pace.finish(.success, now: now) }
    }
  }

  @Test func `a failure neither raises nor lowers the limit`() {
    var pace = HostPace(limit: 2, spacing: .zero)
    for _ in 0..<5 {
      #expect(startAll(&pace, at: at(0)) == 2)
      for _ in 0..<2 { pace.finish(.failure, now: at(0)) }
    }
  }

  @Test func `one 503 is about a page, a second in a row about the host`() {
    var pace = HostPace(limit: 4, spacing: .zero)
    for outcome in [HostPace.Outcome.unavailable(retryAfter: nil), .success] {
      pace.start(now: at(0))
      pace.finish(outcome, now: at(0))
    }
    pace.start(now: at(0))
    pace.finish(.unavailable(retryAfter: .seconds(5)), now: at(0))
    #expect(pace.earliest(now: at(0)) == at(0))
    pace.start(now: at(0))
    pace.finish(.unavailable(retryAfter: .seconds(5)), now: at(0))
    #expect(pace.earliest(now: at(0)) == at(5))
    #expect(startAll(&pace, at: at(5)) == 2)
  }

  @Test func `times at the end of the timeline do no harm`() {
    var pace = HostPace(limit: 1, spacing: .seconds(5))
    pace.start(now: .never)
    pace.finish(.overload(retryAfter: nil), now: .never)
    #expect(pace.earliest(now: .never) == .never)
  }
}
