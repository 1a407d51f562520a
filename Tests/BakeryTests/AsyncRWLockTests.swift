import Bakery
import BakeryTesting
import Testing

@Suite struct AsyncRWLockTests {
  @Test func `readers are in together, a writer alone`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let lock = AsyncRWLock(0)
      let readers = Gauge()
      async let reads: [Void] = gather(0..<4, width: 4) { _ in
        try await lock.withReadLock { _ in
          readers.enter()
          try await sleep(until: .after(.seconds(1)))
          readers.leave()
        }
      }
      async let writes: [Void] = gather(0..<3, width: 3) { _ in
        try await lock.withWriteLock { value in
          let before = value
          #expect(readers.now == 0)
          try await sleep(until: .after(.seconds(1)))
          #expect(readers.now == 0)
          value = before + 1
        }
      }
      _ = try await (reads, writes)
      #expect(try await lock.withReadLock { $0 } == 3)
      // Three writers, and at most two phases of readers.
      #expect(clock.now.nanoseconds <= 5_000_000_000)
      #expect(lock.snapshot().figures.allSatisfy { $0.value == 0 })
    }
  }

  @Test func `a reader waits for one writer at most, and no writer is starved`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let lock = AsyncRWLock<[String]>([])
      try await withThrowingTaskGroup(of: (String, Int64).self) { group in
        for name in ["early", "w1", "w2", "w3", "late"] {
          group.addTask {
            if name.hasPrefix("w") {
              try await lock.withWriteLock { value in
                value.append(name)
                try await sleep(until: .after(.seconds(1)))
              }
            } else {
              try await lock.withReadLock { _ in try await sleep(until: .after(.seconds(1))) }
            }
            return (name, clock.now.nanoseconds / 1_000_000_000)
          }
          await waitUntilIdle()
        }
        #expect(lock.snapshot()["readers"] == 1)
        #expect(lock.snapshot()["writers waiting"] == 3)
        #expect(lock.snapshot()["readers waiting"] == 1)
        var ends: [String: Int64] = [:]
        for try await (name, time) in group { ends[name] = time }
        #expect(ends == ["early": 1, "w1": 2, "late": 3, "w2": 4, "w3": 5])
      }
      #expect(try await lock.withReadLock { $0 } == ["w1", "w2", "w3"])
    }
  }

  @Test func `attempts take what is free and never overtake a writer`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let lock = AsyncRWLock(1)
      #expect(await lock.withWriteLockIfAvailable { $0 += 1 } != nil)
      async let reader: Void = lock.withReadLock { value in
        #expect(value == 2)
        try await sleep(until: .after(.seconds(1)))
      }
      await waitUntilIdle()
      #expect(await lock.withReadLockIfAvailable { $0 } == 2)
      #expect(await lock.withWriteLockIfAvailable { $0 } == nil)
      async let writer: Void = lock.withWriteLock { $0 += 1 }
      await waitUntilIdle()
      #expect(await lock.withReadLockIfAvailable { $0 } == nil)
      _ = try await (reader, writer)
      #expect(await lock.withReadLockIfAvailable { $0 } == 3)
    }
  }

  @Test func `a writer that runs out of time lets in the readers behind it`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let lock = AsyncRWLock(0, name: "routes")
      async let first: Void = lock.withReadLock { _ in
        try await sleep(until: .after(.seconds(9)))
      }
      await waitUntilIdle()
      async let writer: DeadlineExceeded? = exceeded {
        try await lock.withWriteLock(deadline: .after(.seconds(2))) { $0 += 1 }
      }
      await waitUntilIdle()
      try await lock.withReadLock { #expect($0 == 0) }
      #expect(clock.now.nanoseconds == 2_000_000_000)
      let message = try #require(await writer).description
      #expect(message.contains("withWriteLock on AsyncRWLock \"routes\""))
      try await first
    }
  }

  @Test func `errors come out as they are and leave nothing locked`() async throws {
    struct Failed: Error {}
    let lock = AsyncRWLock(0)
    await #expect(throws: Failed.self) { try await lock.withReadLock { _ in throw Failed() } }
    await #expect(throws: Failed.self) { try await lock.withWriteLock { _ in throw Failed() } }
    do {
      _ = try await lock.withWriteLockIfAvailable { (_) throws(Failed) in throw Failed() }
    } catch {
      let known: Failed = error
      #expect(type(of: known) == Failed.self)
    }
    #expect(lock.snapshot().figures.allSatisfy { $0.value == 0 })
  }

  @Test func `cancelled at every suspension, nobody stays in and nobody is stuck`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let lock = AsyncRWLock(0)
      async let others: [Void] = gather(0..<4, width: 4) { index in
        if index.isMultiple(of: 2) {
          try await lock.withReadLock { _ in await Task.yield() }
        } else {
          try await lock.withWriteLock { value in
            await Task.yield()
            value += 1
          }
        }
      }
      do {
        try await victim.run {
          try await lock.withWriteLock { _ in await Task.yield() }
          try await lock.withReadLock { _ in await Task.yield() }
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      #expect(try await lock.withReadLock { $0 } == 2)
      #expect(lock.snapshot().figures.allSatisfy { $0.value == 0 })
    }
    #expect(cancelled >= 80)
  }

  @Test func `on real threads writers are alone, under cancellation and deadlines`() async throws {
    let lock = AsyncRWLock((count: 0, twin: 0))
    let written = try await withThrowingTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          var written = 0
          for round in 0..<400 {
            let writes = (round + index).isMultiple(of: 4)
            let task = Task {
              guard writes else {
                return try await lock.withReadLock { #expect($0.count == $0.twin) }
              }
              try await lock.withWriteLock(deadline: .after(.milliseconds(round % 3))) { value in
                value.count += 1
                if round.isMultiple(of: 8) { await Task.yield() }
                value.twin += 1
              }
            }
            if (round + index).isMultiple(of: 3) { task.cancel() }
            if case .success = await task.result, writes { written += 1 }
          }
          return written
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(try await lock.withReadLock { $0.twin } == written)
    #expect(lock.snapshot().figures.allSatisfy { $0.value == 0 })
  }

  private func exceeded(_ body: @Sendable () async throws -> Void) async -> DeadlineExceeded? {
    do {
      try await body()
      return nil
    } catch {
      return error as? DeadlineExceeded
    }
  }
}
