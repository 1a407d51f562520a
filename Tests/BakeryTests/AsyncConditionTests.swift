import Bakery
import BakeryTesting
import Testing

@Suite struct AsyncConditionTests {
  @Test func `a notified task goes on with the lock, and not before it is free`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let mutex = AsyncMutex(0)
      let condition = AsyncCondition(of: mutex)
      async let waiter = {
        var lock = try await mutex.lock()
        try await condition.wait(&lock)
        return (lock.withValue { $0 }, clock.now.nanoseconds)
      }()
      await waitUntilIdle()
      #expect(condition.snapshot()["waiting"] == 1)
      #expect(mutex.snapshot()["locked"] == 0)
      try await mutex.withLock { value in
        condition.notifyOne()
        #expect(condition.snapshot()["waiting"] == 0)
        try await sleep(until: .after(.seconds(1)))
        value = 7
      }
      let (value, time) = try await waiter
      #expect(value == 7)
      #expect(time == 1_000_000_000)
      #expect(mutex.snapshot()["locked"] == 0)
    }
  }

  @Test func `tasks are notified in the order of their waits, one or all`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let mutex = AsyncMutex<[Int]>([])
      let condition = AsyncCondition(of: mutex)
      try await withThrowingTaskGroup { group in
        for index in 0..<4 {
          group.addTask {
            var lock = try await mutex.lock()
            try await condition.wait(&lock)
            lock.withValue { $0.append(index) }
          }
          await waitUntilIdle()
        }
        condition.notifyOne()
        await waitUntilIdle()
        #expect(try await mutex.withLock { $0 } == [0])
        condition.notifyAll()
        try await group.waitForAll()
      }
      #expect(try await mutex.withLock { $0 } == [0, 1, 2, 3])
    }
  }

  @Test func `a bounded buffer of two conditions passes everything on`() async throws {
    try await underBoth(seeds: 0..<50) { _ in
      let buffer = AsyncMutex<[Int]>([])
      let hasRoom = AsyncCondition(of: buffer)
      let hasItems = AsyncCondition(of: buffer)
      async let sum = gather(0..<3, width: 3) { _ in
        var sum = 0
        for _ in 0..<10 {
          var lock = try await buffer.lock()
          try await hasItems.wait(&lock) { !$0.isEmpty }
          sum += lock.withValue { $0.removeFirst() }
          hasRoom.notifyOne()
        }
        return sum
      }
      _ = try await gather(0..<30, width: 4) { item in
        var lock = try await buffer.lock()
        try await hasRoom.wait(&lock) { $0.count < 2 }
        lock.withValue { $0.append(item) }
        hasItems.notifyOne()
      }
      #expect(try await sum.reduce(0, +) == 435)
    }
  }

  @Test func `a deadline ends the wait, with the lock, and the time to get it is on top`()
    async throws
  {
    try await underBoth(seeds: 0..<20) { clock in
      let mutex = AsyncMutex(0)
      let condition = AsyncCondition(of: mutex, name: "filled")
      var lock = try await mutex.lock()
      async let other: Void = mutex.withLock { value in
        try await sleep(until: .after(.seconds(3)))
        value = 1
      }
      await waitUntilIdle()
      do {
        try await condition.wait(&lock, deadline: .after(.seconds(1)))
        Issue.record("nobody notified")
      } catch let error as DeadlineExceeded {
        #expect(error.description.contains("wait on AsyncCondition \"filled\""))
      }
      #expect(clock.now.nanoseconds == 3_000_000_000)
      #expect(lock.withValue { $0 } == 1)
      lock.unlock()
      try await other
    }
  }

  @Test func `cancelled at every suspension, no notification is lost and the lock is held`()
    async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let mutex = AsyncMutex(0)
      let condition = AsyncCondition(of: mutex)
      async let other: Void = take(mutex, condition)
      async let giver: Void = {
        // One for each that still needs one: whoever is cancelled leaves its own to the other.
        for _ in 0..<2 {
          try await mutex.withLock { value in
            value += 1
            condition.notifyOne()
          }
          await Task.yield()
        }
      }()
      do {
        try await victim.run { try await take(mutex, condition) }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      try await other
      try await giver
      #expect(mutex.snapshot()["locked"] == 0)
      #expect(condition.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 80)
  }

  @Test func `on real threads a buffer under cancellation loses nothing`() async throws {
    let mutex = AsyncMutex(0)
    let condition = AsyncCondition(of: mutex)
    let taken = try await withThrowingTaskGroup { group in
      for index in 0..<4 {
        group.addTask {
          var taken = 0
          for round in 0..<200 {
            let task = Task { try await take(mutex, condition) }
            if (round + index).isMultiple(of: 4) { task.cancel() }
            if case .success = await task.result { taken += 1 }
          }
          return taken
        }
      }
      group.addTask {
        // Until all takers are through: those that were not cancelled need one each.
        for _ in 0..<800 {
          await mutex.withLockUncancellable { $0 += 1 }
          condition.notifyOne()
        }
        return 0
      }
      return try await group.reduce(0, +)
    }
    #expect(taken >= 600)
    #expect(try await mutex.withLock { $0 } == 800 - taken)
    #expect(mutex.snapshot()["waiting"] == 0)
    #expect(condition.snapshot()["waiting"] == 0)
  }
}

/// Waits until there is one, and takes it.
private func take(_ mutex: AsyncMutex<Int>, _ condition: AsyncCondition) async throws {
  var lock = try await mutex.lock()
  try await condition.wait(&lock) { $0 > 0 }
  lock.withValue { $0 -= 1 }
}
