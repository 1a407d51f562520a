import Bakery
import BakeryTesting
import Testing

@Suite struct AsyncMutexTests {
  @Test func `one task at a time is inside, also across await`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let mutex = AsyncMutex(0)
      _ = try await gather(0..<5, width: 5) { _ in
        try await mutex.withLock { value in
          let before = value
          try await sleep(until: .after(.seconds(1)))
          value = before + 1
        }
      }
      #expect(try await mutex.withLock { $0 } == 5)
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(mutex.snapshot()["locked"] == 0)
    }
  }

  @Test func `the lock is handed over in the order of the calls`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let mutex = AsyncMutex<[Int]>([])
      try await withThrowingTaskGroup { group in
        let held = try await mutex.lock()
        for index in 0..<4 {
          group.addTask {
            if index == 2 {
              await mutex.withLockUncancellable { $0.append(index) }
            } else {
              try await mutex.withLock { $0.append(index) }
            }
          }
          await waitUntilIdle()
        }
        #expect(mutex.snapshot()["waiting"] == 4)
        held.unlock()
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == [0, 1, 2, 3])
    }
  }

  @Test func `before a task that was called the lock may be taken 64 times`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let mutex = AsyncMutex<[Int]>([])
      let loans = try await withThrowingTaskGroup { group in
        let held = try await mutex.lock()
        for index in 0..<2 {
          group.addTask { try await mutex.withLock { $0.append(index) } }
          await waitUntilIdle()
        }
        held.unlock()
        #expect(mutex.snapshot()["locked"] == 0)
        #expect(mutex.snapshot()["waiting"] == 2)
        var loans = 0
        while let loan = mutex.tryLock() {
          loan.unlock()
          loans += 1
        }
        #expect(mutex.snapshot()["locked"] == 1)
        try await group.waitForAll()
        return loans
      }
      #expect(loans == 64)
      #expect(try await mutex.withLock { $0 } == [0, 1])
      #expect(mutex.snapshot()["locked"] == 0)
    }
  }

  @Test func `a task that comes to a lock that is lent gets it next, before all others`()
    async throws
  {
    try await underBoth(seeds: 0..<20) { _ in
      let mutex = AsyncMutex<[Int]>([])
      try await withThrowingTaskGroup { group in
        var loan = try await lendToCaller(mutex, in: &group) { index in
          try await mutex.withLock { $0.append(index) }
        }
        await waitUntilIdle()
        loan.withValue { $0.append(-1) }
        #expect(mutex.snapshot()["waiting"] == 2)
        #expect(mutex.snapshot()["suspended"] == 2)
        loan.unlock()
        let second = mutex.tryLock() == nil
        #expect(second)
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == [-1, 0, 1])
    }
  }

  @Test func `a deadline ends a wait whose lock was lent, at its instant`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let mutex = AsyncMutex<[Int]>([])
      try await withThrowingTaskGroup { group in
        let loan = try await lendToCaller(mutex, in: &group) { index in
          guard index == 0 else { return try await mutex.withLock { $0.append(index) } }
          await #expect(throws: DeadlineExceeded.self) {
            try await mutex.withLock(deadline: .after(.seconds(5))) { $0.append(index) }
          }
          #expect(clock.now.nanoseconds == 5_000_000_000)
        }
        try await sleep(until: .after(.seconds(60)))
        #expect(mutex.snapshot()["waiting"] == 1)
        loan.unlock()
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == [1])
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a cancellation ends a wait whose lock was lent, before and after it comes`()
    async throws
  {
    for isBefore in [true, false] {
      try await underBoth(seeds: 0..<20) { _ in
        let mutex = AsyncMutex<[Int]>([])
        try await withThrowingTaskGroup { group in
          let loan = try await lendToCaller(mutex, in: &group) { index in
            guard index == 0 else { return await mutex.withLockUncancellable { $0.append(index) } }
            await #expect(throws: CancellationError.self) {
              try await mutex.withLock { $0.append(index) }
            }
            #expect(mutex.snapshot()["locked"] == 1)
          }
          if !isBefore { await waitUntilIdle() }
          group.cancelAll()
          await waitUntilIdle()
          #expect(mutex.snapshot()["waiting"] == 1)
          loan.unlock()
          try await group.waitForAll()
        }
        #expect(try await mutex.withLock { $0 } == [1])
      }
    }
  }

  @Test func `an uncancellable wait whose lock was lent goes on, and gets it next`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let mutex = AsyncMutex<[Int]>([])
      try await withThrowingTaskGroup { group in
        let loan = try await lendToCaller(mutex, in: &group) { index in
          await mutex.withLockUncancellable { $0.append(index) }
        }
        group.cancelAll()
        await waitUntilIdle()
        #expect(mutex.snapshot()["waiting"] == 2)
        loan.unlock()
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == [0, 1])
    }
  }

  /// Lets two tasks wait for the lock, unlocks it, so that the first is called, and takes the lock before it comes.
  private func lendToCaller(
    _ mutex: AsyncMutex<[Int]>,
    in group: inout ThrowingTaskGroup<Void, any Error>,
    _ wait: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> AsyncMutex<[Int]>.Guard {
    let held = try await mutex.lock()
    for index in 0..<2 {
      group.addTask { try await wait(index) }
      await waitUntilIdle()
    }
    held.unlock()
    guard let loan = mutex.tryLock() else { throw NotAlone() }
    return loan
  }

  @Test func `the lock is given back when the body throws, and its error comes out as it is`()
    async throws
  {
    struct Failed: Error {}
    let mutex = AsyncMutex(1)
    await #expect(throws: Failed.self) { try await mutex.withLock { _ in throw Failed() } }
    do {
      try await mutex.withLockUncancellable { (_) throws(Failed) in throw Failed() }
    } catch {
      let known: Failed = error
      #expect(type(of: known) == Failed.self)
    }
    do {
      _ = try await mutex.withLockIfAvailable { (_) throws(Failed) in throw Failed() }
    } catch {
      let known: Failed = error
      #expect(type(of: known) == Failed.self)
    }
    #expect(mutex.snapshot()["locked"] == 0)
  }

  @Test func `values that cannot be copied or sent are lent, exchanged and given back`()
    async throws
  {
    struct Token: ~Copyable {
      var number: Int
    }
    final class Counter {
      var count = 0
    }
    let token = AsyncMutex(Token(number: 1))
    let old = try await token.withLock { value in
      let old = value.number
      value = Token(number: 2)
      return old
    }
    #expect(old == 1)
    let counter = AsyncMutex(Counter())
    try await counter.withLock { $0.count += 1 }
    let taken = try await counter.withLock { value in
      let taken = value
      value = Counter()
      return taken
    }
    #expect(taken.count == 1)
    #expect(try await counter.withLock { $0.count } == 0)
  }

  @Test func `a deadline ends the wait at its instant, and names the mutex`() async throws {
    try await underBoth { clock in
      let mutex = AsyncMutex(0, name: "accounts")
      let held = try await mutex.lock()
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await mutex.withLock(deadline: .after(.seconds(5))) { $0 += 1 }
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("lock on AsyncMutex \"accounts\"") == true)
      held.unlock()
      // One that has passed still takes what is free.
      try await mutex.withLock(deadline: clock.now) { $0 += 1 }
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `an attempt takes the lock only if it is free`() async throws {
    let mutex = AsyncMutex(3)
    #expect(await mutex.withLockIfAvailable { $0 } == 3)
    guard var held = mutex.tryLock() else { Issue.record("it is free"); return }
    held.withValue { $0 = 4 }
    let second = mutex.tryLock() == nil
    #expect(second)
    #expect(await mutex.withLockIfAvailable { $0 } == nil)
    held.unlock()
    #expect(await mutex.withLockIfAvailable { $0 } == 4)
  }

  @Test func `a guard unlocks by unlock and by the end of its life, also in another task`()
    async throws
  {
    let mutex = AsyncMutex(0)
    do {
      var held = try await mutex.lock()
      held.withValue { $0 += 1 }
      #expect(mutex.snapshot()["locked"] == 1)
    }
    #expect(mutex.snapshot()["locked"] == 0)
    let held = try await mutex.lock()
    let parcel = Parcel(held)
    await withTaskGroup { group in
      group.addTask { parcel.open() }
    }
    #expect(mutex.snapshot()["locked"] == 0)
  }

  @Test func `an uncancellable wait goes on until its turn`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let mutex = AsyncMutex(0)
      try await withThrowingTaskGroup { group in
        let held = try await mutex.lock()
        group.addTask {
          await mutex.withLockUncancellable { value in
            value += 1
            #expect(Task.isCancelled)
          }
        }
        await waitUntilIdle()
        group.cancelAll()
        try await sleep(until: .after(.seconds(1)))
        #expect(mutex.snapshot()["waiting"] == 1)
        held.unlock()
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == 1)
      #expect(clock.now.nanoseconds == 1_000_000_000)
    }
  }

  @Test func `a conditional lock goes on when the value is ready`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let mutex = AsyncMutex(0)
      async let large = mutex.withLock(when: { $0 >= 3 }) { value in
        value -= 3
        return clock.now.nanoseconds
      }
      async let small = mutex.withLock(when: { $0 >= 1 }) { value in
        value -= 1
        return clock.now.nanoseconds
      }
      for _ in 0..<4 {
        try await sleep(until: .after(.seconds(1)))
        try await mutex.withLock { $0 += 1 }
      }
      #expect(try await small == 1_000_000_000)
      #expect(try await large == 4_000_000_000)
      #expect(mutex.snapshot()["waiting"] == 0)
      #expect(try await mutex.withLock { $0 } == 0)
    }
  }

  @Test func `a conditional lock ends by its deadline, without the lock, whoever has it`()
    async throws
  {
    try await underBoth(seeds: 0..<20) { clock in
      let mutex = AsyncMutex(0, name: "stock")
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await mutex.withLock(when: { $0 > 0 }, deadline: .after(.seconds(1))) { _ in }
      }
      #expect(error?.description.contains("withLock(when:) on AsyncMutex \"stock\"") == true)
      #expect(mutex.snapshot()["locked"] == 0)
      // The value has changed and somebody else has the lock: the wait stands in line for it.
      async let wait: Void? = ended {
        try await mutex.withLock(when: { $0 > 0 }, deadline: .after(.seconds(1))) { _ in }
      }
      await waitUntilIdle()
      let first = try await mutex.lock()
      async let next = mutex.lock().unlockLater(.seconds(5))
      await waitUntilIdle()
      first.unlock()
      await wait
      #expect(clock.now.nanoseconds == 2_000_000_000)
      #expect(mutex.snapshot()["locked"] == 1)
      try await next
      #expect(mutex.snapshot()["locked"] == 0)
    }
  }

  @Test func `a snapshot and a dump name who waits and, if asked for, who holds`() async throws {
    try await underBoth { _ in
      let mutex = AsyncMutex(0, name: "ledger")
      try await withThrowingTaskGroup { group in
        let held = try await mutex.lock()
        group.addTask(name: "clerk") { try await mutex.withLock { $0 += 1 } }
        await waitUntilIdle()
        let snapshot = mutex.snapshot()
        #expect(snapshot["locked"] == 1)
        #expect(snapshot["waiting"] == 1)
        #expect(snapshot.waiters.map(\.task.name) == ["clerk"])
        #expect(snapshot.description.contains("AsyncMutex \"ledger\""))
        held.unlock()
        try await group.waitForAll()
      }
    }
  }

  @Test func `cancelled at every suspension, the lock is never lost`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let mutex = AsyncMutex(0)
      async let others: [Void] = gather(0..<3, width: 3) { index in
        for round in 0..<2 {
          try await mutex.withLock { value in
            if index != round { await Task.yield() }
            value += 1
          }
        }
      }
      do {
        try await victim.run {
          try await mutex.withLock { _ in await Task.yield() }
          await mutex.withLockUncancellable { _ in await Task.yield() }
          try await mutex.withLock(when: { $0 > 1 }) { _ in await Task.yield() }
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      #expect(mutex.snapshot()["locked"] == 0)
      #expect(mutex.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 100)
  }

  @Test func `on real threads exclusion holds under cancellation and deadlines`() async throws {
    let mutex = AsyncMutex((count: 0, inside: 0))
    let granted = try await withThrowingTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          var granted = 0
          for round in 0..<400 {
            let task = Task {
              try await mutex.withLock(deadline: .after(.milliseconds(round % 3))) { value in
                try enter(&value.inside)
                if round.isMultiple(of: 4) { await Task.yield() }
                value.count += 1
                value.inside -= 1
              }
            }
            if (round + index).isMultiple(of: 3) { task.cancel() }
            switch await task.result {
            case .success: granted += 1
            case .failure(let error) where error is NotAlone: throw error
            case .failure: break
            }
            await mutex.withLockUncancellable { $0.count += 1 }
            granted += 1
          }
          return granted
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(try await mutex.withLock { $0.count } == granted)
    #expect(mutex.snapshot()["locked"] == 0)
    #expect(mutex.snapshot()["waiting"] == 0)
  }

  @Test func `on real threads a lock that is lent reaches all who wait for it`() async throws {
    let pool = ThreadPool(threads: 4)
    let mutex = AsyncMutex((count: 0, inside: 0))
    let granted = try await withTaskExecutorPreference(pool) {
      try await withThrowingTaskGroup { group in
        for index in 0..<8 {
          group.addTask {
            var granted = 0
            for round in 0..<2000 {
              let deadline = index < 4 ? .never : Deadline.after(.microseconds(round % 64))
              do {
                try await mutex.withLock(deadline: deadline) { value in
                  try enter(&value.inside)
                  if round % 512 == 511 { await Task.yield() }
                  value.count += 1
                  value.inside -= 1
                }
                granted += 1
              } catch is DeadlineExceeded {}
            }
            return granted
          }
        }
        return try await group.reduce(0, +)
      }
    }
    #expect(granted >= 4 * 2000)
    #expect(try await mutex.withLock { $0.count } == granted)
    #expect(mutex.snapshot()["locked"] == 0)
    #expect(mutex.snapshot()["waiting"] == 0)
    await pool.shutdown()
  }

  private func ended(_ body: @Sendable () async throws -> Void) async {
    await #expect(throws: DeadlineExceeded.self) { try await body() }
  }
}

private struct NotAlone: Error {}

private func enter(_ inside: inout Int) throws {
  guard inside == 0 else { throw NotAlone() }
  inside += 1
}

extension AsyncMutex<Int>.Guard {
  consuming func unlockLater(_ duration: Duration) async throws {
    try await sleep(until: .after(duration))
    unlock()
  }
}

/// Hands a guard to a task.
private final class Parcel: Sendable {
  private let content: AsyncMutex<AsyncMutex<Int>.Guard?>

  init(_ content: consuming AsyncMutex<Int>.Guard) {
    self.content = AsyncMutex(content)
  }

  func open() {
    guard var lock = content.tryLock() else { return }
    lock.withValue { $0 = nil }
  }
}
