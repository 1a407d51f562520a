import Bakery
import Testing

@testable import Scraper

struct RetryPolicyTests {
  private let policy = RetryPolicy()

  @Test func `statuses that may pass are retried`() {
    let retried = (100..<600).filter { policy.isRetried(status: $0) }
    #expect(retried == [408, 429, 500, 502, 503, 504])
  }

  @Test func `a URL gets three requests, half a second and a second apart at most`() {
    let random = SeededRandom(seed: 7)
    func pauses(after attempt: Int) -> [Duration] {
      (0..<1000).compactMap { _ in
        policy.schedule.delay(afterAttempt: attempt, random: random)
      }
    }
    let (first, second) = (pauses(after: 1), pauses(after: 2))
    #expect(first.allSatisfy { (.zero ..< .milliseconds(500)).contains($0) })
    #expect(second.allSatisfy { (.zero ..< .seconds(1)).contains($0) })
    #expect(second.contains { $0 > .milliseconds(500) })
    #expect(pauses(after: 3).isEmpty)
  }

  @Test func `a pause is never longer than half a minute, unless the server asks for it`() {
    var patient = policy
    patient.attempts = .max
    for attempt in [9, 100, Int.max - 1] {
      let pause = patient.schedule.delay(afterAttempt: attempt)
      #expect(pause.map { $0 <= .seconds(30) } == true)
    }
    let asked = patient.schedule.delay(afterAttempt: 1, retryAfter: .seconds(300))
    #expect(asked == .seconds(300))
  }

  @Test func `what will not pass is given up`() {
    #expect(policy.decide(isTransient: false, retryAfter: nil) == .stop)
    #expect(policy.decide(isTransient: true, retryAfter: nil) == .retry)
  }

  @Test func `a server is waited for as long as it asks, up to five minutes`() {
    func decide(_ retryAfter: Duration) -> RetryDecision {
      policy.decide(isTransient: true, retryAfter: retryAfter)
    }
    #expect(decide(.seconds(7)) == .retryAfter(.seconds(7)))
    #expect(decide(.seconds(300)) == .retryAfter(.seconds(300)))
    #expect(decide(.seconds(300) + .nanoseconds(1)) == .stop)
  }
}
