import Bakery
import BakeryTesting
import Testing

@Suite struct CancellationShieldTests {
  struct Failed: Error, Equatable {}

  @Test func `no cancellation and no deadline reaches the body`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let value = try await withDeadline(in: .seconds(1)) {
        try await withCancellationShield {
          #expect(Deadline.current == .never)
          try await sleep(until: .after(.seconds(5)))
          #expect(!Task.isCancelled)
          return clock.now
        }
      }
      #expect(value == Deadline(nanoseconds: 5_000_000_000))
    }
  }

  @Test func `a task that is cancelled already can still clean up`() async throws {
    try await simulate { _ in
      try await withDeadline(.now) {
        #expect(Task.isCancelled)
        let semaphore = AsyncSemaphore(limit: 1)
        let permit = try await semaphore.acquire()
        async let later: Void = {
          await withCancellationShield {
            try? await sleep(until: .after(.seconds(1)))
            #expect(!Task.isCancelled)
          }
        }()
        permit.release()
        await later
        #expect(Task.isCancelled)
      }
    }
  }

  @Test func `a scope inside a shield cancels as ever`() async throws {
    try await simulate { clock in
      await #expect(throws: DeadlineExceeded.self) {
        try await withCancellationShield {
          try await withDeadline(in: .seconds(2)) { try await sleep(until: .never) }
        }
      }
      #expect(clock.now == Deadline(nanoseconds: 2_000_000_000))
    }
  }

  @Test func `the type of the error is kept, and no error needs no try`() async {
    await #expect(throws: Failed.self) {
      try await withCancellationShield { () async throws(Failed) in throw Failed() }
    }
    let seven = await withCancellationShield { 7 }
    #expect(seven == 7)
  }

  @Test func `the body stays on its actor and keeps name and values of its task`() async throws {
    let counter = Counter()
    #expect(await counter.count() == 2)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(name: "caller") {
        let clock = ManualClock()
        await Seams.$time.withValue(clock) {
          await withCancellationShield {
            #expect(Task.name == "caller")
            #expect(Seams.time === clock)
            await Task.yield()
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `scopes in a named task stay on the executor of their caller`() async throws {
    try await simulate(seeds: 0..<10) { clock in
      try await withDeadline(in: .seconds(9), name: "named") {
        try await withCancellationShield {
          #expect(Task.name == "named")
          try await sleep(until: .after(.seconds(1)))
          try await CancelScope().run { try await sleep(until: .after(.seconds(1))) }
        }
      }
      #expect(clock.now == Deadline(nanoseconds: 2_000_000_000))
    }
  }

  private actor Counter {
    private var steps = 0

    func count() async -> Int {
      await withCancellationShield {
        assertIsolated()
        steps += 1
        await Task.yield()
        assertIsolated()
        steps += 1
      }
      return steps
    }
  }

  @Test func `cancelled at every suspension, the body still does all its work`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      try await victim.run {
        try await withCancellationShield {
          for _ in 0..<3 {
            try await sleep(until: .after(.seconds(1)))
            gauge.enter()
          }
        }
      }
      #expect(gauge.now == 3)
    }
    #expect(cancelled >= 30)
  }
}
