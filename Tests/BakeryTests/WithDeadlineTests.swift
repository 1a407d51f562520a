import Bakery
import BakeryTesting
import Testing

@Suite struct WithDeadlineTests {
  struct Failed: Error, Equatable {}

  static func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  @Test func `a body in time returns its value and leaves no timer`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let value = try await withDeadline(in: .seconds(5)) {
        try await sleep(until: .after(.seconds(1)))
        return 7
      }
      #expect(value == 7)
      #expect(clock.now == Self.seconds(1))
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `the deadline cancels the body, and the error says which`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      do {
        try await withDeadline(in: .seconds(2), name: "report") {
          try await sleep(until: .never)
        }
        Issue.record("the body went on")
      } catch let error as DeadlineExceeded {
        #expect(error.deadline == Self.seconds(2))
        #expect(error.operation.contains("withDeadline \"report\" (BakeryTests/"))
      }
      #expect(clock.now == Self.seconds(2))
    }
  }

  @Test func `a body that ignores its cancellation is awaited, and its value counts`() async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      async let opened: Void = {
        try await sleep(until: Self.seconds(5))
        gate.open()
      }()
      let value = try await withDeadline(in: .seconds(1)) {
        await gate.wait()
        #expect(Task.isCancelled)
        return "late"
      }
      #expect(value == "late")
      #expect(clock.now == Self.seconds(5))
      try await opened
    }
  }

  @Test func `an error of the body's own is thrown, also after the deadline`() async throws {
    try await simulate { _ in
      await #expect(throws: Failed.self) {
        try await withDeadline(in: .seconds(1)) { throw Failed() }
      }
      await #expect(throws: Failed.self) {
        try await withDeadline(in: .seconds(1)) {
          do { try await sleep(until: .never) } catch { throw Failed() }
        }
      }
    }
  }

  @Test func `the earlier of two nested deadlines ends the body, and names its scope`() async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      await #expect(throws: DeadlineExceeded.self) {
        try await withDeadline(Self.seconds(3), name: "outer") {
          #expect(Deadline.current == Self.seconds(3))
          do {
            try await withDeadline(Self.seconds(2), name: "inner") {
              #expect(Deadline.current == Self.seconds(2))
              try await sleep(until: .never)
            }
          } catch let error as DeadlineExceeded {
            #expect(error.operation.contains("inner"))
            #expect(error.deadline == Self.seconds(2))
            #expect(!Task.isCancelled)
            #expect(clock.now == Self.seconds(2))
          }
          do {
            try await withDeadline(Self.seconds(9), name: "inner") {
              #expect(Deadline.current == Self.seconds(3))
              try await sleep(until: .never)
            }
          } catch {
            #expect(error is CancellationError)
            #expect(clock.now == Self.seconds(3))
            throw error
          }
        }
      }
      #expect(Deadline.current == .never)
    }
  }

  @Test func `with a deadline that has passed the body runs cancelled`() async throws {
    try await simulate { clock in
      clock.advance(by: .seconds(10))
      for past in [Self.seconds(1), clock.now, Deadline(nanoseconds: .min)] {
        let seen = try await withDeadline(past) { Task.isCancelled }
        #expect(seen)
        await #expect(throws: DeadlineExceeded.self) {
          try await withDeadline(past) { try Task.checkCancellation() }
        }
      }
      await #expect(throws: DeadlineExceeded.self) {
        try await withDeadline(in: .seconds(-1)) { try await sleep(until: .never) }
      }
      #expect(!Task.isCancelled)
    }
  }

  @Test func `no deadline is the body alone`() async throws {
    let value = try await withDeadline(.never) { Deadline.current }
    #expect(value == .never)
    try await withDeadline(in: .seconds(Int64.max)) {
      #expect(Deadline.current == .never)
    }
  }

  @Test func `a cancelled caller gets its cancellation, not the deadline's error`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      do {
        try await victim.run {
          try await withDeadline(in: .seconds(60)) {
            for _ in 0..<3 { try await sleep(until: .after(.seconds(1))) }
          }
        }
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
    }
    #expect(cancelled >= 30)
  }

  @Test func `the active deadline reaches child tasks and belongs to its clock`() async throws {
    try await simulate { _ in
      try await withDeadline(Self.seconds(5)) {
        async let inner = Deadline.current
        #expect(await inner == Self.seconds(5))
        let other = ManualClock()
        Seams.$time.withValue(other) {
          #expect(Deadline.current == .never)
        }
      }
    }
  }

  @Test func `the body begins before the call suspends and stays on its actor`() async throws {
    let counter = Counter()
    let steps = try await counter.count()
    #expect(steps == 3)
  }

  private actor Counter {
    private var steps = 0

    func count() async throws -> Int {
      try await withDeadline(in: .seconds(60)) {
        assertIsolated()
        steps += 1
        await Task.yield()
        assertIsolated()
        steps += 1
      }
      steps += 1
      return steps
    }
  }

  @Test func `a value that cannot be copied comes out`() async throws {
    let semaphore = AsyncSemaphore(limit: 1)
    let permit = try await withDeadline(in: .seconds(60)) { try await semaphore.acquire() }
    #expect(semaphore.snapshot()["available"] == 0)
    permit.release()
    #expect(semaphore.snapshot()["available"] == 1)
  }

  @Test func `a task that was made inside is ended by the deadline that it inherited`() async throws
  {
    let value = try await withDeadline(in: .milliseconds(20)) {
      let task = Task {
        try await withDeadline(in: .seconds(600)) { try await sleep(until: .never) }
      }
      return await task.result
    }
    #expect(throws: DeadlineExceeded.self) { try value.get() }
  }

  @Test func `on real threads deadlines and ends of bodies race, and nothing is lost`() async throws
  {
    let outcomes = try await gather(0..<2_000, width: 64) { item in
      do {
        return try await withDeadline(in: .microseconds(item % 200)) {
          let end = Deadline.after(.microseconds((item * 7) % 200))
          while Deadline.now < end {
            try Task.checkCancellation()
            await Task.yield()
          }
          return 1
        }
      } catch is DeadlineExceeded {
        return 0
      }
    }
    #expect(outcomes.count == 2_000)
  }
}
