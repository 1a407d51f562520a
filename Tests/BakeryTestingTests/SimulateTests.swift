import Bakery
@testable import BakeryTesting
import Testing

private actor Log {
  private(set) var letters = ""
  func add(_ letter: String) { letters += letter }
}

@Suite struct SimulateTests {
  private func letters(seed: UInt64) async throws -> String {
    try await simulate(seed: seed) { _ in
      let log = Log()
      await withTaskGroup { group in
        for letter in ["a", "b", "c", "d"] {
          group.addTask {
            for _ in 0..<3 {
              await log.add(letter)
              await Task.yield()
            }
          }
        }
      }
      return await log.letters
    }
  }

  @Test func `the same seed gives the same order, other seeds give others`() async throws {
    var orders: Set<String> = []
    for seed in 0..<20 as Range<UInt64> {
      let first = try await letters(seed: seed)
      let second = try await letters(seed: seed)
      #expect(first == second)
      orders.insert(first)
    }
    #expect(orders.count >= 15)
  }

  @Test func `a year of sleeping takes no time`() async throws {
    let now = try await simulate { clock in
      try await sleep(until: .after(.seconds(365 * 24 * 3600)))
      return clock.now
    }
    #expect(now.nanoseconds == 365 * 24 * 3600 * 1_000_000_000)
  }

  @Test func `without auto-advance time moves by hand alone`() async throws {
    try await simulate(autoAdvance: false) { clock in
      async let slept: Void = sleep(until: .after(.seconds(5)))
      await waitUntilIdle()
      #expect(clock.now.nanoseconds == 0)
      #expect(clock.nextDeadline?.nanoseconds == 5_000_000_000)
      clock.advance(by: .seconds(5))
      try await slept
    }
  }

  @Test func `waitUntilIdle returns when all others wait, not before`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let log = Log()
      await withTaskGroup { group in
        group.addTask {
          for _ in 0..<10 { await Task.yield() }
          await log.add("x")
        }
        await waitUntilIdle()
        #expect(await log.letters == "x")
      }
    }
  }

  @Test func `tasks that wait for ever are reported with who waits for what`() async throws {
    let stuck = await #expect(throws: SimulationStuck.self) {
      try await simulate(seed: 7) { _ in
        let semaphore = AsyncSemaphore(limit: 1, name: "never released")
        try await semaphore.withPermit { try await semaphore.withPermit {} }
      }
    }
    #expect(stuck?.description.contains("simulate(seed: 7)") == true)
    #expect(stuck?.dump.contains("never released") == true)
    #expect(stuck?.dump.contains("acquire(1)") == true)
  }

  @Test func `a body that waits for ever and observes no cancellation is given up and reported`()
    async throws
  {
    await #expect(throws: SimulationStuck.self) {
      try await simulate { _ in
        // Never resumed, on purpose: the report must come all the same.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
      }
    }
  }

  @Test func `the report of a stuck simulation counts in virtual time`() async throws {
    let stuck = await #expect(throws: SimulationStuck.self) {
      try await simulate { _ in
        let semaphore = AsyncSemaphore(limit: 1, name: "virtual")
        async let waits: Void = semaphore.withPermit { try await semaphore.withPermit {} }
        try await sleep(until: .after(.seconds(90)))
        try await waits
      }
    }
    #expect(stuck?.dump.contains("acquire(1) for 90.000 s") == true)
  }

  @Test func `a failing seed is named`() async throws {
    struct Failed: Error {}
    let failure = await #expect(throws: SimulationFailure.self) {
      try await simulate(seeds: 3..<9) { _ in
        if Seams.random.next() == SeededRandom(seed: 5).next() { throw Failed() }
      }
    }
    #expect(failure?.seed == 5)
    #expect(failure?.description.contains("repeat with simulate(seed: 5)") == true)
  }

  @Test func `cancelling the caller cancels the body`() async throws {
    let task = Task {
      try await simulate(autoAdvance: false) { _ in
        withUnsafeCurrentTask { $0?.cancel() }
        try await sleep(until: .never)
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite struct CancelAtEverySuspensionTests {
  /// A semaphore as people first write it: a cancelled waiter forgets that it may have been granted.
  private actor LossySemaphore {
    private var free = 1
    private let wake = Channel<Void>(capacity: 0)

    func acquire() async throws {
      try Task.checkCancellation()
      while free == 0 { _ = try await wake.receiver.receive() }
      free -= 1
      await Task.yield()
      // The defect: the permit that was just taken is not given back.
      try Task.checkCancellation()
    }

    func release() {
      free += 1
      try? wake.sender.trySend(())
    }

    var isWhole: Bool { free == 1 }
  }

  @Test func `finds the moment in which a cancellation loses a permit`() async throws {
    struct Lost: Error {}
    let failure = await #expect(throws: CancellationFailure.self) {
      try await cancelAtEverySuspension { victim in
        let semaphore = LossySemaphore()
        do {
          try await victim.run {
            try await semaphore.acquire()
            await semaphore.release()
          }
        } catch is CancellationError {}
        guard await semaphore.isWhole else { throw Lost() }
      }
    }
    #expect(failure?.underlying is Lost)
    #expect(failure.map { $0.moment > 1 } == true)
  }

  @Test func `tries every moment once and ends with a run that is not cancelled`() async throws {
    let runs = AsyncSemaphore(limit: 1000)
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<1) { victim in
      // The permit is kept for ever: the semaphore counts the runs.
      runs.resize(to: (runs.snapshot()["limit"] ?? 0) - 1)
      try? await victim.run {
        for _ in 0..<5 { await Task.yield() }
      }
    }
    #expect(cancelled >= 6)
    #expect(runs.snapshot()["limit"] == 1000 - cancelled - 1)
  }
}

@Suite struct TestExecutorTests {
  @Test func `a watch that is set while the thread sleeps already is kept`() async {
    let executor = TestExecutor(seed: 0, advancing: nil)
    // The thread has run everything and sleeps, or is about to.
    await Task(executorPreference: executor) {}.value
    await withUnsafeContinuation { continuation in
      executor.setWhenStuck { continuation.resume() }
    }
    executor.close()
  }
}
