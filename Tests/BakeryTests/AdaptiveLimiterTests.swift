import Bakery
import BakeryTesting
import Testing

@Suite struct AdaptiveLimiterTests {
  /// A limit that nothing changes, for what is not about finding it.
  private func fixed(_ limit: Int, waiting: ClosedRange<Int> = 500...1_000) -> AdaptiveLimiter {
    AdaptiveLimiter(limits: limit...limit, initial: limit, waiting: waiting, name: "service")
  }

  @Test func `no more are in flight than the limit, and all get their turn`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let limiter = fixed(3)
      let inside = Gauge()
      _ = try await gather(0..<20, width: 20) { _ in
        try await limiter.withPermit {
          inside.enter()
          try await sleep(until: .after(.seconds(1)))
          inside.leave()
        }
      }
      #expect(inside.most == 3)
      #expect(limiter.measures.inFlight == 0)
    }
  }

  @Test func `within a class requests are granted in the order of the calls, higher classes first`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let limiter = fixed(1)
      let order = Journal<String>()
      try await withThrowingTaskGroup { group in
        let held = try await limiter.acquire()
        let requests: [(String, AdaptiveLimiter.Priority)] = [
          ("low 1", .low), ("normal 1", .normal), ("high 1", .high), ("low 2", .low),
          ("high 2", .high), ("normal 2", .normal),
        ]
        for (name, priority) in requests {
          group.addTask {
            try await limiter.withPermit(priority: priority) { order.add(name) }
          }
          await waitUntilIdle()
        }
        held.release()
        try await group.waitForAll()
      }
      #expect(order.entries == ["high 1", "high 2", "normal 1", "normal 2", "low 1", "low 2"])
    }
  }

  @Test func `a gather runs as many items as the limiter has found`() async throws {
    try await simulate(seeds: 0..<5) { clock in
      let limiter = fixed(4)
      _ = try await gather(0..<40, limiter: limiter) { _ in
        try await sleep(until: .after(.seconds(1)))
      }
      #expect(clock.now.nanoseconds == 10_000_000_000)
    }
  }

  @Test func `a cancellation at every suspension leaves nothing in flight and nobody in line`()
    async throws
  {
    try await cancelAtEverySuspension { victim in
      let limiter = fixed(1)
      await withThrowingTaskGroup { group in
        group.addTask {
          try await limiter.withPermit { try await sleep(until: .after(.seconds(1))) }
        }
        await waitUntilIdle()
        group.addTask { try await victim.run { try await limiter.withPermit {} } }
        while let _ = try? await group.next() {}
      }
      #expect(limiter.measures.inFlight == 0)
      #expect(limiter.measures.waiting == 0)
      try await limiter.withPermit {}
    }
  }
}
