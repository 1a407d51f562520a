import Bakery
import BakeryTesting
import Testing

private struct Broken: Error {}

@Suite struct CircuitBreakerTests {
  private func fails(_ breaker: CircuitBreaker) async {
    _ = try? await breaker.withPermit { throw Broken() }
  }

  private var quick: CircuitBreaker.Settings {
    var settings = CircuitBreaker.Settings()
    (settings.calls, settings.minimumCalls) = (4, 2)
    return settings
  }

  @Test func `an open breaker refuses without a call, says until when, and closes after a probe`()
    async throws
  {
    try await simulate { clock in
      let breaker = CircuitBreaker(quick, name: "prices")
      await fails(breaker)
      await fails(breaker)
      #expect(breaker.phase == .open)
      #expect(breaker.snapshot()["open"] == 1)
      let error = await #expect(throws: CircuitOpen.self) {
        try await breaker.withPermit { Issue.record("called") }
      }
      #expect(error?.retryAt == clock.now.advanced(by: .seconds(10)))
      #expect(error?.description.contains("CircuitBreaker \"prices\"") == true)
      try await sleep(until: error!.retryAt)
      try await breaker.withPermit {}
      #expect(breaker.phase == .closed)
    }
  }

  @Test func `cancellation and harmless errors do not count, and slow calls do`() async throws {
    try await simulate { _ in
      let breaker = CircuitBreaker(quick)
      for _ in 0..<5 {
        _ = try? await breaker.withPermit { throw CancellationError() }
        _ = try? await breaker.withPermit(isFailure: { _ in false }) { throw Broken() }
      }
      #expect(breaker.snapshot()["calls"] == 0)
      for _ in 0..<2 {
        try await breaker.withPermit(slow: .seconds(1)) {
          try await sleep(until: .after(.seconds(1)))
        }
      }
      #expect(breaker.phase == .open)
    }
  }

  @Test func `a permit tells the outcome, and one that only ends is not counted`() async throws {
    let breaker = CircuitBreaker(quick)
    do {
      let silent = try await breaker.acquire()
      #expect(silent.count == 1)
    }
    #expect(breaker.snapshot()["calls"] == 0)
    for _ in 0..<2 {
      guard let permit = breaker.tryAcquire() else { Issue.record("refused"); return }
      permit.release(.dropped)
    }
    let refused = breaker.tryAcquire() == nil
    #expect(refused)
  }

  @Test func `a probe that is cancelled gives its place to another`() async throws {
    try await simulate { _ in
      let breaker = CircuitBreaker(quick)
      await fails(breaker)
      await fails(breaker)
      try await sleep(until: .after(.seconds(10)))
      await withThrowingTaskGroup { group in
        group.addTask { try await breaker.withPermit { try await sleep(until: .never) } }
        await waitUntilIdle()
        #expect(breaker.phase == .halfOpen && breaker.snapshot()["probing"] == 1)
        await #expect(throws: CircuitOpen.self) { try await breaker.withPermit {} }
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
      }
      try await breaker.withPermit {}
      #expect(breaker.phase == .closed)
    }
  }

  @Test func `a probe that never returns is replaced after as long as the breaker stays open`()
    async throws
  {
    try await simulate { clock in
      let breaker = CircuitBreaker(quick)
      await fails(breaker)
      await fails(breaker)
      try await sleep(until: .after(.seconds(10)))
      let lost = try await breaker.acquire()
      let error = await #expect(throws: CircuitOpen.self) { try await breaker.withPermit {} }
      #expect(error?.retryAfter == .seconds(10))
      try await sleep(until: error!.retryAt)
      try await breaker.withPermit {}
      #expect(breaker.phase == .closed)
      lost.release(.dropped)
      #expect(breaker.snapshot()["calls"] == 0)
    }
  }

  @Test func `a clock that jumps ahead lets a probe pass, and one that goes back keeps it open`()
    async throws
  {
    let clock = JumpingClock()
    try await Seams.$time.withValue(clock) {
      let breaker = CircuitBreaker(quick)
      await fails(breaker)
      await fails(breaker)
      clock.setBack(by: .seconds(5))
      clock.advance(by: .seconds(10))
      await #expect(throws: CircuitOpen.self) { try await breaker.withPermit {} }
      clock.advance(by: .seconds(1_000_000))
      try await breaker.withPermit {}
      #expect(breaker.phase == .closed)
    }
  }
}
