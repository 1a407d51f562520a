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
    #expect(waits.contains("body at WaitGraphTests.swift:"), "\(waits)")
    #expect(
      waits.contains("cycle: task 1 \"one\" → task 2 \"two\" → task 1 \"one\"")
        || waits.contains("cycle: task 2 \"two\" → task 1 \"one\" → task 2 \"two\""),
      "\(waits)"
    )
    #expect(found.description.contains(waits))
  }

  @Test func `a continuation that nobody resumes is found, below the group that waits for it`()
    async throws
  {
    let found = try #require(await failure(childThatWaitsForNobody))
    #expect(found.waits.contains("body at"), "\(found.waits)")
    #expect(found.waits.contains("waits for its child tasks: task 1 \"lonely\""), "\(found.waits)")
    #expect(found.waits.contains("a continuation that nobody resumed"), "\(found.waits)")
    #expect(!found.waits.contains("cycle"))
  }

  @Test func `a child of async let is found through the task that waits for it`() async throws {
    let found = try #require(await failure(asyncLetThatWaitsForItsParent))
    #expect(found.waits.contains("AsyncEvent \"never set\""), "\(found.waits)")
    #expect(found.waits.contains("body at"), "\(found.waits)")
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
          place: index == 0 ? "a.swift:1 f" : "",
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
          t0 at a.swift:1 f waits for x
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
