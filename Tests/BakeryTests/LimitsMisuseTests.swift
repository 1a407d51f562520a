import Bakery
import Testing

/// Mistakes in the arguments of limiters stop the program with the type, the rule and the value.
@Suite struct LimitsMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a rate of zero`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Quota(0, per: .seconds(1), burst: 1)
    }
    expect("Quota needs a count of at least 1, got 0", in: result)
  }

  @Test func `a period of nothing`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Quota(1, per: .zero, burst: 1)
    }
    expect("Quota needs a period of at least 1 ns, got 0.0 seconds", in: result)
  }

  @Test func `a burst of none, and one of a year`() async {
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Quota(1, per: .seconds(1), burst: 0)
    }
    expect("Quota needs a burst of at least 1, got 0", in: none)
    let year = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Quota(1, per: .seconds(86_400), burst: 365)
    }
    expect("Quota needs a burst worth at most 104 days, got 365 of 1", in: year)
  }

  @Test func `a request for nothing`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RateLimiter(Quota(1, per: .seconds(1), burst: 1)).tryAcquire(0)
    }
    expect("acquire needs a count of at least 1, got 0", in: result)
  }

  @Test func `a keyed limiter or a collection without room`() async {
    let rates = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = KeyedRateLimiter<Int>(Quota(1, per: .seconds(1), burst: 1), capacity: 0)
    }
    expect("KeyedRateLimiter needs a capacity of 1 to 2147483647, got 0", in: rates)
    let limiters = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = KeyedLimiters(capacity: 0) { (_: Int) in CircuitBreaker() }
    }
    expect("KeyedLimiters needs a capacity of at least 1, got 0", in: limiters)
  }

  @Test func `a bulkhead that lets nobody in, or is asked for more than it has`() async {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Bulkhead(limit: 0, queue: 1)
    }
    expect("Bulkhead needs a limit of 1 to 2147483647, got 0", in: zero)
    let line = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Bulkhead(limit: 1, queue: -1)
    }
    expect("Bulkhead needs a queue of 0 to 2147483647, got -1", in: line)
    let more = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Bulkhead(limit: 1, queue: 1, name: "one").tryAcquire(2)
    }
    expect("acquire needs a count of 1 to its limit 1, got 2", in: more)
  }

  @Test func `a breaker that could never decide`() async {
    let minimum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var settings = CircuitBreaker.Settings()
      settings.minimumCalls = 21
      _ = CircuitBreaker(settings)
    }
    expect("minimumCalls of 1 to calls = 20, got 21", in: minimum)
    let rate = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var settings = CircuitBreaker.Settings()
      settings.failureRate = 0
      _ = CircuitBreaker(settings)
    }
    expect("failureRate above 0 and at most 1, got 0.0", in: rate)
  }

  @Test func `a knee where nobody may wait`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(.knee(tolerance: 1))
    }
    expect("knee needs a tolerance above 1, got 1.0", in: result)
  }

  @Test func `a hedge without an attempt`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let budget = RetryBudget(reserve: 1)
      try await hedge(after: .fixed(.zero), attempts: 0, budget: budget) { _ in }
    }
    expect("hedge needs at least 1 attempt, got 0", in: result)
  }

  @Test
  func `an adaptive limiter without a range, outside of it, or asked for more than it can have`()
    async
  {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(limits: 0...10)
    }
    expect("AdaptiveLimiter needs limits within 1...2147483647, got 0...10", in: zero)
    let initial = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(limits: 1...10, initial: 11)
    }
    expect("an initial limit within its limits 1...10, got 11", in: initial)
    let line = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(waiting: -1...10)
    }
    expect("AdaptiveLimiter needs waiting within 0...2147483647, got -1...10", in: line)
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(limits: 1...10).tryAcquire(0)
    }
    expect("acquire needs a count of 1 to its largest limit 10, got 0", in: none)
    let more = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AdaptiveLimiter(limits: 1...10).tryAcquire(11)
    }
    expect("acquire needs a count of 1 to its largest limit 10, got 11", in: more)
    let backoff = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LimitAlgorithm.aimd(backoff: 1)
    }
    expect("aimd needs a backoff between 0 and 1, got 1.0", in: backoff)
  }
}
