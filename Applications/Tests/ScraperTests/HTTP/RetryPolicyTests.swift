import Bakery
import Testing

@testable import Scraper

struct RetryPolicyTests {
  /// Gives the same bits again and again.
  private final class FixedRandom: RandomSource {
    private let bits: UInt64

    init(_ bits: UInt64) {
      self.bits = bits
    }

    func next() -> UInt64 { bits }
  }

  private let highest = FixedRandom(.max)
  private let lowest = FixedRandom(0)

  /// The longest pause that can be drawn, rounded to milliseconds.
  private func ceiling(_ policy: RetryPolicy, _ attempt: Int) -> Int? {
    policy.next(attempt: attempt, retryAfter: nil, random: highest).map {
      Int(($0 / .milliseconds(1)).rounded())
    }
  }

  @Test func `statuses that may pass are retried`() {
    let policy = RetryPolicy()
    let retried = (100..<600).filter { policy.isRetried(status: $0) }
    #expect(retried == [408, 429, 500, 502, 503, 504])
  }

  @Test func `a URL gets three requests`() {
    let policy = RetryPolicy()
    #expect((1...4).map { ceiling(policy, $0) } == [500, 1000, nil, nil])
  }

  @Test func `the ceiling doubles up to the maximum`() {
    var policy = RetryPolicy()
    policy.attempts = .max
    let ceilings = (1...9).map { ceiling(policy, $0) }
    #expect(ceilings == [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    #expect(ceiling(policy, .max - 1) == 30_000)
    #expect(ceiling(policy, .min) == 500)
  }

  @Test func `settings out of the ordinary do no harm`() {
    var policy = RetryPolicy()
    policy.attempts = .max
    policy.base = .seconds(Int64.max)
    #expect(ceiling(policy, 9) == 30_000)
    policy.pauseMaximum = .seconds(Int64.max)
    #expect(policy.next(attempt: 9, retryAfter: nil, random: lowest) == .zero)
    policy.base = .zero
    #expect(ceiling(policy, 9) == 0)
  }

  @Test func `the pause is drawn from the whole range below the ceiling`() {
    let policy = RetryPolicy()
    #expect(policy.next(attempt: 2, retryAfter: nil, random: lowest) == .zero)
    let random = SeededRandom(seed: 7)
    let pauses = (0..<1000).compactMap { _ in
      policy.next(attempt: 2, retryAfter: nil, random: random)
    }
    #expect(pauses.count == 1000)
    #expect(pauses.allSatisfy { (.zero ..< .seconds(1)).contains($0) })
    for tenth in 0..<10 {
      let range = Duration.milliseconds(100 * tenth)..<Duration.milliseconds(100 * tenth + 100)
      #expect((50...150).contains(pauses.count { range.contains($0) }))
    }
  }

  @Test func `the same seed draws the same pauses`() {
    let policy = RetryPolicy()
    let draws = (0..<2).map { _ in
      let random = SeededRandom(seed: 1)
      return (0..<9).map { _ in policy.next(attempt: 2, retryAfter: nil, random: random) }
    }
    #expect(draws[0] == draws[1])
  }

  @Test func `a server is waited for as long as it asks, but not less than the pause`() {
    let policy = RetryPolicy()
    func next(_ retryAfter: Duration) -> Duration? {
      policy.next(attempt: 1, retryAfter: retryAfter, random: highest)
    }
    #expect(next(.seconds(7)) == .seconds(7))
    #expect(next(.seconds(300)) == .seconds(300))
    #expect(next(.zero) == policy.next(attempt: 1, retryAfter: nil, random: highest))
  }

  @Test func `a server that asks for more than five minutes is given up on`() {
    let policy = RetryPolicy()
    let wanted = Duration.seconds(300) + .nanoseconds(1)
    #expect(policy.next(attempt: 1, retryAfter: wanted, random: lowest) == nil)
  }
}
