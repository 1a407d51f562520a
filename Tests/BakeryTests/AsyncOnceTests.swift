import Bakery
import BakeryTesting
import Testing

private struct Failed: Error, Equatable { var number = 0 }

@Suite struct AsyncOnceTests {
  @Test func `concurrent callers share one computation`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let once = AsyncOnce<Int>()
      let runs = Gauge()
      let values = try await gather(0..<10, width: 10) { number in
        try await once.value {
          runs.enter()
          try await sleep(until: .after(.seconds(1)))
          return number
        }
      }
      #expect(runs.now == 1)
      #expect(Set(values).count == 1)
      #expect(once.valueIfComputed == values[0])
      #expect(clock.now.nanoseconds == 1_000_000_000)
      #expect(once.snapshot()["computed"] == 1)
      #expect(once.snapshot()["waiting"] == 0)
    }
  }

  @Test func `a computed value is there at once, for cancelled tasks and past deadlines too`()
    async throws
  {
    let once = AsyncOnce<String>(name: "greeting")
    #expect(once.valueIfComputed == nil)
    #expect(try await once.value { "hello" } == "hello")
    #expect(try await once.value(deadline: Deadline(nanoseconds: 0)) { throw Failed() } == "hello")
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await once.value { throw Failed() }
    }
    #expect(try await cancelled.value == "hello")
  }

  @Test func `the error is the leader's alone, and the next in line computes`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let once = AsyncOnce<Int>()
      let results = await withTaskGroup { group in
        for number in 0..<4 {
          group.addTask {
            let result = await Result<Int, any Error>.capturing {
              try await once.value {
                try await sleep(until: .after(.seconds(1)))
                if number < 2 { throw Failed(number: number) }
                return number
              }
            }
            return (number, result)
          }
          await waitUntilIdle()
        }
        return await group.reduce(into: [Int: Result<Int, any Error>]()) { $0[$1.0] = $1.1 }
      }
      for number in 0..<2 {
        #expect(throws: Failed(number: number)) { try results[number]?.get() }
      }
      let values = try [results[2]?.get(), results[3]?.get()]
      #expect(values == [2, 2])
      #expect(once.snapshot()["attempts"] == 3)
      #expect(clock.now.nanoseconds == 3_000_000_000)
    }
  }

  @Test func `a failure without waiters leaves it to the next caller`() async throws {
    let once = AsyncOnce<Int>()
    await #expect(throws: Failed.self) { try await once.value { throw Failed() } }
    #expect(once.valueIfComputed == nil)
    #expect(try await once.value { 7 } == 7)
  }

  @Test func `a remembered error is everybody's, now and later`() async throws {
    try await underBoth(seeds: 0..<50) { _ in
      let once = AsyncOnce<Int>(onFailure: .remember)
      let runs = Gauge()
      let failures = try await gather(0..<5, width: 5) { number in
        await #expect(throws: Failed.self) {
          try await once.value {
            runs.enter()
            try await sleep(until: .after(.seconds(1)))
            throw Failed(number: number)
          }
        }
      }
      #expect(runs.now == 1)
      #expect(Set(failures.map { $0?.number }).count == 1)
      await #expect(throws: Failed.self) { try await once.value { 7 } }
      #expect(once.valueIfComputed == nil)
      #expect(once.snapshot()["failed"] == 1)
    }
  }

  @Test func `cancellation is not remembered, however the body reports it`() async throws {
    try await underBoth(seeds: 0..<20) { _ in
      for error in [CancellationError(), Failed()] as [any Error] {
        let once = AsyncOnce<Int>(onFailure: .remember)
        try await withThrowingTaskGroup(of: Int?.self) { group in
          group.addTask {
            _ = try? await once.value {
              try? await sleep(until: .never)
              throw error
            }
            return nil
          }
          await waitUntilIdle()
          async let second = once.value { 2 }
          await waitUntilIdle()
          #expect(once.snapshot()["waiting"] == 1)
          group.cancelAll()
          let value = try await second
          #expect(value == 2)
        }
      }
    }
  }

  @Test func `a deadline limits the wait for another caller and not the body`() async throws {
    try await underBoth { clock in
      let once = AsyncOnce<Int>(name: "slow")
      async let leader = once.value(deadline: .after(.seconds(1))) {
        try await sleep(until: .after(.seconds(9)))
        return 9
      }
      await waitUntilIdle()
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await once.value(deadline: .after(.seconds(5))) { 5 }
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("value on AsyncOnce \"slow\"") == true)
      let value = try await leader
      #expect(value == 9)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a dump shows who computes and who waits`() async throws {
    try await underBoth { _ in
      let once = AsyncOnce<Int>(name: "shown")
      try await withThrowingTaskGroup { group in
        for name in ["leader", "follower"] {
          group.addTask(name: name) {
            _ = try await once.value {
              try await sleep(until: .after(.seconds(1)))
              return 1
            }
          }
          await waitUntilIdle()
        }
        #expect(once.snapshot().holders.map(\.task.name) == ["leader"])
        #expect(once.snapshot().waiters.map(\.task.name) == ["follower"])
        try await group.waitForAll()
      }
      #expect(once.snapshot().holders.isEmpty)
    }
  }

  @Test func `the body may use the state of the caller's actor`() async throws {
    actor Cache {
      private let once = AsyncOnce<Int>()
      private(set) var runs = 0
      func value() async throws -> Int {
        try await once.value {
          runs += 1
          return 7
        }
      }
    }
    let cache = Cache()
    #expect(try await cache.value() == 7)
    #expect(try await cache.value() == 7)
    #expect(await cache.runs == 1)
  }

  @Test func `the value lives as long as the object and no longer`() async throws {
    let living = Gauge()
    do {
      let once = AsyncOnce<Counted>()
      _ = try await once.value { Counted(living) }
      #expect(living.now == 1)
      _ = AsyncOnce<Counted>()
      #expect(once.valueIfComputed != nil)
    }
    #expect(living.now == 0)
  }

  @Test func `cancelled at every suspension, somebody computes and nobody is stuck`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let once = AsyncOnce<Int>()
      let body: @concurrent @Sendable () async throws -> Int = {
        for _ in 0..<3 {
          await Task.yield()
          try Task.checkCancellation()
        }
        return 7
      }
      async let others = gather(0..<3, width: 3) { _ in try await once.value(orCompute: body) }
      do {
        let value = try await victim.run { try await once.value(orCompute: body) }
        #expect(value == 7)
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      let values = try await others
      #expect(values == [7, 7, 7])
      #expect(once.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 60)
  }

  @Test func `on real threads one value wins, under cancellation and failures`() async throws {
    for round in 0..<200 {
      let once = AsyncOnce<Int>()
      let cell = Cell()
      let inside = Gauge()
      await withTaskGroup { group in
        for index in 0..<6 {
          group.addTask {
            let task = Task {
              let value = try await once.value {
                inside.enter()
                defer { inside.leave() }
                await Task.yield()
                try Task.checkCancellation()
                if (round + index).isMultiple(of: 4) { throw Failed() }
                cell.value = index
                return index
              }
              #expect(cell.value == value)
            }
            if (round + index).isMultiple(of: 3) { task.cancel() }
            _ = await task.result
          }
        }
      }
      #expect(inside.most <= 1)
      #expect(once.valueIfComputed == (cell.value < 0 ? nil : cell.value))
      #expect(once.snapshot().holders.isEmpty)
    }
  }
}
