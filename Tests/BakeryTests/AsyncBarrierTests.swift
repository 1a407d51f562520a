import Bakery
import BakeryTesting
import Testing

@Suite struct AsyncBarrierTests {
  @Test func `all go on when the last one arrives, phase after phase, with one leader each`()
    async throws
  {
    try await underBoth(seeds: 0..<50) { clock in
      let barrier = AsyncBarrier(parties: 3)
      let leaders = Gauge()
      _ = try await gather(1...3, width: 3) { seconds in
        for phase in 0..<4 {
          try await sleep(until: .after(.seconds(seconds)))
          let arrival = try await barrier.arriveAndWait()
          #expect(arrival.phase == UInt64(phase))
          // The slowest sets the pace, and arrives last.
          #expect(clock.now.nanoseconds == Int64(phase + 1) * 3_000_000_000)
          #expect(arrival.isLeader == (seconds == 3))
          if arrival.isLeader { leaders.enter() }
        }
      }
      #expect(leaders.now == 4)
      #expect(barrier.snapshot()["waiting"] == 0)
      #expect(barrier.snapshot()["phase"] == 4)
    }
  }

  @Test func `one party alone never waits`() async throws {
    let barrier = AsyncBarrier(parties: 1)
    for phase in 0..<3 as Range<UInt64> {
      let arrival = try await barrier.arriveAndWait(deadline: Deadline(nanoseconds: 0))
      #expect(arrival.phase == phase && arrival.isLeader)
    }
  }

  @Test func `who runs out of time withdraws, and may come back`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let barrier = AsyncBarrier(parties: 2, name: "halves")
      async let patient = barrier.arriveAndWait()
      await waitUntilIdle()
      #expect(barrier.snapshot().waiters.count == 1)
      barrier.leave()
      #expect(try await patient.isLeader)
      #expect(barrier.parties == 1)

      let pair = AsyncBarrier(parties: 2, name: "pair")
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await pair.arriveAndWait(deadline: .after(.seconds(5)))
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("arriveAndWait on AsyncBarrier \"pair\"") == true)
      #expect(pair.snapshot()["waiting"] == 0)
      async let other = pair.arriveAndWait(deadline: .after(.seconds(5)))
      await waitUntilIdle()
      #expect(try await pair.arriveAndWait().isLeader)
      let arrival = try await other
      #expect(arrival.phase == 0 && !arrival.isLeader)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `parties that are done leave, and the others go on without them`() async throws {
    try await underBoth(seeds: 0..<50) { _ in
      let barrier = AsyncBarrier(parties: 5)
      let leaders = Gauge()
      // Party n has n phases of work.
      _ = try await gather(1...5, width: 5) { phases in
        defer { barrier.leave() }
        for phase in 0..<phases {
          let arrival = try await barrier.arriveAndWait()
          #expect(arrival.phase == UInt64(phase))
          if arrival.isLeader { leaders.enter() }
        }
      }
      #expect(leaders.now == 5)
      #expect(barrier.parties == 0)
    }
  }

  @Test func `cancelled at every suspension, a party that leaves stops nobody`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let barrier = AsyncBarrier(parties: 3)
      async let others: [Void] = gather(0..<2, width: 2) { _ in
        for _ in 0..<3 { try await barrier.arriveAndWait() }
      }
      do {
        try await victim.run {
          defer { barrier.leave() }
          for _ in 0..<3 { try await barrier.arriveAndWait() }
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      #expect(barrier.snapshot()["phase"] == 3)
      #expect(barrier.snapshot()["waiting"] == 0)
      #expect(barrier.parties == 2)
    }
    #expect(cancelled >= 100)
  }

  @Test func `cancelled at every suspension, a party that comes again completes the phase`()
    async throws
  {
    try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let barrier = AsyncBarrier(parties: 2)
      async let other = barrier.arriveAndWait()
      var arrival: AsyncBarrier.Arrival?
      do {
        arrival = try await victim.run { try await barrier.arriveAndWait() }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
        arrival = try await barrier.arriveAndWait()
      }
      #expect(try await other.isLeader != arrival?.isLeader)
      #expect(barrier.snapshot()["phase"] == 1)
    }
  }

  @Test func `on real threads every phase is complete before anybody goes on`() async throws {
    let barrier = AsyncBarrier(parties: 4)
    let cells = (0..<4).map { _ in Cell() }
    let leaders = Gauge()
    try await withThrowingTaskGroup { group in
      for index in 0..<4 {
        group.addTask {
          defer { barrier.leave() }
          for phase in 0..<500 {
            cells[index].value = phase
            for attempt in 0..<2 {
              // Some arrivals are cancelled, some of those in time; then the party arrives again.
              let task = Task { try await barrier.arriveAndWait() }
              if attempt == 0, (phase + index).isMultiple(of: 3) { task.cancel() }
              guard case .success(let arrival) = await task.result else { continue }
              #expect(arrival.phase == UInt64(phase * 2))
              if arrival.isLeader { leaders.enter() }
              break
            }
            #expect(cells.map(\.value) == Array(repeating: phase, count: 4))
            // Nobody writes the next value before all have read.
            try await barrier.arriveAndWait()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(leaders.now == 500)
    #expect(barrier.snapshot()["waiting"] == 0)
    #expect(barrier.parties == 0)
  }
}
