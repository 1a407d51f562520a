import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

@concurrent private func twoLocksInTwoOrders() async throws {
  let left = AsyncMutex(0, name: "left")
  let right = AsyncMutex(0, name: "right")
  let one = Task(name: "one") {
    try await left.withLock { _ in
      await Task.yield()
      try await right.withLock { _ in }
    }
  }
  let two = Task(name: "two") {
    try await right.withLock { _ in
      await Task.yield()
      try await left.withLock { _ in }
    }
  }
  _ = try await (one.value, two.value)
}

/// A lock that is taken two calls below the task that waits for it.
@inline(never) @concurrent private func outer(_ lock: AsyncMutex<Int>) async throws {
  try await inner(lock)
  _ = lock.snapshot()
}

@inline(never) @concurrent private func inner(_ lock: AsyncMutex<Int>) async throws {
  try await lock.withLock { $0 += 1 }
  _ = lock.snapshot()
}

@concurrent private func lockedTwoCallsBelow() async throws {
  let lock = AsyncMutex(0, name: "kept")
  let held = try await lock.lock()
  let waiter = Task(name: "waiter") { try await outer(lock) }
  try await waiter.value
  held.unlock()
}

@concurrent private func childThatWaitsForNobody() async throws {
  await withTaskGroup { group in
    group.addTask(name: "lonely") {
      await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
    await group.waitForAll()
  }
}

@concurrent private func asyncLetThatWaitsForItsParent() async throws {
  let event = AsyncEvent(name: "never set")
  async let child: Void = event.wait()
  try await child
}

extension Task where Success == Never, Failure == Never {
  /// In virtual time.
  static func yieldAfterASecond() async throws {
    try await Bakery.sleep(until: .after(.seconds(1)))
  }
}

private func failure(
  _ body: @escaping @concurrent @Sendable () async throws -> Void
) async -> ExplorationFailure? {
  await #expect(throws: ExplorationFailure.self) { try await explore(body) }
}

@Suite struct DeadlockReportTests {
  @Test func `a cycle of locks is drawn with names and holders`() async throws {
    let found = try #require(await failure(twoLocksInTwoOrders))
    guard case .deadlock = found.reason else {
      Issue.record("another reason: \(found)")
      return
    }
    #expect(found.uncontrolled == nil)
    let waits = found.waits
    #expect(waits.contains("AsyncMutex \"right\""), "\(waits)")
    #expect(waits.contains("held by task 2 \"two\""), "\(waits)")
    #expect(waits.contains("held by task 1 \"one\""), "\(waits)")
    #expect(waits.contains("body waits for task 1 \"one\""), "\(waits)")
    #expect(waits.contains("      at WaitGraphTests.swift:"), "\(waits)")
    #expect(
      waits.contains("cycle: task 1 \"one\" → task 2 \"two\" → task 1 \"one\"")
        || waits.contains("cycle: task 2 \"two\" → task 1 \"one\" → task 2 \"two\""),
      "\(waits)"
    )
    #expect(found.description.contains(waits))
  }

  @Test(arguments: [ExplorationMode.jobs, .threads])
  func `the calls that wait for each other are shown from the innermost outwards`(
    mode: ExplorationMode
  ) async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(mode: mode, lockedTwoCallsBelow)
    }
    let waits = try #require(failure?.waits)
    let lines = waits.split(separator: "\n").map { $0.drop { $0 == " " } }
    let begin = try #require(
      lines.firstIndex { $0.hasPrefix("task 1 \"waiter\" waits for AsyncMutex \"kept\"") },
      "\(waits)"
    )
    let stack = lines[(begin + 1)...].prefix { $0.hasPrefix("at ") || $0.hasPrefix("in ") }
    #expect(stack.first?.hasSuffix("inner") == true, "\(waits)")
    #expect(stack.dropFirst().first?.hasSuffix("outer") == true, "\(waits)")
    #expect(
      stack.allSatisfy { !$0.contains("AsyncMutex") && !$0.contains("WaitOwner") },
      "\(waits)"
    )
    #if DEBUG
    #expect(stack.allSatisfy { $0.contains("WaitGraphTests.swift:") }, "\(waits)")
    #endif
    #expect(lines[begin].hasSuffix("held by body"), "\(waits)")
  }

  @Test func `a cycle of locks is drawn with its holders in mode threads too`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(mode: .threads, twoLocksInTwoOrders)
    }
    let waits = try #require(failure?.waits)
    #expect(failure?.uncontrolled == nil)
    #expect(waits.contains("held by task 2 \"two\""), "\(waits)")
    #expect(waits.contains("held by task 1 \"one\""), "\(waits)")
    #expect(waits.contains("cycle: task "), "\(waits)")
  }

  @Test func `permits and read locks tell their holders in mode threads`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 10, mode: .threads) {
        let gate = AsyncSemaphore(limit: 2, name: "gate")
        let table = AsyncRWLock(0, name: "table")
        let reader = Task(name: "reader") {
          try await table.withReadLock { _ in
            try await gate.withPermit { try await gate.withPermit(2) {} }
          }
        }
        let writer = Task(name: "writer") { try await table.withWriteLock { $0 += 1 } }
        _ = try await (reader.value, writer.value)
      }
    }
    let waits = try #require(failure?.waits)
    #expect(waits.contains("AsyncSemaphore \"gate\""), "\(waits)")
    #expect(waits.contains("held by task 1 \"reader\""), "\(waits)")
  }

  @Test func `a continuation that nobody resumes is found, below the group that waits for it`()
    async throws
  {
    let found = try #require(await failure(childThatWaitsForNobody))
    #expect(
      found.waits.contains("body waits for its child tasks: task 1 \"lonely\""),
      "\(found.waits)"
    )
    #expect(found.waits.contains("a continuation that nobody resumed"), "\(found.waits)")
    #expect(!found.waits.contains("cycle"))
  }

  @Test func `a child of async let is found through the task that waits for it`() async throws {
    let found = try #require(await failure(asyncLetThatWaitsForItsParent))
    #expect(found.waits.contains("AsyncEvent \"never set\""), "\(found.waits)")
    #expect(found.waits.contains("body waits for task 1"), "\(found.waits)")
  }

  @Test func `tasks that wait for each other are found while others go on`() async throws {
    let found = try #require(
      await failure {
        let heart = Task { while true { try await Task.yieldAfterASecond() } }
        defer { heart.cancel() }
        try await twoLocksInTwoOrders()
      }
    )
    guard case .partialDeadlock = found.reason else {
      Issue.record("another reason: \(found)")
      return
    }
    #expect(found.uncontrolled == nil)
    #expect(found.waits.contains("cycle: task "), "\(found.waits)")
    #expect(found.waits.contains("held by task "), "\(found.waits)")
  }

  @Test func `tasks that only wait long are no cycle`() async throws {
    let found = try await explore(schedules: 3) {
      let mutex = AsyncMutex(0)
      try await withThrowingTaskGroup { group in
        for _ in 0..<10 {
          group.addTask {
            for _ in 0..<100 { try await mutex.withLock { _ in await Task.yield() } }
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(found.schedules == 3)
  }

  @Test func `holders are recorded for the exploring thread alone`() async throws {
    _ = await failure(twoLocksInTwoOrders)
    let mutex = AsyncMutex(0)
    var holders: Int?
    while holders == nil {
      // Tests of traces record the holders of the whole process for a moment.
      let level = Trace.level
      let found = try await mutex.withLock { _ in mutex.snapshot().holders.count }
      if level == .off, Trace.level == .off { holders = found } else { await Task.yield() }
    }
    #expect(holders == 0)
  }

  @Test func `a body that blocks its thread is given up with a report`() async throws {
    let gate = Mutex<Bool>(false)
    let explorer = Explorer(
      test: 0,
      limits: ScheduleRun.Limits(blockedNanoseconds: 200_000_000),
      body: { while !gate.withLock({ $0 }) {} }
    )
    let found = await #expect(throws: ExplorationFailure.self) {
      try await onOwnThread(explorer) {
        try $0.explore(schedules: 1, seed: 0, strategy: .mixed, cancelling: .never)
      }
    }
    gate.withLock { $0 = true }
    guard case .blocked? = found?.reason else {
      Issue.record("another reason: \(String(describing: found))")
      return
    }
    #expect(found?.description.contains("await instead of blocking") == true)
  }
}

@Suite struct WaitGraphTests {
  private func graph(_ edges: [[Int]]) -> WaitGraph {
    WaitGraph(
      nodes: edges.enumerated().map { index, others in
        .init(
          name: "t\(index)",
          stack: index == 0 ? ["a.swift:1 f", "a.swift:2 g"] : [],
          waitsFor: "x",
          others: others
        )
      }
    )
  }

  @Test func `a cycle is found wherever it is, and none where there is none`() {
    #expect(graph([]).cycle == [])
    #expect(graph([[1], [2], []]).cycle == [])
    #expect(graph([[1, 2], [3], [3], []]).cycle == [])
    #expect(graph([[0]]).cycle == [0])
    #expect(graph([[1], [2], [1]]).cycle == [1, 2])
    #expect(graph([[], [2], [3], [1, 0]]).cycle == [1, 2, 3])
  }

  @Test func `each task has a line, and the cycle one more`() {
    #expect(
      graph([[1], [0]]).description
        == """
          t0 waits for x
              at a.swift:1 f
              in a.swift:2 g
          t1 waits for x
          cycle: t0 → t1 → t0
        """
    )
  }

  @Test func `a long line of waits is no problem`() {
    let line = graph((0..<2000).map { $0 == 1999 ? [] : [$0 + 1] })
    #expect(line.cycle == [])
  }
}
