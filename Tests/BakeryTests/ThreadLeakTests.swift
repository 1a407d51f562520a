import Testing

@testable import Bakery

/// Mistakes and refusals leave no thread and no open file behind.
///
/// The test is a process of its own, in which nobody else opens files.
@Suite struct ThreadLeakTests {
  private struct Failed: Error {}

  /// One of everything that can go wrong with a thread and does not stop the program.
  fileprivate static func goWrong() async throws {
    let thrower = try JoinableThread.start(named: "bad thrower") { throw Failed() }
    await #expect(throws: Failed.self) { try await thrower.value }
    await #expect(throws: Failed.self) { try await thrower.value }
    #expect(throws: ThreadStartFailure.self) {
      _ = try JoinableThread.start(named: "bad stack", stackBytes: 1 << 46) {}
    }
    let gate = Gate()
    let late = try JoinableThread.start(named: "bad late") { gate.wait() }
    await #expect(throws: DeadlineExceeded.self) { try await late.join(deadline: .now) }
    gate.open()
    try await late.value
    let monitor = Monitor(0)
    let waiter = try JoinableThread.start(named: "bad waiter") {
      try monitor.withLock(when: { $0 > 0 }, deadline: .now) { _ in }
    }
    await #expect(throws: DeadlineExceeded.self) { try await waiter.value }
    let pool = BlockingPool(threads: 1, queue: 0, name: "bad pool")
    await #expect(throws: Failed.self) { try await pool.run { throw Failed() } }
    try await pool.shutdown()
    await #expect(throws: BlockingPoolFailure.self) { try await pool.run {} }
    await ThreadPool(threads: 2, name: "bad workers").shutdown()
  }

  @Test func `threads and open files are as many after mistakes as before`() async {
    await #expect(processExitsWith: .success) {
      // What is made once for the whole process is made in the first round.
      try await ThreadLeakTests.goWrong()
      let files = openFileCount()
      for _ in 0..<50 { try await ThreadLeakTests.goWrong() }
      #expect(openFileCount() == files)
      // The last of them may be on their way out.
      while threadCount(named: "bad ") > 0 { await Task.yield() }
    }
  }
}
