import Bakery
import BakeryTesting
import Testing

private struct Broken: Error, Equatable { let attempt: Int }

@Suite struct HedgeTests {
  private func budget(_ reserve: Int = 100) -> RetryBudget {
    RetryBudget(reserve: reserve, ratio: 0)
  }

  @Test func `a quick call is made once`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let (budget, calls) = (budget(), Gauge())
      let value = try await hedge(after: .fixed(.seconds(1)), budget: budget) { attempt in
        calls.enter()
        try await sleep(until: .after(.milliseconds(999)))
        return attempt
      }
      #expect(value == 0 && calls.now == 1)
      #expect(budget.snapshot()["withdrawn"] == 0)
      #expect(clock.now.nanoseconds == 999_000_000)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test
  func
    `a slow call gets another beside it, the first success wins, and the loser is cancelled and awaited`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let (budget, running) = (budget(), Gauge())
      let value = try await hedge(after: .fixed(.seconds(1)), attempts: 3, budget: budget) {
        attempt in
        running.enter()
        defer { running.leave() }
        try await sleep(until: .after(.seconds(attempt == 1 ? 2 : 100)))
        return attempt
      }
      #expect(value == 1)
      #expect(running.most == 3 && running.now == 0)
      #expect(clock.now.nanoseconds == 3_000_000_000)
      #expect(budget.snapshot()["withdrawn"] == 2)
    }
  }

  @Test func `a failure starts the next attempt at once, and the last error is thrown`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      await #expect(throws: Broken(attempt: 2)) {
        try await hedge(after: .fixed(.seconds(1)), attempts: 3, budget: budget()) { attempt in
          throw Broken(attempt: attempt)
        }
      }
      #expect(clock.now.nanoseconds == 0)
    }
  }

  @Test func `without a token nobody gets a second attempt`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let budget = budget(1)
      let values = try await gather(0..<5, width: 5) { _ in
        try await hedge(after: .fixed(.seconds(1)), budget: budget) { attempt in
          try await sleep(until: .after(.seconds(attempt == 0 ? 10 : 1)))
          return attempt
        }
      }
      #expect(values.sorted() == [0, 0, 0, 0, 1])
      #expect(budget.snapshot()["refused"] == 4)
    }
  }

  @Test func `a failure while another attempt runs leaves that one its chance`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let value = try await hedge(after: .fixed(.seconds(1)), budget: budget()) { attempt in
        try await sleep(until: .after(.seconds(2)))
        if attempt == 0 { throw Broken(attempt: 0) }
        return attempt
      }
      #expect(value == 1)
      #expect(clock.now.nanoseconds == 3_000_000_000)
    }
  }

  @Test func `a cancellation at every suspension ends all attempts and starts no other`()
    async throws
  {
    try await cancelAtEverySuspension { victim in
      let (budget, running) = (RetryBudget(reserve: 100, ratio: 0), Gauge())
      try? await victim.run {
        _ = try await hedge(after: .fixed(.seconds(1)), attempts: 3, budget: budget) { attempt in
          running.enter()
          defer { running.leave() }
          try await sleep(until: .after(.seconds(5)))
          return attempt
        }
      }
      #expect(running.now == 0)
    }
  }

  @Test func `the estimate is the quantile of the last calls`() {
    let tracker = LatencyTracker(quantile: 0.9, initial: .seconds(7), window: 100)
    for index in 1...15 { tracker.record(.milliseconds(index)) }
    #expect(tracker.estimate == .seconds(7))
    tracker.record(.milliseconds(16))
    // 0.9 of 16 calls are 14.4: the fifteenth is the first that covers them.
    #expect(tracker.estimate == .milliseconds(15))
    for index in 0..<112 { tracker.record(.milliseconds(1000 + index)) }
    // The last 100 are 1012…1111 ms; the newest were all seen by the sort after the 128th.
    #expect(tracker.estimate == .milliseconds(1101))
  }

  @Test func `calls teach the delay`() async throws {
    try await simulate { _ in
      let tracker = LatencyTracker(quantile: 0.5, initial: .seconds(100))
      for _ in 0..<16 {
        _ = try await hedge(after: .quantile(tracker), budget: budget()) { _ in
          try await sleep(until: .after(.seconds(2)))
        }
      }
      #expect(tracker.estimate == .seconds(2))
    }
  }
}
