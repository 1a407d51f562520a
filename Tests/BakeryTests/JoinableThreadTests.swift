import BakeryTesting
import Testing

@testable import Bakery

/// Something that one thread waits for and another opens.
final class Gate: Sendable {
  private let parker = Parker()
  private let isOpen = Guarded(false)

  func open() {
    isOpen.withLockUnobserved { $0 = true }
    parker.unpark()
  }

  /// Blocks the calling thread; one at a time.
  func wait() {
    while true {
      let ticket = parker.ticket
      if isOpen.withLockUnobserved({ $0 }) { return }
      parker.park(ticket)
    }
  }
}

/// Counts the lives of what it is given to.
final class Life: Sendable {
  private let gauge: Gauge
  init(_ gauge: Gauge) {
    self.gauge = gauge
    gauge.enter()
  }
  deinit { gauge.leave() }
}

@Suite struct JoinableThreadTests {
  private struct Failed: Error, Equatable { let number: Int }

  @Test func `a join gives what the body returned, again and again`() async throws {
    let thread = try JoinableThread.start(named: "answer") { 42 }
    #expect(try await thread.value == 42)
    #expect(try await thread.join(deadline: .now) == 42)
    #expect(thread.isFinished)
    #expect(thread.snapshot()["finished"] == 1)
  }

  @Test func `a join throws what the body threw, with its type`() async throws {
    let thread = try JoinableThread.start(named: "fails") { () throws(Failed) -> Int in
      throw Failed(number: 7)
    }
    await #expect(throws: Failed(number: 7)) { try await thread.value }
    await onThreads(1) { _ in
      do throws(Failed) {
        _ = try thread.join()
        Issue.record("must throw")
      } catch {
        #expect(error.number == 7)
      }
    }
  }

  @Test func `threads and tasks join together, and all get the result`() async throws {
    let gate = Gate()
    let thread = try JoinableThread.start(named: "joined") { () -> Int in
      gate.wait()
      return 5
    }
    let results = Guarded(0)
    try await withThrowingTaskGroup { group in
      for _ in 0..<3 {
        group.addTask {
          let result = try await thread.value
          results.withLockUnobserved { $0 += result }
        }
        group.addTask {
          await onThreads(1) { _ in
            let result = thread.join()
            results.withLockUnobserved { $0 += result }
          }
        }
      }
      while thread.snapshot()["waiting"] != 6 { await Task.yield() }
      #expect(!thread.isFinished)
      #expect(Trace.dump().contains("JoinableThread \"joined\""))
      gate.open()
      try await group.waitForAll()
    }
    #expect(results.withLockUnobserved { $0 } == 30)
  }

  @Test func `a deadline ends the wait and not the thread`() async throws {
    let gate = Gate()
    let thread = try JoinableThread.start(named: "late") { gate.wait() }
    await #expect(throws: DeadlineExceeded.self) {
      try await thread.join(deadline: .after(.milliseconds(1)))
    }
    await onThreads(1) { _ in
      #expect(!thread.waitUntilFinished(deadline: .after(.milliseconds(1))))
      #expect(!thread.waitUntilFinished(deadline: .now))
    }
    #expect(thread.snapshot()["waiting"] == 0)
    gate.open()
    try await thread.value
    await onThreads(1) { _ in #expect(thread.waitUntilFinished()) }
  }

  @Test func `a deadline of a task is one of the time in force`() async throws {
    let gate = Gate()
    let thread = try JoinableThread.start(named: "virtual") { gate.wait() }
    try await simulate { clock in
      await #expect(throws: DeadlineExceeded.self) {
        try await thread.join(deadline: .after(.seconds(3600)))
      }
      #expect(clock.now == Deadline(nanoseconds: 3_600_000_000_000))
    }
    gate.open()
    try await thread.value
  }

  @Test func `a cancelled join leaves the line`() async throws {
    let gate = Gate()
    let thread = try JoinableThread.start(named: "cancelled") { gate.wait() }
    try await cancelAtEverySuspension(seeds: 0..<3) { victim in
      _ = try? await victim.run {
        try await thread.join(deadline: .after(.seconds(1)))
      }
      #expect(thread.snapshot()["waiting"] == 0)
    }
    gate.open()
    try await thread.value
  }

  @Test func `a join comes after the body and what it captured`() async throws {
    let lives = Gauge()
    for _ in 0..<50 {
      let life = Life(lives)
      let thread = try JoinableThread.start(named: "captures") { [life] in _ = life }
      try await thread.value
    }
    #expect(lives.now == 0)
  }

  @Test func `a thread that nobody joins runs to its end`() async throws {
    let gate = Gate()
    do {
      _ = try JoinableThread.start(named: "dropped") { gate.open() }
    }
    await onThreads(1) { _ in gate.wait() }
  }

  @Test func `a stack has the size that was asked for`() async throws {
    func depth(_ levels: Int) -> Int {
      withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { space in
        space[0] = 1
        return levels == 0 ? 0 : depth(levels - 1) + Int(space[0])
      }
    }
    let thread = try JoinableThread.start(named: "deep", stackBytes: 64 << 20) { depth(500) }
    #expect(try await thread.value == 500)
  }

  @Test func `a thread that the system refuses is an error with the number`() throws {
    #expect {
      _ = try JoinableThread.start(named: "huge", stackBytes: 1 << 46) {}
    } throws: { error in
      "\(error)".contains("thread \"huge\" could not be started: error ")
        && "\(error)".contains("ask for a smaller stack")
    }
  }

  @Test func `many threads and joins at once`() async throws {
    let total = Guarded(0)
    try await withThrowingTaskGroup { group in
      for index in 0..<64 {
        group.addTask {
          let thread = try JoinableThread.start(named: "many") { index }
          let first = Task { try await thread.value }
          if index % 2 == 0 { first.cancel() }
          let result = try await thread.value
          _ = try? await first.value
          total.withLockUnobserved { $0 += result }
        }
      }
      try await group.waitForAll()
    }
    #expect(total.withLockUnobserved { $0 } == 64 * 63 / 2)
  }
}

@Suite struct ThreadLocalTests {
  private final class Counter {
    var value = 0
    let life: Life
    init(_ lives: Gauge) { life = Life(lives) }
  }

  @Test func `each thread has its own value, destroyed when its end is seen`() async throws {
    let lives = Gauge()
    let local = ThreadLocal(name: "counters") { Counter(lives) }
    for _ in 0..<4 {
      let thread = try JoinableThread.start(named: "counts") { () -> Int in
        for _ in 0..<10 { local.withValue { $0.value += 1 } }
        return local.withValue { $0.value }
      }
      #expect(try await thread.value == 10)
      #expect(lives.now == 0)
    }
    #expect(local.snapshot()["threads"] == 0)
  }

  @Test func `a thread of somebody else destroys its values too`() async {
    let lives = Gauge()
    let local = ThreadLocal { Counter(lives) }
    await onThreads(2) { _ in
      local.withValue { $0.value += 1 }
    }
    while lives.now > 0 { await Task.yield() }
    #expect(local.snapshot()["threads"] == 0)
  }

  @Test func `values made by the destruction of values are destroyed`() async throws {
    final class Last {
      let onEnd: @Sendable () -> Void
      init(_ onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
      deinit { onEnd() }
    }
    let lives = Gauge()
    let late = ThreadLocal { Counter(lives) }
    let early = ThreadLocal { Last { late.withValue { $0.value += 1 } } }
    let thread = try JoinableThread.start(named: "chain") { early.withValue { _ in } }
    try await thread.value
    #expect(lives.now == 0)
  }

  @Test func `the place of one that is gone is used again without its value`() async throws {
    let lives = Gauge()
    let thread = try JoinableThread.start(named: "reuse") { () -> [Int] in
      (0..<100).map { index in
        let local = ThreadLocal { Counter(lives) }
        return local.withValue { counter in
          counter.value += 1
          return counter.value
        }
      }
    }
    #expect(try await thread.value == Array(repeating: 1, count: 100))
    #expect(lives.most < 100)
    #expect(lives.now == 0)
  }

  @Test func `a body may use another thread-local value and may throw`() async throws {
    struct Failed: Error {}
    let one = ThreadLocal { 1 }
    let two = ThreadLocal { 2 }
    let thread = try JoinableThread.start(named: "nested") { () -> Int in
      try? one.withValue { value throws(Failed) in
        value += two.withValue { $0 }
        throw Failed()
      }
      return one.withValue { $0 }
    }
    #expect(try await thread.value == 3)
  }
}
