import Bakery
import BakeryTesting
import Testing

@Suite struct GatherTests {
  struct Failed: Error, Equatable {
    let item: Int
  }

  @Test func `outputs are in input order whatever the order of the work`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let outputs = try await gather([3, 1, 2, 5, 4], width: 3) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        return seconds * 10
      }
      #expect(outputs == [30, 10, 20, 50, 40])
    }
  }

  @Test func `in completion order the fastest is first`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let outputs = try await gather([3, 1, 2], width: 3, order: .completion) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        return seconds
      }
      #expect(outputs == [1, 2, 3])
    }
  }

  @Test(arguments: [1, 2, 7, 1000])
  func `never more than width items are under way, and as many as that`(width: Int) async throws {
    try await simulate(seeds: 0..<10) { _ in
      let gauge = Gauge()
      _ = try await gather(0..<30, width: width) { _ in
        gauge.enter()
        try await sleep(until: .after(.seconds(1)))
        gauge.leave()
      }
      #expect(gauge.most == min(width, 30))
    }
  }

  @Test func `no inputs give no outputs`() async throws {
    #expect(try await gather([] as [Int], width: 4) { $0 }.isEmpty)
    #expect(try await gather([] as [Int], limiter: AsyncSemaphore(limit: 1)) { $0 }.isEmpty)
  }

  @Test func `a sequence is read only as far as the work has got`() async throws {
    try await simulate { _ in
      let read = Gauge()
      let inputs = sequence(first: 0) { number in
        read.enter()
        return number + 1
      }
      await #expect(throws: Failed(item: 10)) {
        _ = try await gather(inputs, width: 2) { number in
          if number == 10 { throw Failed(item: number) }
          await Task.yield()
        }
      }
      #expect(read.most <= 13)
    }
  }

  @Test func `the first error is thrown, the others are cancelled and awaited`() async throws {
    try await simulate(seeds: 0..<50) { clock in
      let gauge = Gauge()
      await #expect(throws: Failed(item: 2)) {
        _ = try await gather(0..<10, width: 4) { item in
          gauge.enter()
          defer { gauge.leave() }
          try await sleep(until: .after(.seconds(item == 2 ? 1 : 60)))
          throw Failed(item: item)
        }
      }
      #expect(gauge.now == 0)
      #expect(gauge.most == 4)
      #expect(clock.now == Deadline(nanoseconds: 1_000_000_000))
    }
  }

  @Test func `collecting returns every outcome in its place`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let results = try await gather(0..<6, width: 3, policy: .collect) { item in
        if !item.isMultiple(of: 2) { throw Failed(item: item) }
        return item
      }
      #expect(results.map { try? $0.get() } == [0, nil, 2, nil, 4, nil])
    }
  }

  @Test func `cancelling stops the taking of inputs and waits for the children`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      do {
        let outputs = try await victim.run {
          try await gather(0..<6, width: 2) { item in
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(1)))
            return item
          }
        }
        #expect(outputs == Array(0..<6))
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
    }
    #expect(cancelled >= 50)
  }

  @Test func `a limiter decides the width from item to item`() async throws {
    try await simulate(seeds: 0..<50) { clock in
      let semaphore = AsyncSemaphore(limit: 2)
      let gauge = Gauge()
      async let outputs = gather(0..<30, limiter: semaphore) { item in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .after(.seconds(1)))
        return item
      }
      try await sleep(until: .after(.milliseconds(2500)))
      #expect(gauge.most == 2)
      semaphore.resize(to: 8)
      #expect(try await outputs == Array(0..<30))
      #expect(gauge.most == 8)
      #expect(semaphore.snapshot()["available"] == 8)
      #expect(clock.now <= Deadline(nanoseconds: 7_000_000_000))
    }
  }

  @Test func `a shared limiter is not exceeded by two gathers`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let semaphore = AsyncSemaphore(limit: 3)
      let gauge = Gauge()
      let work: @Sendable (Int) async throws -> Void = { _ in
        gauge.enter()
        await Task.yield()
        gauge.leave()
      }
      async let left: [Void] = gather(0..<20, limiter: semaphore, work)
      async let right: [Void] = gather(0..<20, limiter: semaphore, work)
      _ = try await (left, right)
      #expect(gauge.most == 3)
      #expect(semaphore.snapshot()["available"] == 3)
    }
  }

  @Test func `an error under a limiter ends the gather and leaks no permit`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let semaphore = AsyncSemaphore(limit: 3)
      await #expect(throws: Failed(item: 5)) {
        _ = try await gather(0..<50, limiter: semaphore) { item in
          await Task.yield()
          if item == 5 { throw Failed(item: item) }
        }
      }
      #expect(semaphore.snapshot()["available"] == 3)
      #expect(semaphore.snapshot()["waiting"] == 0)
      let results = try await gather(0..<6, limiter: semaphore, policy: .collect) { item in
        if item == 5 { throw Failed(item: item) }
      }
      #expect(results.count == 6)
    }
  }

  @Test func `an iterator may cancel its own gather`() async throws {
    let itself = Channel<Task<[Int], any Error>>(capacity: 1)
    let task = Task {
      let task = try await itself.receiver.receive()
      let inputs = (0..<10).lazy.map { number in
        // The iterator runs while its child holds the board.
        if number == 3 { task?.cancel() }
        return number
      }
      return try await gather(inputs, width: 2) { $0 }
    }
    try await itself.sender.send(task)
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a width without bound starts no more children than there are inputs`() async throws {
    #expect(try await gather(0..<5, width: .max) { $0 } == [0, 1, 2, 3, 4])
    let inputs = sequence(first: 1) { $0 < 1000 ? $0 * 2 : nil }
    #expect(try await gather(inputs, width: .max) { $0 }.last == 1024)
  }

  @Test func `no more than one child waits for a permit`() async throws {
    try await simulate(seeds: 0..<30) { _ in
      let semaphore = AsyncSemaphore(limit: 3)
      let waiting = Gauge()
      _ = try await gather(0..<40, limiter: semaphore) { item in
        waiting.enter(semaphore.snapshot()["waiting"] ?? 0)
        waiting.leave(waiting.now)
        if item.isMultiple(of: 3) { await Task.yield() }
      }
      #expect(waiting.most <= 1)
    }
  }

  @Test func `the limiter learns how each item ended, also when errors are collected`() async throws
  {
    struct Other: Error {}
    let limiter = OutcomeListener()
    _ = try await gather(0..<3, limiter: limiter, policy: .collect) { item in
      if item == 1 { throw DeadlineExceeded(operation: "test", deadline: .never) }
      if item == 2 { throw Other() }
    }
    #expect(limiter.outcomes == [.success, .dropped, .ignore])
  }

  @Test func `a limiter that closes ends the gather with its error`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let semaphore = AsyncSemaphore(limit: 1)
      async let closed: Void = {
        try await sleep(until: .after(.milliseconds(1500)))
        semaphore.close()
      }()
      await #expect(throws: SemaphoreFailure.self) {
        _ = try await gather(0..<10, limiter: semaphore) { _ in
          try await sleep(until: .after(.seconds(1)))
        }
      }
      try await closed
    }
  }

  @Test func `cancelled at every suspension under a limiter, no permit is lost`() async throws {
    try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let semaphore = AsyncSemaphore(limit: 2)
      _ = try? await victim.run {
        try await gather(0..<5, limiter: semaphore) { _ in await Task.yield() }
      }
      #expect(semaphore.snapshot()["available"] == 2)
    }
  }

  @Test func `on real threads a million items give the right sum`() async throws {
    let outputs = try await gather(0..<1_000_000, width: 64) { $0 &* 3 }
    #expect(outputs.reduce(0, &+) == 3 * 999_999 * 500_000)
  }
}
