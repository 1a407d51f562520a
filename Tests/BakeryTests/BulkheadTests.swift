import Bakery
import BakeryTesting
import Testing

@Suite struct BulkheadTests {
  @Test func `whoever comes beyond limit and line is refused at once, with the numbers`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let bulkhead = Bulkhead(limit: 2, queue: 3, name: "render")
      let refused = Gauge()
      _ = try await gather(0..<10, width: 10) { _ in
        do {
          try await bulkhead.withPermit { try await sleep(until: .after(.seconds(1))) }
        } catch let full as BulkheadFull {
          #expect((full.limit, full.waiting) == (2, 3))
          #expect(full.description.contains("Bulkhead \"render\""))
          #expect(clock.now.nanoseconds == 0)
          refused.enter()
        }
      }
      #expect(refused.now == 5)
      #expect(bulkhead.snapshot()["available"] == 2)
    }
  }

  @Test func `a cancellation at every suspension leaves all permits and the line free`()
    async throws
  {
    try await cancelAtEverySuspension { victim in
      let bulkhead = Bulkhead(limit: 1, queue: 1)
      await withThrowingTaskGroup { group in
        group.addTask {
          try await bulkhead.withPermit { try await sleep(until: .after(.seconds(1))) }
        }
        await waitUntilIdle()
        group.addTask { try await victim.run { try await bulkhead.withPermit {} } }
        while let _ = try? await group.next() {}
      }
      #expect(bulkhead.snapshot()["available"] == 1)
      #expect(bulkhead.snapshot()["waiting"] == 0)
      try await bulkhead.withPermit {}
    }
  }

  @Test func `a permit that ends without an outcome, or as dropped, is back all the same`() throws {
    let bulkhead = Bulkhead(limit: 1, queue: 0)
    for outcome in [nil, Permit.Outcome.success, .ignore, .dropped] {
      guard let permit = bulkhead.tryAcquire() else { Issue.record("taken"); return }
      #expect(bulkhead.snapshot()["available"] == 0)
      if let outcome { permit.release(outcome) } else { _ = consume permit }
      #expect(bulkhead.snapshot()["available"] == 1)
    }
  }
}
