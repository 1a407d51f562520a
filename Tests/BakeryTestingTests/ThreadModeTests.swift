@testable import Bakery
@testable import BakeryTesting
import Testing

private struct Wrong: Error, Equatable {
  let what: String
  init(_ what: String) { self.what = what }
}

/// Two tasks that each read a value, and write it one higher, each time under its lock.
@concurrent private func lostUpdate() async throws {
  let cell = Guarded(0)
  await withTaskGroup { group in
    for _ in 0..<2 {
      group.addTask {
        let seen = cell.withLock { $0 }
        cell.withLock { $0 = seen + 1 }
      }
    }
  }
  if cell.withLock({ $0 }) != 2 { throw Wrong("lost") }
}

private final class Shown: Traceable {
  let identity = ObjectIdentity(kind: "Shown", name: nil, file: #fileID, line: #line)
  func snapshot() -> Snapshot { Snapshot(of: identity, figures: [:]) }
}

@Suite struct ThreadModeTests {
  @Test func `two locked sections of a task are two steps`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(mode: .threads) { try await lostUpdate() }
    }
    #expect(failure?.uncontrolled == nil)
    let rows = failure?.interleaving ?? ""
    #expect(rows.contains("ThreadModeTests.swift"))
    let again = await #expect(throws: ExplorationFailure.self) {
      try await explore(replaying: failure?.replay ?? "", mode: .threads) {
        try await lostUpdate()
      }
    }
    #expect(again?.interleaving == failure?.interleaving)
    // Between suspensions there is nothing to find.
    try await explore(schedules: 200) { try await lostUpdate() }
  }

  @Test func `the replay string of one mode is refused by the other`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(mode: .threads) { try await lostUpdate() }
    }
    await #expect(throws: ExplorationRefused.self) {
      try await explore(replaying: failure?.replay ?? "") { try await lostUpdate() }
    }
  }

  @Test func `all orders of two tasks with two locked sections each are tried`() async throws {
    let result = try await explore(schedules: 20_000, mode: .threads, strategy: .exhaustive) {
      let cell = Guarded(0)
      let other = Task { cell.withLock { $0 += 1 } }
      cell.withLock { $0 += 1 }
      await other.value
      if cell.withLock({ $0 }) != 2 { throw Wrong("lost") }
    }
    #expect(result.isComplete)
    #expect(result.schedules == result.distinctSchedules)
    #expect(result.schedules > 2)
  }

  @Test func `the same seed gives the same schedules`() async throws {
    var fingerprints: Set<UInt64> = []
    for _ in 0..<5 {
      let result = try await explore(schedules: 100, seed: 7, mode: .threads) {
        let gate = AsyncSemaphore(limit: 1)
        try await withThrowingTaskGroup { group in
          for _ in 0..<3 {
            group.addTask {
              try await gate.withPermit { await Task.yield() }
              try await sleep(until: .after(.seconds(1)))
            }
          }
          try await group.waitForAll()
        }
      }
      #expect(result.uncontrolled == nil)
      fingerprints.insert(result.fingerprint)
    }
    #expect(fingerprints.count == 1)
  }

  @Test func `threads that take two monitors in two orders wait for ever`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(mode: .threads) {
        let (left, right) = (Monitor(0), Monitor(0))
        let one = try JoinableThread<Void, Never>.start(named: "one") {
          left.withLock { _ in right.withLock { $0 += 1 } }
        }
        let other = try JoinableThread<Void, Never>.start(named: "other") {
          right.withLock { _ in left.withLock { $0 += 1 } }
        }
        try await one.value
        try await other.value
      }
    }
    guard case .deadlock = failure?.reason else {
      Issue.record("not found: \(String(describing: failure))")
      return
    }
    let waits = failure?.waits ?? ""
    for (waiting, holder) in [
      ("thread 1 \"one\"", "thread 2 \"other\""), ("thread 2 \"other\"", "thread 1 \"one\""),
    ] {
      #expect(
        waits.contains("\(waiting) waits for a lock, on its thread, held by \(holder)"),
        "\(waits)"
      )
    }
    #expect(waits.contains("cycle: thread "), "\(waits)")
    // Optimized code does not say where.
    #if DEBUG
    #expect(
      waits.contains("at ThreadModeTests.swift:") || waits.contains("Monitor.swift"),
      "\(waits)"
    )
    #endif
    #expect(failure?.uncontrolled == nil)
  }

  @Test func `threads wait for each other and for deadlines in virtual time`() async throws {
    try await explore(schedules: 300, mode: .threads) {
      let box = Monitor<Int?>(nil)
      let never = Monitor(false)
      let reader = try JoinableThread<Int, any Error>.start(named: "reader") {
        do {
          try never.withLock(when: { $0 }, deadline: .after(.seconds(3600))) { _ in }
          throw Wrong("a condition that never holds")
        } catch is DeadlineExceeded {}
        return box.withLock(when: { $0 != nil }) { $0 ?? 0 }
      }
      let writer = try JoinableThread<Void, Never>.start(named: "writer") {
        box.withLock { $0 = 7 }
        box.notifyOne()
      }
      try await writer.join(deadline: .never)
      guard try await reader.value == 7 else { throw Wrong("another value") }
    }
  }

  @Test func `a deadline comes while a grant is on its way`() async throws {
    let ends = Guarded<Set<Bool>>([])
    try await explore(schedules: 300, mode: .threads) {
      let gate = AsyncSemaphore(limit: 1)
      let soon = Deadline.after(.seconds(1))
      let holder = Task {
        try await gate.withPermit { try await sleep(until: soon) }
      }
      let waiter = Task {
        await Task.yield()
        do {
          try await gate.withPermit(deadline: soon) {}
          return true
        } catch is DeadlineExceeded {
          return false
        }
      }
      try await holder.value
      let isGranted = try await waiter.value
      ends.withLockUnobserved { _ = $0.insert(isGranted) }
      if gate.tryAcquire() == nil { throw Wrong("a permit is lost") }
    }
    let seen = ends.withLockUnobserved { $0 }
    #expect(seen == [true, false])
  }

  @Test func `other threads of the process go on`() async throws {
    let outside = Task.detached {
      var laps = 0
      let gate = AsyncSemaphore(limit: 1)
      while !Task.isCancelled {
        try? await gate.withPermit { laps += 1 }
        await Task.yield()
      }
      return laps
    }
    let result = try await explore(schedules: 300, mode: .threads) {
      let mutex = AsyncMutex(0)
      async let first: Void = mutex.withLock { $0 += 1 }
      try await mutex.withLock { $0 += 1 }
      try await first
    }
    outside.cancel()
    let laps = await outside.value
    #expect(result.uncontrolled == nil)
    #expect(laps > 0)
  }

  @Test func `others see the objects of the process, and not those of an exploration`() async throws
  {
    let (shared, own) = (Shown(), Shown())
    try await explore(schedules: 1, mode: .threads) {
      let threads = try [shared, own].map { object in
        try JoinableThread<Void, Never>.start(named: "shows") {
          if object === shared { Trace.registerShared(object) } else { Trace.register(object) }
        }
      }
      for thread in threads { try await thread.value }
    }
    let numbers = Trace.snapshots().map(\.identity.number)
    #expect(numbers.contains(shared.identity.number))
    #expect(!numbers.contains(own.identity.number))
  }

  @Test func `the handler of a cancellation is one step, whoever installs it`() async throws {
    let seen = Guarded<Set<Int>>([])
    try await explore(schedules: 500, mode: .threads) {
      let cell = Guarded(0)
      let task = Task {
        await withTaskCancellationHandler {
          await Task.yield()
        } onCancel: {
          cell.withLock { $0 += 1 }
          cell.withLock { $0 += 1 }
        }
        seen.withLockUnobserved { _ = $0.insert(cell.withLockUnobserved { $0 }) }
      }
      task.cancel()
      await task.value
    }
    let counts = seen.withLockUnobserved { $0 }
    #expect(counts.isSubset(of: [0, 2]) && counts.contains(2), "\(counts)")
  }

  @Test func `work that is gathered or abandoned may be cancelled at every point`() async throws {
    try await explore(schedules: 400, mode: .threads, cancelling: .everywhere) {
      let gate = AsyncSemaphore(limit: 1)
      async let gathered = gather(0..<2, width: 2) { number in
        try await gate.withPermit { number }
      }
      async let abandoned = abandon(at: .never) { try await gate.withPermit { 1 } }
      _ = try? await (gathered, abandoned)
    }
  }

  @Test func `a pool of the process that a scheduled thread makes is shown to others`() async {
    await #expect(processExitsWith: .success) {
      try await explore(schedules: 1, mode: .threads) {
        let maker = try JoinableThread<Int, Never>.start(named: "maker") {
          ThreadPool.shared.threads
        }
        _ = try await maker.value
      }
      let shown = Trace.snapshots().contains {
        $0.identity.number == ThreadPool.shared.identity.number
      }
      precondition(shown, "the pool is hidden")
    }
  }

  @Test func `a cancellation at every point loses no permit`() async throws {
    try await explore(schedules: 2000, mode: .threads, cancelling: .everywhere) {
      let gate = AsyncSemaphore(limit: 1)
      async let first: Void = gate.withPermit { await Task.yield() }
      async let second: Void = gate.withPermit { await Task.yield() }
      _ = try? await (first, second)
      if gate.tryAcquire() == nil { throw Wrong("a permit is lost") }
    }
  }
}
