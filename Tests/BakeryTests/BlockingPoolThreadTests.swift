import BakeryTesting
import Testing

@testable import Bakery

/// A pool to which the system gives no thread, or not as many as it may have.
@Suite struct BlockingPoolThreadTests {
  /// EAGAIN, which is what Linux says.
  private static let refusal: Int32 = 11

  /// A system that gives only so many threads.
  private final class System: Sendable {
    private let left: Guarded<Int>
    let refused = Gauge()

    init(threads: Int) {
      left = Guarded(threads)
    }

    func allow(_ threads: Int) {
      left.withLockUnobserved { $0 += threads }
    }

    func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
      let gives = left.withLockUnobserved { left in
        left -= 1
        return left >= 0
      }
      guard gives else {
        left.withLockUnobserved { $0 += 1 }
        refused.enter()
        return BlockingPoolThreadTests.refusal
      }
      return startThreadIfPossible(named: name, body)
    }
  }

  private func pool(threads: Int, queue: Int, on system: System) -> BlockingPool {
    let core = BlockingPoolCore(
      threads: threads,
      capacity: queue,
      idle: .seconds(3600),
      label: "scarce",
      identity: ObjectIdentity(kind: "BlockingPool", name: nil, file: #fileID, line: #line),
      starter: { system.start($0, $1) }
    )
    return BlockingPool(core)
  }

  @Test
  func `without a thread a call is refused with the system's error, and the pool stays usable`()
    async throws
  {
    let system = System(threads: 0)
    let pool = pool(threads: 2, queue: 2, on: system)
    let made = Gauge()
    for _ in 0..<3 {
      let error = await #expect(throws: ThreadStartFailure.self) {
        try await pool.run { made.enter() }
      }
      #expect(error == ThreadStartFailure(name: "scarce", code: Self.refusal))
    }
    #expect(made.most == 0)
    #expect(pool.snapshot()["threads"] == 0)
    #expect(pool.snapshot()["running"] == 0)
    system.allow(1)
    #expect(try await pool.run { 42 } == 42)
    #expect(pool.snapshot()["threads"] == 1)
    try await pool.shutdown()
  }

  @Test func `without another thread a call waits for the one there is`() async throws {
    let system = System(threads: 1)
    let pool = pool(threads: 3, queue: 2, on: system)
    let (gate, order) = (Gate(), Journal<Int>())
    try await withThrowingTaskGroup { group in
      group.addTask {
        try await pool.run {
          gate.wait()
          order.add(0)
        }
      }
      while pool.snapshot()["running"] != 1 { await Task.yield() }
      for call in 1...2 {
        group.addTask { try await pool.run { order.add(call) } }
        while pool.snapshot()["queued"] != call { await Task.yield() }
      }
      #expect(system.refused.most == 2)
      gate.open()
      try await group.waitForAll()
    }
    #expect(order.entries == [0, 1, 2])
    #expect(pool.snapshot()["threads"] == 1)
    try await pool.shutdown()
    #expect(pool.snapshot()["threads"] == 0)
  }

  @Test func `a pool that never had a thread is shut down at once`() async throws {
    let pool = pool(threads: 1, queue: 1, on: System(threads: 0))
    await #expect(throws: ThreadStartFailure.self) { try await pool.run {} }
    try await pool.shutdown()
    let error = await #expect(throws: BlockingPoolFailure.self) { try await pool.run {} }
    #expect(error?.reason == .shutDown)
  }
}
