import Bakery
import BakeryTesting
import Testing

private actor Log {
  private(set) var lines: [String] = []
  func add(_ line: String) { lines.append(line) }
}

@Suite struct AsyncSemaphoreTests {
  @Test func `no more tasks than the limit are inside at once`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let semaphore = AsyncSemaphore(limit: 3)
      let inside = Gauge()
      _ = try await gather(0..<20, width: 20) { _ in
        try await semaphore.withPermit {
          inside.enter()
          try await sleep(until: .after(.seconds(1)))
          inside.leave()
        }
      }
      #expect(inside.most == 3)
      #expect(semaphore.snapshot()["available"] == 3)
      // Twenty seconds of work by three at a time.
      #expect(clock.now == Deadline(nanoseconds: 7_000_000_000))
    }
  }

  @Test func `waiters are granted in the order of their calls`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let semaphore = AsyncSemaphore(limit: 1)
      let log = Log()
      try await withThrowingTaskGroup { group in
        let permit = try await semaphore.acquire()
        for name in ["a", "b", "c"] {
          group.addTask { try await semaphore.withPermit { await log.add(name) } }
          await waitUntilIdle()
        }
        #expect(semaphore.snapshot()["waiting"] == 3)
        permit.release()
        try await group.waitForAll()
      }
      #expect(await log.lines == ["a", "b", "c"])
    }
  }

  @Test func `a permit is given back by release, by the end of its life, and when the body throws`()
    async throws
  {
    struct Failed: Error {}
    let semaphore = AsyncSemaphore(limit: 2)
    let permit = try await semaphore.acquire(2)
    #expect(semaphore.snapshot()["available"] == 0)
    permit.release()
    #expect(semaphore.snapshot()["available"] == 2)
    do {
      let forgotten = try await semaphore.acquire()
      #expect(forgotten.count == 1)
    }
    #expect(semaphore.snapshot()["available"] == 2)
    await #expect(throws: Failed.self) { try await semaphore.withPermit(2) { throw Failed() } }
    #expect(semaphore.snapshot()["available"] == 2)
  }

  @Test func `try takes what is free and never more`() {
    let semaphore = AsyncSemaphore(limit: 2)
    guard let permit = semaphore.tryAcquire(2) else { Issue.record("two are free"); return }
    let second = semaphore.tryAcquire() == nil
    #expect(second)
    permit.release()
    let third = semaphore.tryAcquire() != nil
    #expect(third)
  }

  @Test func `a deadline ends the wait at its instant and takes nothing`() async throws {
    try await underBoth { clock in
      let semaphore = AsyncSemaphore(limit: 1, name: "slots")
      let permit = try await semaphore.acquire()
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await semaphore.withPermit(deadline: .after(.seconds(5))) {}
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("acquire on AsyncSemaphore \"slots\"") == true)
      permit.release()
      #expect(semaphore.snapshot()["available"] == 1)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a deadline that has passed takes what is free and does not wait`() async throws {
    try await simulate(autoAdvance: false) { clock in
      let semaphore = AsyncSemaphore(limit: 1)
      let permit = try await semaphore.acquire(deadline: clock.now)
      await #expect(throws: DeadlineExceeded.self) {
        try await semaphore.withPermit(deadline: .after(.seconds(-1))) {}
      }
      permit.release()
    }
  }

  @Test func `a request that can never be granted says so at once`() async throws {
    let semaphore = AsyncSemaphore(limit: 2, name: "small")
    let failure = await #expect(throws: SemaphoreFailure.self) {
      try await semaphore.withPermit(3) {}
    }
    #expect(failure?.reason == .impossible)
    #expect(failure?.description.contains("whose limit is 2") == true)
    await #expect(throws: SemaphoreFailure.self) { try await semaphore.withPermit(Int.max) {} }
    #expect(semaphore.snapshot()["available"] == 2)
  }

  @Test func `closing wakes waiters with an error and keeps held permits valid`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      let semaphore = AsyncSemaphore(limit: 1)
      let permit = try await semaphore.acquire()
      async let waits: SemaphoreFailure? = failure { try await semaphore.withPermit {} }
      await waitUntilIdle()
      semaphore.close()
      semaphore.close()
      #expect(await waits?.reason == .closed)
      let late = await failure { try await semaphore.withPermit {} }
      #expect(late?.reason == .closed)
      let refused = semaphore.tryAcquire() == nil
      #expect(refused)
      permit.release()
      #expect(semaphore.snapshot()["available"] == 1)
    }
  }

  @Test func `resizing under load neither loses nor invents permits`() async throws {
    try await underBoth(seeds: 0..<50) { _ in
      let semaphore = AsyncSemaphore(limit: 4)
      let inside = Gauge()
      async let work: [Void] = gather(0..<40, width: 10) { _ in
        try await semaphore.withPermit {
          inside.enter()
          try await sleep(until: .after(.seconds(1)))
          inside.leave()
        }
      }
      for limit in [1, 6, 2] {
        try await sleep(until: .after(.milliseconds(2500)))
        semaphore.resize(to: limit)
      }
      _ = try await work
      #expect(inside.most == 6)
      #expect(semaphore.snapshot()["available"] == 2)
    }
  }

  @Test func `cancelled at every suspension, no permit is lost and nobody is stuck`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let semaphore = AsyncSemaphore(limit: 2)
      async let others: [Void] = gather(0..<3, width: 3) { _ in
        try await semaphore.withPermit(2) { await Task.yield() }
      }
      do {
        try await victim.run { try await semaphore.withPermit(2) { await Task.yield() } }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      #expect(semaphore.snapshot()["available"] == 2)
      #expect(semaphore.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 100)
  }

  @Test func `on real threads permits and exclusion hold under cancellation and resizing`()
    async throws
  {
    let semaphore = AsyncSemaphore(limit: 2)
    let inside = Gauge()
    await withTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          for round in 0..<500 {
            let task = Task {
              try await semaphore.withPermit(1 + round % 2) {
                inside.enter(1 + round % 2)
                await Task.yield()
                inside.leave(1 + round % 2)
              }
            }
            if (round + index).isMultiple(of: 3) { task.cancel() }
            _ = await task.result
            if index == 0, round.isMultiple(of: 50) { semaphore.resize(to: 2 + round % 3) }
          }
        }
      }
    }
    semaphore.resize(to: 2)
    #expect(inside.most <= 4)
    #expect(semaphore.snapshot()["available"] == 2)
  }

  private func failure(_ body: @Sendable () async throws -> Void) async -> SemaphoreFailure? {
    do {
      try await body()
      return nil
    } catch {
      return error as? SemaphoreFailure
    }
  }
}
