import Bakery
import BakeryTesting
import Testing

/// How supervisors and children end: failed starts, cancellation, children that do not stop.
@Suite struct SupervisorEndTests {
  struct Crash: Error, Equatable {
    var number = 0
  }

  @Test func `a child that fails before it is ready is not restarted, and the error is thrown`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let starts = Gauge()
      try await withSupervisor { supervisor in
        await #expect(throws: Crash(number: 7)) {
          try await supervisor.start("child") { (_: Supervisor.Started<Int>) in
            starts.enter()
            try await sleep(until: .after(.seconds(1)))
            throw Crash(number: 7)
          }
        }
        let failure = await #expect(throws: SupervisionFailure.self) {
          try await supervisor.start("quick") { (_: Supervisor.Started<Int>) in starts.enter() }
        }
        #expect(failure?.reason == .endedBeforeStart)
        #expect(failure?.child == "quick")
        #expect(supervisor.snapshot()["children"] == 0)
        #expect(supervisor.snapshot()["restarts"] == 0)
      }
      #expect(starts.now == 2)
    }
  }

  @Test func `a child that is not ready by the deadline is stopped`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      try await withSupervisor(name: "kitchen") { supervisor in
        let error = await #expect(throws: DeadlineExceeded.self) {
          try await supervisor.start("slow", deadline: .after(.seconds(3))) {
            (started: Supervisor.Started<Int>) in
            try await sleep(until: .after(.seconds(60)))
            started(1)
          }
        }
        #expect(error?.operation.contains("start of \"slow\" by Supervisor \"kitchen\"") == true)
        await waitUntilIdle()
        #expect(supervisor.snapshot()["children"] == 0)
      }
      #expect(clock.now.nanoseconds == 3_000_000_000)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a child that is restarted during its first start is still waited for`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let starts = Gauge()
      try await withSupervisor(.allForOne) { supervisor in
        try await supervisor.start("a") {
          // Crashes while b is about to start.
          try await sleep(until: clock.now.nanoseconds < 1 ? .after(.seconds(2)) : .never)
          throw Crash()
        }
        let run = try await supervisor.start("b", restart: .temporary) { started in
          starts.enter()
          let run = starts.now
          try await sleep(until: .after(.seconds(5)))
          started(run)
          try await sleep(until: .never)
        }
        #expect(run == 2)
        #expect(clock.now.nanoseconds == 7_000_000_000)
      }
    }
  }

  @Test func `the error of the body is thrown after the children have stopped`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let living = Gauge()
      await #expect(throws: Crash(number: 1)) {
        try await withSupervisor { supervisor in
          for name in ["a", "b"] {
            try await supervisor.start(name) {
              living.enter()
              defer { living.leave() }
              try await sleep(until: .never)
            }
          }
          await waitUntilIdle()
          #expect(living.now == 2)
          throw Crash(number: 1)
        }
      }
      #expect(living.now == 0)
    }
  }

  @Test func `cancelling the caller cancels all children at once, and none is restarted`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let (starts, living) = (Gauge(), Gauge())
      await withThrowingTaskGroup { group in
        group.addTask {
          try await withSupervisor(.allForOne, intensity: .init(100, within: .seconds(1))) {
            supervisor in
            for name in ["a", "b", "c"] {
              try await supervisor.start(name) {
                starts.enter()
                living.enter()
                defer { living.leave() }
                try await sleep(until: .never)
              }
            }
            try await supervisor.wait()
          }
        }
        await waitUntilIdle()
        #expect(living.now == 3)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.next() }
      }
      #expect(starts.now == 3)
      #expect(living.now == 0)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `cancelled at every suspension, no child is lost and no wait is forgotten`()
    async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let (living, runs) = (Gauge(), Gauge())
      do {
        try await victim.run {
          try await withSupervisor(.restForOne, intensity: .init(5, within: .seconds(9))) {
            supervisor in
            for name in ["a", "b"] {
              try await supervisor.start(name, restart: .transient) { started in
                living.enter()
                runs.enter()
                defer { living.leave() }
                await Task.yield()
                started()
                await Task.yield()
                if runs.now < 4 { throw Crash() }
              }
            }
            try await supervisor.wait()
            #expect(living.now == 0)
          }
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      #expect(living.now == 0)
    }
    #expect(cancelled >= 100)
  }

  @Test func `a start that is cancelled takes its child with it`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let living = Gauge()
      try await withSupervisor { supervisor in
        await #expect(throws: DeadlineExceeded.self) {
          try await withDeadline(in: .seconds(1)) {
            try await supervisor.start("slow") { (_: Supervisor.Started<Int>) in
              living.enter()
              defer { living.leave() }
              try await sleep(until: .never)
            }
          }
        }
        await waitUntilIdle()
        #expect(living.now == 0)
        #expect(supervisor.snapshot()["children"] == 0)
      }
    }
  }

  @Test func `a child that ignores its cancellation holds up only itself`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      let stopped = Journal<Int64>()
      try await withSupervisor(stopTimeout: .seconds(3), name: "kitchen") { supervisor in
        for number in 0..<2 {
          try await supervisor.start("\(number)") {
            defer { stopped.add(clock.now.nanoseconds / 1_000_000_000) }
            try await sleep(until: .never)
          }
        }
        try await supervisor.start("stubborn") {
          async let opening: Void = Self.open(gate, at: 10, clock)
          await gate.wait()
          try? await opening
          // Ends, as if nothing had happened; a permanent child, but nobody restarts it now.
          stopped.add(clock.now.nanoseconds / 1_000_000_000)
        }
        await waitUntilIdle()
      }
      // The two wait three seconds for the stubborn one, which ends after ten; and so does the supervisor.
      #expect(stopped.entries == [3, 3, 10])
      #expect(clock.now.nanoseconds == 10_000_000_000)
    }
  }

  /// Opens the gate at a time that the cancellation of the caller does not change.
  private static func open(
    _ gate: StubbornGate,
    at second: Int64,
    _ clock: ManualClock
  ) async throws {
    try await withCancellationShield {
      try await sleep(until: Deadline(nanoseconds: second * 1_000_000_000))
    }
    gate.open()
  }

  @Test func `a child that ignores its cancellation cannot be restarted: the supervisor gives up`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      let starts = Gauge()
      async let opening: Void = {
        try await sleep(until: Deadline(nanoseconds: 20_000_000_000))
        gate.open()
      }()
      let failure = await #expect(throws: SupervisionFailure.self) {
        try await withSupervisor(.allForOne, stopTimeout: .seconds(3)) { supervisor in
          try await supervisor.start("stubborn") {
            starts.enter()
            await gate.wait()
          }
          try await supervisor.start("other") {
            starts.enter()
            try await sleep(until: .after(.seconds(5)))
            throw Crash()
          }
          try? await sleep(until: Deadline(nanoseconds: 9_000_000_000))
          // The supervisor has cancelled the body.
          #expect(Task.isCancelled)
          #expect(clock.now.nanoseconds == 8_000_000_000)
          #expect(supervisor.snapshot()["overdue"] == 1)
        }
      }
      #expect(failure?.reason == .childDidNotStop)
      #expect(failure?.child == "stubborn")
      #expect(starts.now == 2)
      #expect(clock.now.nanoseconds == 20_000_000_000)
      try await opening
    }
  }

  @Test func `a body that ignores its cancellation does not keep the children`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      let stopped = Journal<Int64>()
      async let opening: Void = {
        try await sleep(until: Deadline(nanoseconds: 20_000_000_000))
        gate.open()
      }()
      await #expect(throws: SupervisionFailure.self) {
        try await withSupervisor(intensity: .init(0, within: .zero), stopTimeout: .seconds(3)) {
          supervisor in
          try await supervisor.start("calm") {
            defer { stopped.add(clock.now.nanoseconds / 1_000_000_000) }
            try await sleep(until: .never)
          }
          try await supervisor.start("wild") {
            try await sleep(until: .after(.seconds(1)))
            throw Crash()
          }
          await gate.wait()
        }
      }
      #expect(stopped.entries == [4])
      #expect(clock.now.nanoseconds == 20_000_000_000)
      try await opening
    }
  }

  @Test func `a supervisor that gives up fails in the one around it, which restarts it`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let (inner, outer) = (Gauge(), Gauge())
      let failure = await #expect(throws: SupervisionFailure.self) {
        try await withSupervisor(intensity: .init(2, within: .seconds(60)), name: "outer") {
          supervisor in
          try await supervisor.start("branch") {
            outer.enter()
            try await withSupervisor(intensity: .init(3, within: .seconds(60)), name: "inner") {
              supervisor in
              try await supervisor.start("leaf") {
                inner.enter()
                try await sleep(until: .after(.seconds(1)))
                throw Crash()
              }
              try await sleep(until: .never)
            }
          }
          try await sleep(until: .never)
        }
      }
      #expect(outer.now == 3)
      #expect(inner.now == 12)
      #expect(clock.now.nanoseconds == 12_000_000_000)
      let underlying = failure?.underlying as? SupervisionFailure
      #expect(failure?.supervisor.contains("outer") == true)
      #expect(underlying?.supervisor.contains("inner") == true)
      #expect(underlying?.child == "leaf")
    }
  }

  @Test func `waiting ends when no child is left, again and again`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      try await withSupervisor { supervisor in
        try await supervisor.wait()
        for round in 1...3 {
          for seconds in 1...3 {
            try await supervisor.start("\(seconds)", restart: .transient) {
              try await sleep(until: .after(.seconds(seconds)))
            }
          }
          await #expect(throws: DeadlineExceeded.self) {
            try await supervisor.wait(deadline: .after(.seconds(1)))
          }
          try await supervisor.wait()
          #expect(clock.now.nanoseconds == Int64(round) * 3_000_000_000)
        }
      }
    }
  }

  @Test func `a supervisor that has ended starts nothing`() async throws {
    try await simulate { _ in
      let supervisor = try await withSupervisor { $0 }
      await #expect(throws: CancellationError.self) {
        try await supervisor.start("late") { Issue.record("a late child runs") }
      }
      try await supervisor.wait()
      #expect(supervisor.snapshot()["children"] == 0)
    }
  }

  @Test func `the body runs on the caller's actor and may use what is not sendable`() async throws {
    actor Counter {
      var count = 0

      func run() async throws -> Int {
        try await withSupervisor { supervisor in
          count += 1
          try await supervisor.start("child") {}
          count += 1
        }
        return count
      }
    }
    #expect(try await Counter().run() == 2)
  }

  @Test func `on real threads children that keep crashing are all there in the end`() async throws {
    for strategy in [Supervisor.Strategy.oneForOne, .allForOne, .restForOne] {
      let (living, crashes) = (Gauge(), Gauge())
      try await withSupervisor(strategy, intensity: .init(10_000, within: .seconds(3600))) {
        supervisor in
        let done = AsyncLatch(count: 8)
        for number in 0..<8 {
          let isDone = AsyncEvent()
          try await supervisor.start("\(number)") { started in
            living.enter()
            defer { living.leave() }
            await Task.yield()
            started()
            crashes.enter()
            guard crashes.now > 300 else { throw Crash() }
            if isDone.set() { done.countDown() }
            try await sleep(until: .never)
          }
        }
        try await done.wait()
        // A group may still be under way to its last restart.
        while supervisor.snapshot()["running"] != 8 { await Task.yield() }
        #expect(supervisor.snapshot()["children"] == 8)
        #expect(living.now == 8)
      }
      #expect(living.now == 0)
    }
  }

  @Test func `on real threads a supervisor that is cancelled anywhere leaves nobody behind`()
    async throws
  {
    let living = Gauge()
    for round in 0..<200 {
      let task = Task {
        try await withSupervisor(.allForOne, intensity: .init(1000, within: .seconds(3600))) {
          supervisor in
          for number in 0..<4 {
            try await supervisor.start("\(number)") { started in
              living.enter()
              defer { living.leave() }
              started()
              await Task.yield()
              throw Crash()
            }
          }
          try await sleep(until: .never)
        }
      }
      for _ in 0..<round % 50 { await Task.yield() }
      task.cancel()
      _ = await task.result
      #expect(living.now == 0)
    }
  }
}
