import Bakery
import BakeryTesting
import Testing

@Suite struct RetryTests {
  struct Failed: Error, Equatable {
    let attempt: Int
    var retryAfter: Duration?
  }

  /// Fails until attempt number `successAt`, and notes when each attempt was.
  private final class Service: Sendable {
    private let successAt: Int
    private let calls = Channel<Deadline>(capacity: 10_000)

    init(successAt: Int = .max) { self.successAt = successAt }

    var count: Int { calls.receiver.snapshot()["buffered"] ?? -1 }

    /// The seconds at which it was called.
    var times: [Double] {
      var times: [Double] = []
      while let time = calls.receiver.tryReceive() { times.append(Double(time.nanoseconds) / 1e9) }
      return times
    }

    func call(retryAfter: Duration? = nil) async throws(Failed) -> Int {
      try? calls.sender.trySend(.now)
      guard count >= successAt else { throw Failed(attempt: count, retryAfter: retryAfter) }
      return count
    }
  }

  private let everySecond = Schedule.fixed(.seconds(1))

  @Test func `a success is returned and nothing is tried again`() async throws {
    try await simulate { clock in
      let service = Service(successAt: 1)
      let result = try await retry(everySecond) { try await service.call() }
      #expect(result == 1)
      #expect(service.times == [0])
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `attempts follow the schedule until one succeeds`() async throws {
    try await simulate { _ in
      let service = Service(successAt: 5)
      let schedule = Schedule.exponential(from: .seconds(1), upTo: .seconds(3), jittered: false)
      let result = try await retry(schedule) { try await service.call() }
      #expect(result == 5)
      #expect(service.times == [0, 1, 3, 6, 9])
    }
  }

  @Test func `the last error is thrown, with its type, when attempts end`() async throws {
    try await simulate { _ in
      let service = Service()
      do throws(Failed) {
        _ = try await retry(everySecond.attempts(3)) { () throws(Failed) in
          try await service.call()
        }
        Issue.record("no error")
      } catch {
        #expect(error.attempt == 3)
      }
      #expect(service.times == [0, 1, 2])
    }
  }

  @Test func `the error decides whether and when`() async throws {
    try await simulate { clock in
      let service = Service()
      let error = await #expect(throws: Failed.self) {
        try await retry(
          everySecond,
          onFailure: { (error: any Error) in
            switch (error as? Failed)?.attempt {
            case 1: .retryAfter(.seconds(10))
            case 2: .retryAfter(.milliseconds(1))
            case 3: .retry
            default: .stop
            }
          },
          { try await service.call() }
        )
      }
      #expect(error?.attempt == 4)
      #expect(service.times == [0, 10, 11, 12])
    }
  }

  @Test func `delays are drawn from the seed`() async throws {
    func times(_ seed: UInt64) async throws -> [Double] {
      try await simulate(seed: seed) { _ in
        let service = Service(successAt: 6)
        let schedule = Schedule.decorrelated(from: .seconds(1), upTo: .seconds(60))
        _ = try await retry(schedule) { try await service.call() }
        return service.times
      }
    }
    #expect(try await times(1) == times(1))
    #expect(try await times(1) != times(2))
  }

  @Test func `a pause that would pass the deadline is not begun`() async throws {
    try await simulate { clock in
      let service = Service()
      let error = await #expect(throws: Failed.self) {
        try await retry(everySecond, deadline: .after(.seconds(3))) { try await service.call() }
      }
      // At three seconds the deadline has come, so that the attempt would be late.
      #expect(error?.attempt == 3)
      #expect(service.times == [0, 1, 2])
      #expect(clock.now.nanoseconds == 2_000_000_000)
    }
  }

  @Test func `a deadline that has passed leaves one attempt`() async throws {
    try await simulate { _ in
      let service = Service()
      await #expect(throws: Failed.self) {
        try await retry(.fixed(.zero), deadline: .now) { try await service.call() }
      }
      #expect(service.count == 1)
      let late = Service(successAt: 1)
      let result = try await retry(.fixed(.zero), deadline: .now) { try await late.call() }
      #expect(result == 1)
    }
  }

  @Test func `the deadline around the call counts as its own`() async throws {
    try await simulate { clock in
      let service = Service()
      let error = await #expect(throws: Failed.self) {
        try await withDeadline(in: .seconds(3)) {
          try await retry(everySecond, deadline: .after(.seconds(60))) { try await service.call() }
        }
      }
      #expect(error?.attempt == 3)
      #expect(clock.now.nanoseconds == 2_000_000_000)
    }
  }

  @Test func `an attempt that runs out of its own time is retried`() async throws {
    try await simulate { _ in
      let starts = Gauge()
      await #expect(throws: DeadlineExceeded.self) {
        try await retry(everySecond.attempts(3)) {
          starts.enter()
          try await withDeadline(in: .seconds(5)) { try await sleep(until: .never) }
        }
      }
      #expect(starts.now == 3)
    }
  }

  @Test func `the schedule's duration counts the attempts too`() async throws {
    try await simulate { _ in
      let service = Service()
      await #expect(throws: Failed.self) {
        try await retry(everySecond.within(.seconds(10))) {
          try await sleep(until: .after(.seconds(3)))
          return try await service.call()
        }
      }
      // Attempts start at 0, 4 and 8 s; the next one would at 12.
      #expect(service.times == [3, 7, 11])
    }
  }

  @Test func `a cancellation is not retried`() async throws {
    try await simulate { clock in
      let gauge = Gauge()
      await #expect(throws: CancellationError.self) {
        try await retry(everySecond) {
          gauge.enter()
          throw CancellationError()
        }
      }
      #expect(gauge.now == 1)
    }
  }

  @Test func `a cancelled task gets the error of its last attempt at once`() async throws {
    try await simulate { clock in
      let service = Service()
      await withThrowingTaskGroup { group in
        group.addTask {
          try await retry(.fixed(.seconds(100))) { _ = try await service.call() }
        }
        await waitUntilIdle()
        group.cancelAll()
        await #expect(throws: Failed(attempt: 1)) { try await group.next() }
      }
      #expect(clock.now.nanoseconds == 0)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `cancelled at every suspension, no attempt starts afterwards`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let lateStarts = Gauge()
      do {
        try await victim.run {
          let service = Service(successAt: 4)
          _ = try await retry(.exponential(from: .seconds(1), upTo: .seconds(9))) {
            if Task.isCancelled { lateStarts.enter() }
            await Task.yield()
            return try await service.call()
          }
        }
      } catch is Failed {
        #expect(victim.wasCancelled)
      }
      // Only the first attempt of a task that was cancelled before.
      #expect(lateStarts.now <= 1)
    }
    #expect(cancelled >= 20)
  }

  @Test func `a loop without delays gives way`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let service = Service()
      await withThrowingTaskGroup { group in
        group.addTask { try await retry(.fixed(.zero)) { _ = try await service.call() } }
        while service.count < 50 { await Task.yield() }
        group.cancelAll()
        await #expect(throws: Failed.self) { try await group.next() }
      }
    }
  }

  @Test func `a pause is in the dump with the number of the attempt`() async throws {
    try await simulate { _ in
      let service = Service(successAt: 3)
      try await withThrowingTaskGroup { group in
        group.addTask(name: "order") {
          _ = try await retry(everySecond) { try await service.call() }
        }
        try await sleep(until: .after(.milliseconds(1500)))
        await waitUntilIdle()
        #expect(Trace.dump().contains("awaited by task \"order\": retry(3) for 0.500 s"))
        try await group.waitForAll()
      }
    }
  }

  @Test func `10,000 tasks that retry against a failing service keep within their budget`()
    async throws
  {
    for (seed, ratio) in [(1, 0.0), (2, 0.1)] as [(UInt64, Double)] {
      try await simulate(seed: seed) { clock in
        let budget = RetryBudget(reserve: 500, ratio: ratio, name: "orders")
        let calls = Gauge()
        let successes = Gauge()
        // The service is down for the first minute, and refuses one call in three after it.
        _ = try await gather(0..<10_000, width: 10_000, policy: .collect) { number in
          try await sleep(until: .after(.milliseconds(number * 12)))
          try await retry(
            .exponential(from: .seconds(1), upTo: .seconds(30)).attempts(8),
            budget: budget
          ) {
            calls.enter()
            let isDown = clock.now.nanoseconds < 60_000_000_000
            if isDown || calls.now.isMultiple(of: 3) { throw Failed(attempt: 0) }
            successes.enter()
          }
        }
        let retries = calls.now - 10_000
        #expect(retries > 0)
        #expect(Double(retries) <= 500 + ratio * Double(successes.now))
        // All that was granted was used, and all that was used had been granted.
        #expect(budget.snapshot()["withdrawn"] == retries)
        #expect((budget.snapshot()["refused"] ?? 0) > 1000)
      }
    }
  }

  @Test func `on real threads a budget pays for no more than it has`() async throws {
    let budget = RetryBudget(reserve: 100, ratio: 0.5)
    let (paid, deposits) = (Gauge(), Gauge())
    _ = try await gather(0..<20_000, width: 8) { number in
      if number.isMultiple(of: 3) {
        budget.deposit()
        deposits.enter()
      } else if budget.tryWithdraw() {
        paid.enter()
      }
    }
    #expect(paid.now >= 100)
    #expect(Double(paid.now) <= 100 + 0.5 * Double(deposits.now))
    #expect(budget.snapshot()["withdrawn"] == paid.now)
    #expect(budget.snapshot()["available"] == 0)
  }
}
