import BakeryTesting
import Testing

@testable import Bakery

@Suite struct BlockingPoolTests {
  private struct Failed: Error, Equatable { let number: Int }

  @Test func `a call gives what its body returns or throws`() async throws {
    let pool = BlockingPool(threads: 2, queue: 4, name: "results")
    #expect(try await pool.run { 42 } == 42)
    await #expect(throws: Failed(number: 3)) { try await pool.run { throw Failed(number: 3) } }
    #expect(pool.snapshot()["running"] == 0)
    try await pool.shutdown()
  }

  @Test func `a result need not be sendable`() async throws {
    final class Parsed { var words = 2 }
    let pool = BlockingPool(threads: 1, queue: 0)
    let parsed = try await pool.run { Parsed() }
    parsed.words += 1
    #expect(parsed.words == 3)
    try await pool.shutdown()
  }

  @Test func `no more calls than threads run at once, and the line keeps its order`() async throws {
    let pool = BlockingPool(threads: 1, queue: 10, name: "order")
    let (gate, order) = (Gate(), Guarded<[Int]>([]))
    try await withThrowingTaskGroup { group in
      group.addTask { try await pool.run { gate.wait() } }
      while pool.snapshot()["running"] != 1 { await Task.yield() }
      for index in 0..<5 {
        group.addTask { try await pool.run { order.withLockUnobserved { $0.append(index) } } }
        while pool.snapshot()["queued"] != index + 1 { await Task.yield() }
      }
      #expect(pool.snapshot()["threads"] == 1)
      #expect(pool.snapshot().holders.count == 1)
      #expect(pool.snapshot().waiters.count == 5)
      gate.open()
      try await group.waitForAll()
    }
    #expect(order.withLockUnobserved { $0 } == [0, 1, 2, 3, 4])
    try await pool.shutdown()
  }

  @Test func `calls beyond threads and line are refused with the numbers`() async throws {
    let pool = BlockingPool(threads: 1, queue: 1, name: "full")
    let gate = Gate()
    try await withThrowingTaskGroup { group in
      group.addTask { try await pool.run { gate.wait() } }
      while pool.snapshot()["running"] != 1 { await Task.yield() }
      group.addTask { try await pool.run { gate.wait() } }
      while pool.snapshot()["queued"] != 1 { await Task.yield() }
      await #expect {
        try await pool.run {}
      } throws: { error in
        "\(error)".contains("1 of 1 threads busy, 1 of 1 calls in line")
          && (error as? BlockingPoolFailure)?.reason == .saturated
      }
      gate.open()
      try await group.waitForAll()
    }
    #expect(try await pool.run { 1 } == 1)
    try await pool.shutdown()
  }

  @Test func `cancelled in line a call is not made, and begun it is waited for`() async throws {
    let pool = BlockingPool(threads: 1, queue: 2, name: "cancel")
    let (gate, made) = (Gate(), Gauge())
    let running = Task {
      try await pool.run {
        gate.wait()
        return 1
      }
    }
    while pool.snapshot()["running"] != 1 { await Task.yield() }
    let waiting = Task { try await pool.run { made.enter() } }
    while pool.snapshot()["queued"] != 1 { await Task.yield() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    #expect(pool.snapshot()["queued"] == 0)
    running.cancel()
    gate.open()
    #expect(try await running.value == 1)
    try await pool.shutdown()
    #expect(made.most == 0)
  }

  @Test func `a deadline limits the time in line, by the time in force`() async throws {
    let pool = BlockingPool(threads: 1, queue: 2, name: "late")
    let gate = Gate()
    let running = Task { try await pool.run { gate.wait() } }
    while pool.snapshot()["running"] != 1 { await Task.yield() }
    try await simulate { clock in
      await #expect(throws: DeadlineExceeded.self) {
        try await pool.run(deadline: .after(.seconds(60))) {}
      }
      #expect(clock.now == Deadline(nanoseconds: 60_000_000_000))
    }
    #expect(pool.snapshot()["queued"] == 0)
    gate.open()
    try await running.value
    // A free thread is taken whatever the deadline says.
    #expect(try await pool.run(deadline: .now) { 5 } == 5)
    try await pool.shutdown()
  }

  @Test func `wherever it is cancelled, a call leaves no place taken`() async throws {
    let pool = BlockingPool(threads: 1, queue: 1, name: "sweep")
    let gate = Gate()
    let running = Task { try await pool.run { gate.wait() } }
    while pool.snapshot()["running"] != 1 { await Task.yield() }
    try await cancelAtEverySuspension(seeds: 0..<5) { victim in
      _ = try? await victim.run {
        try await pool.run(deadline: .after(.seconds(1))) {}
      }
      #expect(pool.snapshot()["queued"] == 0)
    }
    gate.open()
    try await running.value
    try await pool.shutdown()
  }

  @Test func `a shutdown finishes what is there, refuses the rest, and leaves no thread`()
    async throws
  {
    let pool = BlockingPool(threads: 3, queue: 10, name: "leaves")
    let (gate, done) = (Gate(), Gauge())
    try await withThrowingTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          try await pool.run {
            if index == 0 { gate.wait() }
            done.enter()
          }
        }
      }
      while done.now != 7 { await Task.yield() }
      await #expect(throws: DeadlineExceeded.self) {
        try await pool.shutdown(deadline: .after(.milliseconds(1)))
      }
      await #expect {
        try await pool.run {}
      } throws: { error in
        (error as? BlockingPoolFailure)?.reason == .shutDown
          && "\(error)".contains("1 still running")
      }
      gate.open()
      try await group.waitForAll()
      try await pool.shutdown()
    }
    #expect(done.now == 8)
    #expect(pool.snapshot()["threads"] == 0)
    // The system forgets a thread a moment after it has ended.
    while threadCount(named: "leaves") > 0 { await Task.yield() }
    try await pool.shutdown()
  }

  @Test func `a pool that was never used shuts down at once`() async throws {
    try await BlockingPool(threads: 1, queue: 0).shutdown(deadline: .now)
  }

  @Test func `a pool that is dropped ends its threads`() async throws {
    do {
      let pool = BlockingPool(threads: 2, queue: 2, name: "dropped")
      _ = try await pool.run { 1 }
    }
    while threadCount(named: "dropped") > 0 { await Task.yield() }
  }

  @Test func `idle threads end, and new ones are started when they are needed`() async throws {
    let pool = BlockingPool(threads: 2, queue: 2, idle: .milliseconds(1), name: "idles")
    for round in 0..<5 {
      #expect(try await pool.run { round } == round)
      while pool.snapshot()["threads"] != 0 { await Task.yield() }
    }
    try await pool.shutdown()
  }

  @Test func `a thread-local value of the pool is gone when the pool is`() async throws {
    let lives = Gauge()
    let local = ThreadLocal { Life(lives) }
    let pool = BlockingPool(threads: 2, queue: 2)
    try await pool.run { local.withValue { _ in } }
    try await pool.shutdown()
    #expect(lives.now == 0 && lives.most == 1)
  }

  @Test func `many calls, cancellations, refusals and idle ends at once`() async throws {
    let pool = BlockingPool(threads: 3, queue: 8, idle: .microseconds(50), name: "stress")
    let (inside, done) = (Gauge(), Gauge())
    let outcomes = Guarded((results: 0, refusals: 0, cancellations: 0))
    await withTaskGroup { group in
      for index in 0..<2000 {
        group.addTask {
          let call = Task {
            try await pool.run {
              inside.enter()
              done.enter()
              inside.leave()
            }
          }
          if index % 5 == 0 { call.cancel() }
          let result = await call.result
          outcomes.withLockUnobserved { outcomes in
            switch result {
            case .success: outcomes.results += 1
            case .failure(let error as BlockingPoolFailure):
              #expect(error.reason == .saturated)
              outcomes.refusals += 1
            case .failure: outcomes.cancellations += 1
            }
          }
        }
      }
    }
    let end = outcomes.withLockUnobserved { $0 }
    #expect(end.results + end.refusals + end.cancellations == 2000)
    #expect(done.now == end.results)
    #expect(inside.most <= 3)
    try await pool.shutdown()
    let snapshot = pool.snapshot()
    #expect(snapshot["threads"] == 0 && snapshot["queued"] == 0 && snapshot["running"] == 0)
  }
}
