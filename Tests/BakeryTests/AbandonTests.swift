@testable import Bakery
import BakeryTesting
import Testing

@Suite(.serialized) struct AbandonTests {
  struct Failed: Error, Equatable {}

  static func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  private func figure(_ label: String) -> Int { AbandonedTasks.shared.snapshot()[label] ?? -1 }

  @Test func `work in time returns its value or throws its error`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let value = try await abandon(after: .seconds(5)) {
        try await sleep(until: .after(.seconds(1)))
        return 7
      }
      #expect(value == 7)
      #expect(clock.now == Self.seconds(1))
      await #expect(throws: Failed.self) {
        try await abandon(after: .seconds(5)) { throw Failed() }
      }
      #expect(try await abandon(at: .never) { 8 } == 8)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `work that ignores its cancellation is left behind, counted, and its result dropped`()
    async throws
  {
    let (running, all) = (figure("running"), figure("all"))
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      let results = Gauge()
      let before = AbandonedTasks.shared.snapshot()["running"]
      do {
        _ = try await abandon(after: .seconds(2), name: "stubborn") {
          await gate.wait()
          #expect(Task.isCancelled)
          return Counted(results)
        }
        Issue.record("nothing was abandoned")
      } catch let error as WorkAbandoned {
        #expect(error.operation.contains("\"stubborn\" (BakeryTests/"))
        #expect(error.deadline == Self.seconds(2))
      }
      #expect(clock.now == Self.seconds(2))
      let snapshot = AbandonedTasks.shared.snapshot()
      #expect(snapshot["running"] == before.map { $0 + 1 })
      #expect(snapshot.holders.contains { $0.task.name?.contains("stubborn") ?? false })
      #expect(Trace.dump().contains("stubborn"))
      gate.open()
      await waitUntilIdle()
      #expect(results.now == 0)
      #expect(results.most == 1)
      #expect(AbandonedTasks.shared.snapshot()["running"] == before)
    }
    #expect(figure("running") == running)
    #expect(figure("all") == all + 20)
  }

  @Test func `work is not begun when the deadline has passed, or passes before it can`()
    async throws
  {
    try await underBoth(seeds: 0..<20) { clock in
      for past in [clock.now, Deadline(nanoseconds: .min)] {
        await #expect(throws: WorkAbandoned.self) {
          try await abandon(at: past) { Issue.record("the work has begun") }
        }
      }
    }
  }

  @Test func `an earlier deadline around it counts, and the work sees it`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      try await withDeadline(in: .seconds(2)) {
        let error = await #expect(throws: WorkAbandoned.self) {
          try await abandon(after: .seconds(60)) {
            #expect(Deadline.current == Self.seconds(2))
            await gate.wait()
          }
        }
        #expect(error?.deadline == Self.seconds(2))
      }
      #expect(clock.now == Self.seconds(2))
      gate.open()
    }
  }

  @Test func `a cancelled caller cancels the work and waits for it, until the deadline`()
    async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      do {
        try await victim.run {
          try await abandon(after: .seconds(60)) {
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(1)))
          }
        }
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
      #expect(Seams.time.now <= Self.seconds(1))
    }
    #expect(cancelled >= 20)
  }

  @Test func `on real threads ends and deadlines race, and no work stays in the books`()
    async throws
  {
    let outcomes = try await gather(0..<1_000, width: 32) { item in
      do {
        return try await abandon(after: .microseconds(item % 100 + 1)) {
          for _ in 0..<item % 7 { await Task.yield() }
          return 1
        }
      } catch is WorkAbandoned {
        return 0
      }
    }
    #expect(outcomes.count == 1_000)
    #expect(figure("waiting") == 0)
    while figure("running") > 0 { await Task.yield() }
  }
}
