import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

private struct Wrong: Error, Equatable {
  let what: String
  init(_ what: String) { self.what = what }
}

actor Cell {
  private(set) var value = 0
  func get() -> Int { value }
  func set(_ new: Int) { value = new }
}

/// Two tasks that each read a value, and write it one higher; returns what it is in the end.
@concurrent func twoIncrements() async -> Int {
  let cell = Cell()
  let first = Task { await cell.set(await cell.get() + 1) }
  let second = Task { await cell.set(await cell.get() + 1) }
  await first.value
  await second.value
  return await cell.get()
}

/// Children that write and read two actors in turn: a defect that shows if a reader sees one written and not the other.
@concurrent private func reorder(_ count: Int) async throws {
  let left = Cell()
  let right = Cell()
  try await withThrowingTaskGroup { group in
    for _ in 0..<count {
      group.addTask {
        await left.set(1)
        await right.set(-1)
      }
    }
    group.addTask {
      let seen = (await left.get(), await right.get())
      if seen != (0, 0), seen != (1, -1) { throw Wrong("reordered") }
    }
    try await group.waitForAll()
  }
}

/// A little of everything, with times drawn at random.
@concurrent func mixture() async throws {
  let (stream, source) = AsyncStream.makeStream(of: Int.self)
  let gate = AsyncSemaphore(limit: 1)
  await withTaskGroup { group in
    for index in 0..<4 {
      group.addTask {
        try? await Task.sleep(for: .milliseconds(Int.random(in: 1...20)))
        try? await gate.withPermit { try await sleep(until: .after(.milliseconds(3))) }
        source.yield(index)
        if index == 3 { source.finish() }
      }
    }
    group.addTask { for await _ in stream { await Task.yield() } }
    group.addTask { await onMain() }
  }
}

@MainActor private func onMain() async { await Task.yield() }

@MainActor private var mainTotal = 0
@MainActor private func countOnMain() { for _ in 0..<100 { mainTotal += 1 } }

private final class Order: Sendable {
  private let tasks = Mutex<[Int]>([])
  func add(_ task: Int) { tasks.withLock { $0.append(task) } }
  var all: [Int] { tasks.withLock { $0 } }
}

private final class ContinuationPlace: Sendable {
  private let place = Mutex<UnsafeContinuation<Void, Never>?>(nil)
  func put(_ continuation: UnsafeContinuation<Void, Never>) { place.withLock { $0 = continuation } }
  func resume() { place.withLock { $0 }?.resume() }
}

private enum Local {
  @TaskLocal static var number = 0
}

@Suite struct ExploreTests {
  @Test(arguments: 0..<5 as Range<UInt64>)
  func `a lost update is found in a few schedules`(seed: UInt64) async {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 20, seed: seed) {
        let value = await twoIncrements()
        if value != 2 { throw Wrong("\(value)") }
      }
    }
    guard case .threw(let error as Wrong)? = failure?.reason else {
      Issue.record("another reason: \(String(describing: failure))")
      return
    }
    #expect(error == Wrong("1"))
    #expect(failure?.uncontrolled == nil)
  }

  @Test func `all ends of a race are seen by every strategy but the order of readiness`()
    async throws
  {
    let strategies: [ExplorationStrategy] = [
      .mixed, .randomWalk, .jobPriorities, .partialOrder, .taskPriorities(depth: 3), .delays(3),
      .exhaustive,
    ]
    for strategy in strategies {
      let seen = Mutex<Set<Int>>([])
      try await explore(schedules: 300, strategy: strategy) {
        let value = await twoIncrements()
        seen.withLock { _ = $0.insert(value) }
      }
      #expect(seen.withLock { $0 } == [1, 2], "\(strategy)")
    }
    let once = try await explore(strategy: .inOrder) { _ = await twoIncrements() }
    #expect(once.schedules == 1)
    #expect(once.isComplete)
  }

  @Test func `a hop from one actor to another is a point where others may go first`() async {
    await #expect(throws: ExplorationFailure.self) {
      try await explore(strategy: .randomWalk) { try await reorder(3) }
    }
  }

  /// Tasks that give their thread up between segments.
  @Test(arguments: [(2, 1, 2), (2, 2, 6), (2, 4, 70), (3, 1, 6), (3, 2, 90), (4, 2, 2520)])
  func `exhaustive exploration of real tasks finds each order once`(
    tasks: Int,
    segments: Int,
    count: Int
  ) async throws {
    let orders = Mutex<Set<[Int]>>([])
    let found = try await explore(schedules: 3 * count, strategy: .exhaustive) {
      let order = Order()
      await withDiscardingTaskGroup { group in
        for task in 0..<tasks {
          group.addTask {
            for segment in 0..<segments {
              if segment > 0 { await Task.yield() }
              order.add(task)
            }
          }
        }
      }
      orders.withLock { _ = $0.insert(order.all) }
    }
    #expect(found.isComplete)
    #expect(found.schedules == count)
    // The orders of what only a mutex sees are not told from one another.
    #expect(found.distinctSchedules <= count)
    #expect(orders.withLock { $0.count } == count)
  }

  @Test func `a seed repeats its schedules, also beside other explorations`() async throws {
    let first = try await explore(schedules: 50, seed: 42) { try await mixture() }
    #expect(first.uncontrolled == nil)
    let all = try await withThrowingTaskGroup { group in
      for _ in 0..<100 {
        group.addTask { try await explore(schedules: 50, seed: 42) { try await mixture() } }
      }
      return try await group.reduce(into: Set<UInt64>()) { $0.insert($1.fingerprint) }
    }
    #expect(all == [first.fingerprint])
    let other = try await explore(schedules: 50, seed: 43) { try await mixture() }
    #expect(other.fingerprint != first.fingerprint)
  }

  @Test func `sleep, clocks and deadlines share one virtual time`() async throws {
    try await explore(schedules: 20) {
      let begin = ContinuousClock.now
      let other = SuspendingClock.now
      try await Task.sleep(for: .seconds(3600))
      try await sleep(until: .after(.seconds(3600)))
      try await Task.sleep(nanoseconds: 5)
      try await SuspendingClock().sleep(for: .seconds(1))
      let passed = Duration.nanoseconds(7_201_000_000_005)
      guard ContinuousClock.now - begin == passed, SuspendingClock.now - other == passed,
        Deadline.now.nanoseconds == 7_201_000_000_005
      else { throw Wrong("times differ") }
    }
  }

  @Test func `random numbers repeat with the seed`() async throws {
    func numbers(seed: UInt64) async throws -> [Int] {
      let numbers = Mutex<[Int]>([])
      try await explore(schedules: 5, seed: seed) {
        let number = Int.random(in: 0..<1_000_000)
        let order = Array(0..<50).shuffled()
        numbers.withLock { $0 += [number] + order }
      }
      return numbers.withLock { $0 }
    }
    let first = try await numbers(seed: 9)
    #expect(try await numbers(seed: 9) == first)
    #expect(try await numbers(seed: 10) != first)
  }

  @Test func `tasks of every kind, groups, streams and handlers do what they do elsewhere`()
    async throws
  {
    let found = try await explore(schedules: 300) {
      async let ordinary = Task { 1 }.value
      async let detached = Task.detached { 2 }.value
      async let immediate = Task.immediate { 3 }.value
      async let preferring = Task(executorPreference: globalConcurrentExecutor) { 4 }.value
      guard await ordinary + detached + immediate + preferring == 10 else { throw Wrong("tasks") }

      do {
        try await withThrowingTaskGroup { group in
          group.addTask { try await Task.sleep(for: .seconds(100)) }
          group.addTask { throw Wrong("child") }
          try await group.waitForAll()
        }
        throw Wrong("group")
      } catch let error as Wrong { guard error == Wrong("child") else { throw error } }

      let (stream, source) = AsyncStream.makeStream(of: Int.self)
      let producer = Task {
        for index in 1...4 {
          source.yield(index)
          await Task.yield()
        }
        source.finish()
      }
      let received = await stream.reduce(into: [Int]()) { $0.append($1) }
      await producer.value
      guard received == [1, 2, 3, 4] else { throw Wrong("stream") }

      let cancelled = Mutex(0)
      let sleeper = Task {
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(1000))
        } onCancel: {
          cancelled.withLock { $0 += 1 }
        }
      }
      await Task.yield()
      sleeper.cancel()
      guard case .failure = await sleeper.result, cancelled.withLock({ $0 }) == 1 else {
        throw Wrong("cancellation")
      }
    }
    #expect(found.uncontrolled == nil)
    #expect(found.distinctSchedules > 100)
  }

  @Test func `the main actor is itself, and nobody else's meanwhile`() async throws {
    let before = await mainTotal
    try await withThrowingTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          try await explore(schedules: 300) {
            await countOnMain()
            await MainActor.run { MainActor.assertIsolated() }
          }
        }
      }
      for _ in 0..<300 { await countOnMain() }
      try await group.waitForAll()
    }
    #expect(await mainTotal - before == 90_000)
  }

  @Test func `waitUntilIdle returns when all others wait, and time stands meanwhile`() async throws
  {
    try await explore(schedules: 50) {
      let gate = AsyncSemaphore(limit: 1)
      let permit = try await gate.acquire()
      async let waits: Void = gate.withPermit {}
      async let sleeps: Void = sleep(until: .after(.seconds(1)))
      await waitUntilIdle()
      guard gate.snapshot()["waiting"] == 1, Deadline.now.nanoseconds == 0 else {
        throw Wrong("not idle")
      }
      permit.release()
      _ = try await (waits, sleeps)
    }
  }

  @Test func `tasks that wait for each other are a deadlock`() async {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore {
        let left = AsyncMutex(0)
        let right = AsyncMutex(0)
        async let one: Void = left.withLock { _ in
          await Task.yield()
          try await right.withLock { _ in }
        }
        async let two: Void = right.withLock { _ in
          await Task.yield()
          try await left.withLock { _ in }
        }
        _ = try await (one, two)
      }
    }
    guard case .deadlock? = failure?.reason else {
      Issue.record("another reason: \(String(describing: failure))")
      return
    }
  }

  @Test func `a body that goes on for ever ends at the limit of steps`() async {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(stepLimit: 500) { while true { await Task.yield() } }
    }
    #expect(failure?.description.contains("did not end within 500 steps") == true)
  }

  @Test func `what the body leaves running is cancelled, and what ignores that is abandoned`()
    async throws
  {
    let ended = Order()
    // A strategy of priorities may let the endless task take all the steps that are left for ending.
    let found = try await explore(schedules: 20, strategy: .randomWalk) {
      Task {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
        ended.add(1)
      }
      Task { while true { await Task.yield() } }
      Task { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
      await Task.yield()
    }
    #expect(found.schedules == 20)
    #expect(ended.all.count == 20)
  }

  @Test func `task-local values reach the body`() async throws {
    try await Local.$number.withValue(7) {
      try await explore(schedules: 10) {
        let inner = await Task { Local.number }.value
        guard Local.number == 7, inner == 7 else { throw Wrong("task-local value") }
      }
    }
  }

  @Test func `a continuation that a thread resumes is served and said not to be under control`()
    async throws
  {
    let found = try await explore(schedules: 3) {
      let place = ContinuationPlace()
      async let waits: Void = withUnsafeContinuation { place.put($0) }
      // Now it waits, so that the thread wakes it and does not come first.
      await waitUntilIdle()
      let resumer = try JoinableThread.start(named: "outside") { place.resume() }
      await waits
      withExtendedLifetime(resumer) {}
    }
    #expect(found.uncontrolled?.contains("thread") == true)
  }

  @Test func `an exploration inside an exploration is refused with the reason`() async {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore { try await explore {} }
    }
    #expect(failure?.description.contains("explore inside explore") == true)
  }

  @Test func `a cancelled exploration ends`() async {
    let begun = Oneshot<Void>()
    let task = Task {
      try await explore(schedules: .max) {
        try? begun.sender.send(())
        await Task.yield()
      }
    }
    _ = try? await begun.receiver.receive()
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a cancellation before every step finds what is lost with it`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 500, strategy: .inOrder, cancelling: .everywhere) {
        let free = Cell()
        do {
          await free.set(1)
          await Task.yield()
          // The defect: what was taken is not given back.
          try Task.checkCancellation()
          await free.set(0)
        } catch {}
        if await free.value != 0 { throw Wrong("lost") }
      }
    }
    #expect(failure?.description.contains("cancelled before step") == true)
    #expect(failure?.uncontrolled == nil)
  }

  @Test func `a semaphore loses nothing when its waiter is cancelled before any step`() async throws
  {
    let found = try await explore(schedules: 2000, cancelling: .everywhere) {
      let seats = AsyncSemaphore(limit: 1)
      let other = Task { try await seats.withPermit { await Task.yield() } }
      do {
        await Task.yield()
        try await seats.withPermit { await Task.yield() }
      } catch is CancellationError {}
      try await other.value
      guard seats.snapshot()["available"] == 1 else { throw Wrong("a permit") }
    }
    #expect(found.schedules == 2000)
    #expect(found.uncontrolled == nil)
  }
}
