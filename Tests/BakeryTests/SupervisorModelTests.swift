import Bakery
import BakeryTesting
import Testing

@Suite struct SupervisorModelTests {
  struct Crash: Error {}

  @Test func `under 1,000 seeded crash patterns every child is started when the model says so`()
    async throws
  {
    let (gaveUp, restarts) = (Gauge(), Gauge())
    for seed in UInt64(0)..<1000 {
      let model = SupervisorModel(seed: seed)
      let expected = model.play()
      try await simulate(seed: seed) { clock in
        let starts = Journal<SupervisorModel.Start>()
        let living = Gauge()
        do {
          try await withSupervisor(
            model.strategy,
            intensity: .init(model.restarts, within: .nanoseconds(model.period))
          ) { supervisor in
            for child in model.kinds.indices {
              let runs = Gauge()
              try await supervisor.start("\(child)", restart: model.kinds[child]) {
                living.enter()
                defer { living.leave() }
                let run = runs.now
                runs.enter()
                starts.add(.init(time: clock.now.nanoseconds, child: child, run: run))
                let life = model.life(of: child, run: run)
                try await sleep(until: .after(.nanoseconds(life.nanoseconds)))
                if life.fails { throw Crash() }
              }
            }
            try await sleep(until: Deadline(nanoseconds: model.horizon))
            #expect(
              supervisor.snapshot().holders.map(\.task.name) == expected.living.map { "\($0)" }
            )
            #expect(supervisor.snapshot()["running"] == expected.living.count)
            #expect(living.now == expected.living.count)
          }
          #expect(expected.gaveUp == nil, "seed \(seed)")
        } catch let failure as SupervisionFailure {
          #expect(failure.reason == .tooManyRestarts)
          #expect(expected.gaveUp == clock.now.nanoseconds, "seed \(seed)")
          gaveUp.enter()
        }
        #expect(living.now == 0)
        #expect(starts.entries == expected.starts, "seed \(seed)")
        restarts.enter(starts.entries.count - model.kinds.count)
      }
    }
    // The patterns are of both kinds.
    #expect((200...800).contains(gaveUp.now))
    #expect(restarts.now > 2000)
  }
}
