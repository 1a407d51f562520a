import Bakery
import BakeryTesting
import Testing

@Suite struct SupervisorTests {
  struct Crash: Error, Equatable {
    var number = 0
  }

  /// Children that write what happens to them into a log, and crash when told to.
  private final class Kitchen: Sendable {
    let log = Journal<String>()
    let clock: ManualClock
    private let crashes = Channel<String>(capacity: 100)

    init(_ clock: ManualClock) { self.clock = clock }

    /// What was noted since the last look.
    func note(_ text: String) {
      log.add("\(clock.now.nanoseconds / 1_000_000_000) \(text)")
    }

    /// A child that takes a second to start and a few steps to stop, and crashes at the times given, one for each run.
    func work(
      _ name: String,
      crashesAt seconds: [Int]
    )
      -> @concurrent @Sendable (
        Supervisor.Started<Int>
      ) async throws -> Void
    {
      let runs = Gauge()
      return { started in
        let run = runs.now
        runs.enter()
        self.note("\(name) starts")
        try await sleep(until: .after(.seconds(1)))
        started(run)
        self.note("\(name) ready")
        do {
          guard run < seconds.count else { return try await sleep(until: .never) }
          try await sleep(until: Deadline(nanoseconds: Int64(seconds[run]) * 1_000_000_000))
          self.note("\(name) crashes")
          throw Crash(number: run)
        } catch is CancellationError {
          // Cleans up, cancelled or not.
          let gate = StubbornGate()
          async let _ = Self.open(gate)
          await gate.wait()
          self.note("\(name) stopped")
          throw CancellationError()
        }
      }
    }

    private static func open(_ gate: StubbornGate) async {
      for _ in 0..<3 { await Task.yield() }
      gate.open()
    }
  }

  @Test func `children start in order, each when the one before is ready, and stop in reverse`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let kitchen = Kitchen(clock)
      let values = try await withSupervisor { supervisor in
        var values: [Int] = []
        for name in ["a", "b", "c"] {
          values.append(try await supervisor.start(name, kitchen.work(name, crashesAt: [])))
        }
        kitchen.note("body ends")
        return values
      }
      #expect(values == [0, 0, 0])
      #expect(
        kitchen.log.entries == [
          "0 a starts", "1 a ready", "1 b starts", "2 b ready", "2 c starts", "3 c ready",
          "3 body ends", "3 c stopped", "3 b stopped", "3 a stopped",
        ]
      )
    }
  }

  /// Runs a, b and c, of which b crashes at 10 s, until 20 s; what happened after 3 s, but for the end.
  private func restart(_ strategy: Supervisor.Strategy) async throws -> [String] {
    let log = Journal<String>()
    try await simulate { clock in
      let kitchen = Kitchen(clock)
      try await withSupervisor(strategy) { supervisor in
        for name in ["a", "b", "c"] {
          try await supervisor.start(name, kitchen.work(name, crashesAt: name == "b" ? [10] : []))
        }
        try await sleep(until: Deadline(nanoseconds: 20_000_000_000))
        #expect(supervisor.snapshot()["running"] == 3)
        #expect(supervisor.snapshot()["restarts"] == 1)
        kitchen.note("end")
      }
      for entry in kitchen.log.entries.dropFirst(6).prefix(while: { $0 != "20 end" }) {
        log.add(entry)
      }
    }
    return log.entries
  }

  @Test func `one for one restarts the child that ended`() async throws {
    #expect(try await restart(.oneForOne) == ["10 b crashes", "10 b starts", "11 b ready"])
  }

  @Test func `all for one stops all in reverse order and starts them in order`() async throws {
    #expect(
      try await restart(.allForOne) == [
        "10 b crashes", "10 c stopped", "10 a stopped", "10 a starts", "11 a ready", "11 b starts",
        "12 b ready", "12 c starts", "13 c ready",
      ]
    )
  }

  @Test func `rest for one restarts the child and those after it`() async throws {
    #expect(
      try await restart(.restForOne) == [
        "10 b crashes", "10 c stopped", "10 b starts", "11 b ready", "11 c starts", "12 c ready",
      ]
    )
  }

  @Test(arguments: [
    (Supervisor.Restart.permanent, true, 2), (.permanent, false, 2), (.transient, true, 2),
    (.transient, false, 1), (.temporary, true, 1), (.temporary, false, 1),
  ])
  func `the kind of a child says after what end it is restarted`(
    kind: Supervisor.Restart,
    fails: Bool,
    runs: Int
  ) async throws {
    try await simulate { _ in
      let starts = Gauge()
      try await withSupervisor { supervisor in
        try await supervisor.start("child", restart: kind) {
          starts.enter()
          try await sleep(until: .after(.seconds(starts.now == 1 ? 1 : 1000)))
          if fails { throw Crash() }
        }
        try await sleep(until: .after(.seconds(10)))
        #expect(supervisor.snapshot()["children"] == runs - 1)
      }
      #expect(starts.now == runs)
    }
  }

  @Test func `a temporary child is not restarted for the sake of others`() async throws {
    try await simulate { clock in
      let kitchen = Kitchen(clock)
      try await withSupervisor(.allForOne) { supervisor in
        try await supervisor.start("a", kitchen.work("a", crashesAt: [10]))
        try await supervisor.start("b", restart: .temporary, kitchen.work("b", crashesAt: []))
        try await sleep(until: Deadline(nanoseconds: 20_000_000_000))
        #expect(supervisor.snapshot().holders.map(\.task.name) == ["a"])
      }
    }
  }

  @Test func `a restart storm ends with the supervisor, and the error says why`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let (starts, others) = (Gauge(), Gauge())
      let failure = await #expect(throws: SupervisionFailure.self) {
        try await withSupervisor(intensity: .init(100, within: .seconds(1)), name: "storm") {
          supervisor in
          try await supervisor.start("calm") {
            others.enter()
            defer { others.leave() }
            try await sleep(until: .never)
          }
          try await supervisor.start("wild") {
            starts.enter()
            throw Crash(number: starts.now)
          }
          try await sleep(until: .never)
        }
      }
      #expect(failure?.reason == .tooManyRestarts)
      #expect(failure?.child == "wild")
      #expect((failure?.underlying as? Crash)?.number == 101)
      #expect(failure?.description.contains("more than 100 within 1.000 s") == true)
      #expect(failure?.description.contains("Supervisor \"storm\"") == true)
      #expect(starts.now == 101)
      #expect(others.now == 0)
      #expect(clock.now.nanoseconds == 0)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a restart counts for its period and no longer`() async throws {
    /// A child that crashes every so often, and how often it started before the supervisor gave up or a minute was over.
    func starts(every interval: Duration) async throws -> Int {
      try await simulate { _ in
        let starts = Gauge()
        try? await withSupervisor(intensity: .init(2, within: .seconds(10))) { supervisor in
          try await supervisor.start("child") {
            starts.enter()
            try await sleep(until: .after(interval))
            throw Crash()
          }
          try await sleep(until: .after(.seconds(60)))
        }
        return starts.now
      }
    }
    #expect(try await starts(every: .seconds(4)) == 3)
    // Exactly ten seconds ago still counts, as in OTP.
    #expect(try await starts(every: .seconds(5)) == 3)
    #expect(try await starts(every: .milliseconds(5001)) == 12)
  }

  @Test func `no intensity means no restart`() async throws {
    try await simulate { _ in
      let starts = Gauge()
      await #expect(throws: SupervisionFailure.self) {
        try await withSupervisor(intensity: .init(0, within: .seconds(5))) { supervisor in
          try await supervisor.start("child") { starts.enter() }
          try await sleep(until: .never)
        }
      }
      #expect(starts.now == 1)
    }
  }

  @Test func `a restart waits for its backoff, and shows in the dump`() async throws {
    try await simulate { clock in
      let kitchen = Kitchen(clock)
      try await withSupervisor(
        intensity: .init(5, within: .seconds(1000)),
        backoff: .exponential(from: .seconds(2), upTo: .seconds(60), jittered: false),
        name: "kitchen"
      ) { supervisor in
        try await supervisor.start("oven", kitchen.work("oven", crashesAt: [10, 20, 30]))
        try await sleep(until: Deadline(nanoseconds: 23_500_000_000))
        let dump = Trace.dump()
        #expect(dump.contains("children 1, waiting 0, starting 1, running 0, stopping 0"))
        #expect(dump.contains("held by task \"oven\": starting(2) for 3.500 s"))
        #expect(dump.contains("awaited by task \"oven\": restart(2) for 3.500 s"))
        try await sleep(until: Deadline(nanoseconds: 45_000_000_000))
      }
      #expect(
        kitchen.log.entries.filter { $0.contains("start") }
          == ["0 oven starts", "12 oven starts", "24 oven starts", "38 oven starts"]
      )
    }
  }
}
