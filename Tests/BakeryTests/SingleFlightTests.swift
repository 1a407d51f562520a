import Bakery
import BakeryTesting
import Testing

private struct Broken: Error {}

@Suite struct SingleFlightTests {
  @Test func `work for a key is done once for all who ask meanwhile, and anew afterwards`()
    async throws
  {
    try await simulate(seeds: 0..<50) { _ in
      let flight = SingleFlight<String, Int>(name: "loads")
      let runs = Gauge()
      for round in 1...2 {
        let values = try await gather(0..<20, width: 20) { _ in
          try await flight.value(for: "a") {
            runs.enter()
            try await sleep(until: .after(.seconds(1)))
            return runs.now
          }
        }
        #expect(values == Array(repeating: round, count: 20))
      }
      #expect(runs.now == 2)
      #expect(flight.snapshot()["running"] == 0)
    }
  }

  @Test func `all get the same error`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let flight = SingleFlight<Int, Int>()
      let runs = Gauge()
      let results = try await gather(0..<5, width: 5, policy: .collect) { _ in
        try await flight.value(for: 1) {
          runs.enter()
          try await sleep(until: .after(.seconds(1)))
          throw Broken()
        }
      }
      #expect(runs.now == 1)
      for result in results { #expect(throws: Broken.self) { try result.get() } }
    }
  }

  @Test func `one that leaves does not take the result from the others`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let flight = SingleFlight<Int, Int>()
      try await withThrowingTaskGroup { group in
        let work: @Sendable () async throws -> Int = {
          try await sleep(until: .after(.seconds(2)))
          return 42
        }
        group.addTask { try await flight.value(for: 1, deadline: .after(.seconds(1)), work) }
        await waitUntilIdle()
        async let other = flight.value(for: 1, work)
        await #expect(throws: DeadlineExceeded.self) { _ = try await group.next() }
        let value = try await other
        #expect(value == 42)
        #expect(clock.now.nanoseconds == 2_000_000_000)
      }
    }
  }

  @Test func `the work is cancelled when the last one leaves, and the next caller starts anew`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let flight = SingleFlight<Int, Int>()
      let ended = AsyncEvent()
      await withThrowingTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            _ = try await flight.value(for: 1) {
              defer { ended.set() }
              try await sleep(until: .never)
              return 0
            }
          }
        }
        await waitUntilIdle()
        #expect(flight.snapshot()["waiting"] == 3)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
      }
      let value = try await flight.value(for: 1) { 7 }
      #expect(value == 7)
      try await ended.wait()
    }
  }

  @Test func `a key that is forgotten is worked for anew, and the first still gets its result`()
    async throws
  {
    try await simulate { _ in
      let flight = SingleFlight<Int, Int>()
      async let first = flight.value(for: 1) {
        try await sleep(until: .after(.seconds(1)))
        return 1
      }
      await waitUntilIdle()
      flight.forget(1)
      let second = try await flight.value(for: 1) { 2 }
      let value = try await first
      #expect((value, second) == (1, 2))
    }
  }

  @Test func `a cancellation at every suspension leaves nothing running`() async throws {
    try await cancelAtEverySuspension { victim in
      let flight = SingleFlight<Int, Int>()
      await withThrowingTaskGroup { group in
        group.addTask {
          try await victim.run {
            _ = try await flight.value(for: 1) {
              try await sleep(until: .after(.seconds(1)))
              return 1
            }
          }
        }
        while let _ = try? await group.next() {}
      }
      await waitUntilIdle()
      #expect(flight.snapshot()["running"] == 0)
      #expect(flight.snapshot()["waiting"] == 0)
    }
  }

  @Test func `on real threads all who wait get the result of one run`() async throws {
    let flight = SingleFlight<Int, Int>()
    let runs = Gauge()
    let results = try await gather(0..<4000, width: 16, policy: .collect) { index in
      let deadline: Deadline = index % 7 == 0 ? .after(.microseconds(1)) : .never
      return try await flight.value(for: index % 3, deadline: deadline) {
        runs.enter()
        defer { runs.leave() }
        await Task.yield()
        return index % 3
      } == index % 3
    }
    for case .success(let isRight) in results { #expect(isRight) }
    #expect(flight.snapshot()["waiting"] == 0)
  }
}
