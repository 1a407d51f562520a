import Testing

@testable import Bakery

/// Mistakes with threads stop the program with the type, the rule and the way out.
@Suite struct ThreadsMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a thread that joins itself`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let selfs = Guarded<JoinableThread<Void, Never>?>(nil)
      let thread = try JoinableThread.start(named: "selfish") {
        while true { selfs.withLockUnobserved { $0 }?.join() }
      }
      selfs.withLockUnobserved { $0 = thread }
      try await thread.value
    }
    expect("JoinableThread \"selfish\"", in: result)
    expect("joins itself and would wait for ever", in: result)
  }

  @Test func `a task that blocks its thread to join one`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func block(_ thread: JoinableThread<Void, Never>) { thread.join() }
      block(try JoinableThread.start(named: "joined") {})
    }
    expect("join on JoinableThread \"joined\"", in: result)
    expect("blocks a thread and was called in a task; write `try await value`", in: result)
  }

  @Test func `a thread-local value inside its own body`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let local = ThreadLocal(name: "scratch") { 0 }
      local.withValue { _ in local.withValue { _ in } }
    }
    expect("withValue inside withValue on one thread", in: result)
  }

  @Test func `a monitor inside its own body`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let monitor = Monitor(0, name: "nested")
      monitor.withLock { _ in monitor.withLock { $0 += 1 } }
    }
    expect("Monitor \"nested\"", in: result)
    expect("used inside its own body and would wait for itself", in: result)
  }

  @Test func `a task that blocks on a monitor`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func block() { Monitor(0, name: "m").withLock(when: { $0 == 0 }) { _ in } }
      block()
    }
    expect("withLock(when:) on Monitor \"m\"", in: result)
    expect("blocks a thread and was called in a task; wait with a Channel", in: result)
  }

  @Test func `a barrier of nobody, and one in a task`() async {
    let nobody = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ThreadBarrier(parties: 0)
    }
    expect("ThreadBarrier needs at least 1 party, got 0", in: nobody)
    let task = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func block() { ThreadBarrier(parties: 1).arriveAndWait() }
      block()
    }
    expect("blocks a thread and was called in a task; use a task group", in: task)
  }

  @Test func `a pool without threads, and one with less than no queue`() async {
    let threads = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BlockingPool(threads: 0, queue: 1)
    }
    expect("BlockingPool needs at least 1 thread, got 0", in: threads)
    let queue = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BlockingPool(threads: 1, queue: -1)
    }
    expect("BlockingPool needs a queue of at least 0 calls, got -1", in: queue)
  }

  @Test func `a thread pool of no thread, and one that gets work after its end`() async {
    let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ThreadPool(threads: 0)
    }
    expect("ThreadPool needs 1 to 1024 threads, got 0", in: empty)
    let late = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let pool = ThreadPool(threads: 1, name: "closed")
      await pool.shutdown()
      await Task(executorPreference: pool) {}.value
    }
    expect("ThreadPool \"closed\"", in: late)
    expect("was shut down and got a job; await the tasks that prefer it before", in: late)
  }
}
