import Bakery
import BakeryTesting
import Testing

/// Limiter, time and name of the items of a stream.
@Suite struct GatherStreamItemTests {
  struct Failed: Error {}

  private func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  @Test(arguments: [GatherOrder.input, .completion])
  func `a limiter decides from item to item how many of a stream's run`(
    order: GatherOrder
  ) async throws {
    try await simulate(seeds: 0..<30) { clock in
      let semaphore = AsyncSemaphore(limit: 2)
      let gauge = Gauge()
      let sum = try await gatherStream(0..<30, width: 10, limiter: semaphore, order: order) {
        item in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .after(.seconds(1)))
        return item
      } consume: { outputs in
        var sum = 0
        for try await output in outputs {
          if clock.now == seconds(3) { semaphore.resize(to: 8) }
          if clock.now < seconds(3) { #expect(gauge.most == 2) }
          sum += output
        }
        return sum
      }
      #expect(sum == 29 * 30 / 2)
      #expect(gauge.most == 8)
      #expect(semaphore.snapshot()["available"] == 8)
      #expect(clock.now <= seconds(7))
    }
  }

  @Test func `the limiter learns how the items ended`() async throws {
    try await simulate(seeds: 0..<10) { clock in
      let listener = OutcomeListener()
      let inputs = AsyncStream { continuation in
        for item in 0..<3 { continuation.yield(item) }
        continuation.finish()
      }
      try await gatherStream(
        inputs,
        width: 3,
        limiter: listener,
        policy: .collect,
        itemTimeout: .seconds(5)
      ) { item in
        if item == 1 { throw Failed() }
        try await sleep(until: item == 2 ? .never : .after(.seconds(1)))
      } consume: { results in
        for try await _ in results {}
      }
      #expect(listener.outcomes == [.ignore, .success, .dropped])
      #expect(clock.now == seconds(5))
    }
  }

  @Test func `an error of the limiter ends the stream, whatever the policy`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      let semaphore = AsyncSemaphore(limit: 1)
      semaphore.close()
      await #expect(throws: SemaphoreFailure.self) {
        try await gatherStream(0..<9, width: 3, limiter: semaphore, policy: .collect) {
          $0
        } consume: { results in
          for try await _ in results { Issue.record("an item without a permit") }
        }
      }
    }
  }

  @Test func `an item of a stream has its own time and name`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let results = try await gatherStream(
        [1, 60, 2],
        width: 3,
        policy: .collect,
        itemTimeout: .seconds(5),
        itemName: { "fetch \($0)" }
      ) { item in
        #expect(Task.name == "fetch \(item)")
        #expect(Deadline.current == seconds(5))
        try await sleep(until: .after(.seconds(item)))
        return item
      } consume: { results in
        var all: [Result<Int, any Error>] = []
        for try await result in results { all.append(result) }
        return all
      }
      #expect(results.map { try? $0.get() } == [1, nil, 2])
      let error = #expect(throws: DeadlineExceeded.self) { try results[1].get() }
      #expect(error?.operation == "gather item \"fetch 60\"")
      #expect(clock.now == seconds(5))
    }
  }

  @Test func `cancelled at every suspension, a limited stream loses no permit`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let semaphore = AsyncSemaphore(limit: 2)
      do {
        let count = try await victim.run {
          try await gatherStream(0..<6, width: 4, limiter: semaphore, itemTimeout: .seconds(9)) {
            try await sleep(until: .after(.seconds(1)))
            return $0
          } consume: { outputs in
            var count = 0
            for try await _ in outputs { count += 1 }
            return count
          }
        }
        #expect(count == 6)
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
      #expect(semaphore.snapshot()["available"] == 2)
      #expect(semaphore.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 30)
  }
}
