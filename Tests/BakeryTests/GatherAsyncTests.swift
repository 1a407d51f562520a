import Bakery
import BakeryTesting
import Testing

/// `gather` over inputs that come over time.
@Suite struct GatherAsyncTests {
  struct Failed: Error, Equatable {
    let item: Int
  }

  /// The numbers from 1 on, one a second; `failing` is an error of the sequence itself.
  struct Numbers: AsyncSequence, AsyncIteratorProtocol, Sendable {
    var number = 0
    var last = Int.max
    var failing = Int.max
    var taken: Gauge?

    func makeAsyncIterator() -> Numbers { self }

    mutating func next() async throws -> Int? {
      guard number < last else { return nil }
      try await sleep(until: .after(.seconds(1)))
      number += 1
      if number == failing { throw Failed(item: number) }
      taken?.enter()
      return number
    }
  }

  private func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  /// A channel with the numbers below `count`, closed behind them.
  private func filled(_ count: Int) throws -> Channel<Int>.Receiver {
    let channel = Channel<Int>(capacity: max(count, 1))
    for number in 0..<count { try channel.sender.trySend(number) }
    channel.sender.close()
    return channel.receiver
  }

  @Test(arguments: [1, 2, 5, .max])
  func `outputs are in the order of the source whatever the order of the work`(
    width: Int
  ) async throws {
    try await simulate(seeds: 0..<30) { _ in
      let gauge = Gauge()
      let outputs = try await gather(filled(12), width: width) { item in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .after(.seconds(1 + item * 7 % 12)))
        return item * 10
      }
      #expect(outputs == (0..<12).map { $0 * 10 })
      #expect(gauge.most == min(width, 12))
    }
  }

  @Test func `in completion order the fastest is first`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let outputs = try await gather(filled(4), width: 4, order: .completion) { item in
        try await sleep(until: .after(.seconds(4 - item)))
        return item
      }
      #expect(outputs == [3, 2, 1, 0])
    }
  }

  @Test func `an element is worked on when it comes`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let times = try await gather(Numbers(last: 5), width: 4) { _ in
        let begun = clock.now
        try await sleep(until: .after(.seconds(3)))
        return begun
      }
      #expect(times == (1...5).map { seconds($0) })
      #expect(clock.now == seconds(8))
    }
  }

  @Test func `no inputs give no outputs`() async throws {
    #expect(try await gather(filled(0), width: 4) { $0 }.isEmpty)
    let limiter = AsyncSemaphore(limit: 1)
    #expect(try await gather(filled(0), width: 4, limiter: limiter) { $0 }.isEmpty)
    #expect(try await gather(filled(0), width: 4, policy: .collect) { $0 }.isEmpty)
  }

  @Test(arguments: [1, 3, 16])
  func `slow work holds back the source: no more than twice the width are ahead of the oldest`(
    width: Int
  ) async throws {
    try await simulate(seeds: 0..<10) { _ in
      let taken = Gauge()
      let inputs = AsyncStream {
        taken.enter()
        return taken.now <= 100 ? taken.now : nil
      }
      let first = StubbornGate()
      async let opened: Void = {
        await waitUntilIdle()
        // Everybody waits for the first item; where nobody else is, nobody takes another one.
        #expect(taken.now == (width == 1 ? 1 : 2 * width))
        first.open()
      }()
      let outputs = try await gather(inputs, width: width) { item in
        if item == 1 { await first.wait() }
        return item
      }
      await opened
      #expect(outputs == Array(1...100))
    }
  }

  @Test func `the first error ends the wait for an element, and is thrown when all have ended`()
    async throws
  {
    try await simulate(seeds: 0..<50) { clock in
      let channel = Channel<Int>(capacity: 8)
      for item in 0..<3 { try channel.sender.trySend(item) }
      let gauge = Gauge()
      await #expect(throws: Failed(item: 2)) {
        _ = try await gather(channel.receiver, width: 8) { item in
          gauge.enter()
          defer { gauge.leave() }
          try await sleep(until: .after(.seconds(item == 2 ? 1 : 60)))
          throw Failed(item: item)
        }
      }
      #expect(gauge.most == 3)
      #expect(gauge.now == 0)
      #expect(clock.now == seconds(1))
      #expect(channel.receiver.snapshot()["receivers waiting"] == 0)
      // Nobody takes an element any more.
      try channel.sender.trySend(9)
      #expect(channel.receiver.tryReceive() == 9)
    }
  }

  @Test func `a source that ignores its cancellation is awaited`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      let asked = Gauge()
      let inputs = AsyncStream {
        asked.enter()
        if asked.now == 2 { await gate.wait() }
        return asked.now
      }
      async let opened: Void = {
        try await sleep(until: seconds(7))
        gate.open()
      }()
      await #expect(throws: Failed(item: 1)) {
        _ = try await gather(inputs, width: 4) { item in
          try await sleep(until: seconds(1))
          throw Failed(item: item)
        }
      }
      #expect(clock.now == seconds(7))
      #expect(asked.now == 2)
      try await opened
    }
  }

  @Test func `an error of the source ends the gather, whatever the policy`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let gauge = Gauge()
      let work: @Sendable (Int) async throws -> Int = { item in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .never)
        return item
      }
      await #expect(throws: Failed(item: 5)) {
        _ = try await gather(Numbers(failing: 5), width: 8, work)
      }
      #expect(clock.now == seconds(5))
      await #expect(throws: Failed(item: 5)) {
        _ = try await gather(Numbers(failing: 5), width: 8, policy: .collect, work)
      }
      await #expect(throws: Failed(item: 5)) {
        _ = try await gather(Numbers(failing: 5), width: 8, policy: .successes(9), work)
      }
      #expect(gauge.now == 0)
    }
  }

  @Test func `collecting returns every outcome in its place`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let results = try await gather(filled(6), width: 3, policy: .collect) { item in
        if !item.isMultiple(of: 2) { throw Failed(item: item) }
        return item
      }
      #expect(results.map { try? $0.get() } == [0, nil, 2, nil, 4, nil])
    }
  }

  @Test func `a limiter decides from item to item how many run, and gets all permits back`()
    async throws
  {
    try await simulate(seeds: 0..<30) { clock in
      let semaphore = AsyncSemaphore(limit: 2)
      let gauge = Gauge()
      async let outputs = gather(filled(30), width: 10, limiter: semaphore) { item in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .after(.seconds(1)))
        return item
      }
      try await sleep(until: .after(.milliseconds(2500)))
      #expect(gauge.most == 2)
      semaphore.resize(to: 8)
      #expect(try await outputs == Array(0..<30))
      #expect(gauge.most == 8)
      #expect(semaphore.snapshot()["available"] == 8)
      #expect(clock.now <= seconds(7))
      semaphore.close()
      await #expect(throws: SemaphoreFailure.self) {
        _ = try await gather(filled(3), width: 2, limiter: semaphore, policy: .collect) { $0 }
      }
    }
  }

  @Test func `an item has its own time, and the error names it`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let results = try await gather(
        filled(3),
        width: 3,
        policy: .collect,
        itemTimeout: .seconds(5),
        itemName: { "fetch \($0)" }
      ) { item in
        #expect(Task.name == "fetch \(item)")
        try await sleep(until: item == 1 ? .never : .after(.seconds(1)))
        return item
      }
      #expect(results.map { try? $0.get() } == [0, nil, 2])
      let error = #expect(throws: DeadlineExceeded.self) { try results[1].get() }
      #expect(error?.operation == "gather item \"fetch 1\"")
      #expect(clock.now == seconds(5))
    }
  }

  @Test func `who waits is in the dump by the name of the gather`() async throws {
    try await simulate { _ in
      async let outputs = gather(filled(3), width: 2, name: "sizes") { item in
        try await sleep(until: .after(.seconds(5)))
        return item
      }
      await waitUntilIdle()
      #expect(Trace.dump().contains("gather \"sizes\""))
      let all = try await outputs
      #expect(all == [0, 1, 2])
    }
  }

  @Test func `cancelled at every suspension, the caller gets all or its cancellation`() async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let taken = Gauge()
      let begun = Gauge()
      let gauge = Gauge()
      do {
        let outputs = try await victim.run {
          try await gather(Numbers(last: 6, taken: taken), width: 2) { item in
            begun.enter()
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(1)))
            return item
          }
        }
        #expect(outputs == Array(1...6))
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
      // One element may have been taken in the moment of the cancellation, and was not begun.
      #expect(taken.now - begun.now <= 1)
    }
    #expect(cancelled >= 50)
  }

  @Test func `cancelled at every suspension, one that waits for enough leaves nobody behind`()
    async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let semaphore = AsyncSemaphore(limit: 2)
      do {
        let outputs = try await victim.run {
          try await gather(
            Numbers(last: 6),
            width: 3,
            limiter: semaphore,
            policy: .successes(3),
            GatherPolicyTests.evenAfterSeconds
          )
        }
        #expect(outputs == [2, 4, 6])
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
      #expect(semaphore.snapshot()["available"] == 2)
    }
    #expect(cancelled >= 30)
  }

  @Test(arguments: [GatherOrder.input, .completion])
  func `on real threads every element has one output`(order: GatherOrder) async throws {
    let items = 20_000
    let inputs = AsyncStream { continuation in
      for item in 0..<items { continuation.yield(item) }
      continuation.finish()
    }
    let outputs = try await gather(inputs, width: 16, order: order) { item in
      if item.isMultiple(of: 64) { await Task.yield() }
      return item
    }
    #expect((order == .input ? outputs : outputs.sorted()) == Array(0..<items))
  }
}

/// Policies that have enough, over inputs that come over time.
@Suite struct GatherAsyncEnoughTests {
  typealias Numbers = GatherAsyncTests.Numbers
  typealias Failed = GatherAsyncTests.Failed

  private func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  @Test func `the first success is returned, the others are cancelled and awaited`() async throws {
    try await simulate(seeds: 0..<30) { clock in
      let (taken, gauge) = (Gauge(), Gauge())
      let outputs = try await gather(Numbers(taken: taken), width: 9, policy: .firstSuccess) {
        item in
        gauge.enter()
        defer { gauge.leave() }
        // 1 fails at 11 s, 2 succeeds at 11 s, 3 would take until 60 s.
        try await sleep(until: seconds(item < 3 ? 11 : 60))
        if item == 1 { throw Failed(item: item) }
        return item
      }
      #expect(outputs == [2])
      #expect(gauge.now == 0)
      #expect(clock.now == seconds(11))
      #expect(taken.now == 9)
    }
  }

  @Test func `the first k successes are returned in the order that was asked for`() async throws {
    let work: @Sendable (Int) async throws -> Int = { item in
      try await sleep(until: Deadline(nanoseconds: Int64(20 - item) * 1_000_000_000))
      if item == 5 { throw Failed(item: item) }
      return item
    }
    try await simulate(seeds: 0..<30) { clock in
      let byInput = try await gather(Numbers(last: 7), width: 7, policy: .successes(3), work)
      #expect(byInput == [4, 6, 7])
      #expect(clock.now == seconds(16))
    }
    try await simulate(seeds: 0..<30) { _ in
      let byEnd = try await gather(
        Numbers(last: 7),
        width: 7,
        order: .completion,
        policy: .successes(3),
        work
      )
      #expect(byEnd == [7, 6, 4])
    }
  }

  @Test func `no further element is taken once there is enough`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let taken = Gauge()
      let outputs = try await gather(Numbers(taken: taken), width: 2, policy: .successes(10)) {
        item in
        if item.isMultiple(of: 3) { throw Failed(item: item) }
        return item
      }
      #expect(outputs == [1, 2, 4, 5, 7, 8, 10, 11, 13, 14])
      #expect(taken.now == 14)
      #expect(clock.now == seconds(14))
    }
  }

  @Test func `too few successes are an error with the numbers at the end of the source`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let error = await #expect(throws: GatherFellShort.self) {
        _ = try await gather(Numbers(last: 5), width: 2, policy: .successes(4)) { item in
          if !item.isMultiple(of: 2) { throw Failed(item: item) }
          return item
        }
      }
      #expect(error?.needed == 4)
      #expect(error?.succeeded == 2)
      #expect(error?.failed == 3)
      #expect(error?.firstError as? Failed == Failed(item: 1))
      #expect(clock.now == seconds(5))
      let none = await #expect(throws: GatherFellShort.self) {
        _ = try await gather(Numbers(last: 0), width: 2, policy: .firstSuccess) { $0 }
      }
      #expect(none?.firstError == nil)
    }
  }
}
