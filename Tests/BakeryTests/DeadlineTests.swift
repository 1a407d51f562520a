import Bakery
import BakeryTesting
import Testing

@Suite struct DeadlineTests {
  @Test func `extreme durations end at the ends of the timeline`() {
    let start = Deadline(nanoseconds: 5)
    #expect(start.advanced(by: .seconds(Int64.max)) == .never)
    #expect(Deadline(nanoseconds: -5).advanced(by: .seconds(Int64.min)).nanoseconds == .min)
    #expect(start.advanced(by: .seconds(-1)).nanoseconds == 5 - 1_000_000_000)
    #expect(Deadline.never.advanced(by: .seconds(-1)) == .never)
    #expect(Deadline.never.duration(since: Deadline(nanoseconds: -5)) == .nanoseconds(Int64.max))
    #expect(Deadline(nanoseconds: .min).duration(since: start) == .nanoseconds(Int64.min))
    #expect(start.duration(since: Deadline(nanoseconds: 9)) == .nanoseconds(-4))
  }

  @Test func `the earlier of two deadlines is their minimum`() {
    let (early, late) = (Deadline(nanoseconds: 1), Deadline(nanoseconds: 2))
    #expect(min(early, late) == early)
    #expect(min(late, .never) == late)
  }

  @Test func `descriptions are seconds`() {
    #expect(Deadline(nanoseconds: 12_500_000_000).description == "12.500 s")
    #expect(Deadline(nanoseconds: -2_000_000).description == "-0.002 s")
    #expect(Deadline.never.description == "never")
  }

  @Test func `deadlines are measured on the time source in force`() async throws {
    try await underBoth { clock in
      clock.advance(by: .seconds(3))
      #expect(Deadline.after(.seconds(2)).nanoseconds == 5_000_000_000)
    }
  }
}

@Suite struct SleepTests {
  @Test func `sleepers wake in the order of their deadlines, at their deadlines`() async throws {
    try await underBoth { clock in
      let woken = try await gather([30, 10, 20], width: 3, order: .completion) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        return Int(clock.now.nanoseconds / 1_000_000_000)
      }
      #expect(woken == [10, 20, 30])
    }
  }

  @Test func `a deadline that has passed returns at once`() async throws {
    try await simulate(autoAdvance: false) { clock in
      try await sleep(until: clock.now)
      try await sleep(until: .after(.seconds(-1)))
    }
  }

  @Test func `a cancelled sleep ends at every moment`() async throws {
    let cancelled = try await cancelAtEverySuspension { victim in
      do {
        try await victim.run { try await sleep(until: .after(.seconds(1))) }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
    }
    #expect(cancelled >= 20)
  }

  @Test func `the last instants of the timeline are waited for without end`() async throws {
    let semaphore = AsyncSemaphore(limit: 1)
    let permit = try await semaphore.acquire()
    let task = Task { try await semaphore.withPermit(deadline: Deadline(nanoseconds: .max - 1)) {} }
    let other = Task { try await sleep(until: .never) }
    task.cancel()
    other.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    await #expect(throws: CancellationError.self) { try await other.value }
    permit.release()
  }

  @Test func `the machine's clock wakes a sleeper too`() async throws {
    let start = Deadline.now
    try await sleep(until: .after(.milliseconds(2)))
    #expect(Deadline.now.duration(since: start) >= .milliseconds(2))
  }
}

@Suite struct RandomSourceTests {
  @Test func `the same seed gives the known sequence of SplitMix64`() {
    let random = SeededRandom(seed: 1_234_567)
    // The reference values of the algorithm's C version for this seed.
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
  }

  @Test func `a scope's source is the one that its children see`() async {
    await Seams.$random.withValue(SeededRandom(seed: 1)) {
      async let child = Seams.random.next()
      let expected = SeededRandom(seed: 1).next()
      #expect(await child == expected)
    }
  }
}
