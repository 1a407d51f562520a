import Bakery
import BakeryTesting
import Testing

@Suite struct GatherPolicyTests {
  struct Failed: Error, Equatable {
    let item: Int
  }

  static func seconds(_ count: Int64) -> Deadline { Deadline(nanoseconds: count * 1_000_000_000) }

  /// Takes as many seconds as `item` says, and fails afterwards if it is odd.
  @Sendable @concurrent
  static func evenAfterSeconds(_ item: Int) async throws -> Int {
    try await sleep(until: .after(.seconds(item)))
    if !item.isMultiple(of: 2) { throw Failed(item: item) }
    return item
  }

  @Test func `the first success is returned, the others are cancelled and awaited`() async throws {
    try await simulate(seeds: 0..<30) { clock in
      let gauge = Gauge()
      let outputs = try await gather([9, 4, 3, 1, 8], width: 5, policy: .firstSuccess) { item in
        gauge.enter()
        defer { gauge.leave() }
        return try await Self.evenAfterSeconds(item)
      }
      #expect(outputs == [4])
      #expect(gauge.now == 0)
      #expect(clock.now == Self.seconds(4))
    }
  }

  @Test func `the first k successes are returned in the order that was asked for`() async throws {
    try await simulate(seeds: 0..<30) { clock in
      let inputs = [9, 6, 3, 4, 1, 2, 8]
      let byInput = try await gather(inputs, width: 7, policy: .successes(3)) {
        try await Self.evenAfterSeconds($0)
      }
      #expect(byInput == [6, 4, 2])
      #expect(clock.now == Self.seconds(6))
      let byEnd = try await gather(
        inputs,
        width: 7,
        order: .completion,
        policy: .successes(3),
        Self.evenAfterSeconds
      )
      #expect(byEnd == [2, 4, 6])
    }
  }

  @Test func `no further input is taken once there is enough`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let read = Gauge()
      let inputs = sequence(first: 0) { number in
        read.enter()
        return number + 1
      }
      let outputs = try await gather(inputs, width: 2, policy: .successes(10)) { item in
        await Task.yield()
        if item.isMultiple(of: 3) { throw Failed(item: item) }
        return item
      }
      #expect(outputs.count == 10)
      #expect(read.most <= 20)
    }
  }

  @Test func `more successes than inputs is an error at once, and nothing runs`() async throws {
    let error = await #expect(throws: GatherFellShort.self) {
      _ = try await gather(0..<3, width: 2, policy: .successes(4)) { item in
        Issue.record("item \(item) runs")
        return item
      }
    }
    #expect(error?.needed == 4)
    #expect(error?.succeeded == 0)
    #expect(error?.firstError == nil)
    await #expect(throws: GatherFellShort.self) {
      _ = try await gather([] as [Int], width: 2, policy: .firstSuccess) { $0 }
    }
  }

  @Test func `more successes than a sequence of unknown length has is an error at its end`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let inputs = sequence(first: 0) { $0 < 4 ? $0 + 1 : nil }
      let error = await #expect(throws: GatherFellShort.self) {
        _ = try await gather(inputs, width: 2, policy: .successes(6)) { $0 }
      }
      #expect(error?.succeeded == 5)
      #expect(error?.failed == 0)
    }
  }

  @Test func `when too many have failed the rest is cancelled`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let error = await #expect(throws: GatherFellShort.self) {
        _ = try await gather([60, 1, 3, 50], width: 4, policy: .successes(3)) {
          try await Self.evenAfterSeconds($0)
        }
      }
      #expect(clock.now == Self.seconds(3))
      #expect(error?.failed == 2)
      #expect(error?.firstError as? Failed == Failed(item: 1))
      let text = error?.description ?? ""
      #expect(text.contains("needed 3 successes; 0 items succeeded and 2 failed"))
    }
  }

  @Test func `under a limiter enough is enough too, and no permit is lost`() async throws {
    try await simulate(seeds: 0..<30) { _ in
      let semaphore = AsyncSemaphore(limit: 2)
      let outputs = try await gather(0..<40, limiter: semaphore, policy: .successes(5)) { item in
        await Task.yield()
        if item.isMultiple(of: 2) { throw Failed(item: item) }
        return item
      }
      #expect(outputs.count == 5)
      #expect(semaphore.snapshot()["available"] == 2)
      #expect(semaphore.snapshot()["waiting"] == 0)
    }
  }

  @Test func `an item has its own time, and the error names it`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let results = try await gather(
        [1, 60, 2],
        width: 3,
        policy: .collect,
        itemTimeout: .seconds(5),
        itemName: { "fetch \($0)" }
      ) { item in
        #expect(Task.name == "fetch \(item)")
        #expect(Deadline.current == Self.seconds(5))
        try await sleep(until: .after(.seconds(item)))
        return item
      }
      #expect(results.map { try? $0.get() } == [1, nil, 2])
      let error = #expect(throws: DeadlineExceeded.self) { try results[1].get() }
      #expect(error?.operation == "gather item \"fetch 60\"")
      #expect(error?.deadline == Self.seconds(5))
      #expect(clock.now == Self.seconds(5))
    }
  }

  @Test func `an item that runs out of its time ends a gather that fails fast`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      await #expect(throws: DeadlineExceeded.self) {
        _ = try await gather(0..<10, width: 3, itemTimeout: .seconds(2)) { item in
          try await sleep(until: item == 4 ? .never : .after(.seconds(1)))
        }
      }
      #expect(clock.now == Self.seconds(3))
    }
  }

  @Test func `an item that ignores its cancellation is awaited, also when there is enough`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let gate = StubbornGate()
      async let opened: Void = {
        try await sleep(until: Self.seconds(7))
        gate.open()
      }()
      let outputs = try await gather(0..<2, width: 2, policy: .firstSuccess) { item in
        if item == 0 { await gate.wait() } else { try await sleep(until: Self.seconds(1)) }
        return item
      }
      #expect(outputs == [1])
      #expect(clock.now == Self.seconds(7))
      try await opened
    }
  }

  @Test func `cancelled at every suspension, the caller gets all or its cancellation`() async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      do {
        let outputs = try await victim.run {
          try await gather(0..<6, width: 3, policy: .successes(3), itemTimeout: .seconds(9)) {
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(1)))
            return $0
          }
        }
        #expect(outputs.count == 3)
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
    }
    #expect(cancelled >= 30)
  }

  @Test func `on real threads exactly k of very many successes are returned`() async throws {
    for count in [1, 7, 500] {
      let outputs = try await gather(0..<1_000, width: 16, policy: .successes(count)) { $0 }
      #expect(outputs.count == count)
      #expect(outputs == outputs.sorted())
      #expect(Set(outputs).count == count)
    }
  }
}

@Suite struct RaceTests {
  typealias Failed = GatherPolicyTests.Failed

  @Test func `the first to end wins, and the others are cancelled and awaited`() async throws {
    try await simulate(seeds: 0..<30) { clock in
      let gauge = Gauge()
      let winner = try await race([5, 2, 9]) { item in
        gauge.enter()
        defer { gauge.leave() }
        return try await GatherPolicyTests.evenAfterSeconds(item)
      }
      #expect(winner == 2)
      #expect(gauge.most == 3)
      #expect(gauge.now == 0)
      #expect(clock.now == GatherPolicyTests.seconds(2))
    }
  }

  @Test func `the first to end may be an error, unless success is the goal`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      await #expect(throws: Failed(item: 1)) {
        try await race([4, 1, 3], GatherPolicyTests.evenAfterSeconds)
      }
      let winner = try await race([4, 1, 3], to: .success, GatherPolicyTests.evenAfterSeconds)
      #expect(winner == 4)
      let error = await #expect(throws: GatherFellShort.self) {
        try await race([1, 3], to: .success, GatherPolicyTests.evenAfterSeconds)
      }
      #expect(error?.firstError as? Failed == Failed(item: 1))
    }
  }

  @Test func `different things race as closures, under their names`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let entrants: [@Sendable () async throws -> String?] = [
        {
          try await sleep(until: .after(.seconds(2)))
          return "slow"
        },
        {
          try await sleep(until: .after(.seconds(1)))
          return Task.name
        },
      ]
      let winner = try await race(entrants, itemName: { _ in "entrant" }) { try await $0() }
      #expect(winner == "entrant")
    }
  }

  @Test func `a race without entrants is an error`() async throws {
    let error = await #expect(throws: GatherFellShort.self) { try await race([] as [Int]) { $0 } }
    #expect(error?.needed == 1)
    await #expect(throws: GatherFellShort.self) {
      try await race([] as [Int], to: .success) { $0 }
    }
  }

  @Test func `all entrants start, however many and whatever the sequence`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      let gauge = Gauge()
      let inputs = sequence(first: 1) { $0 < 40 ? $0 + 1 : nil }
      _ = try await race(inputs) { item in
        gauge.enter()
        try await sleep(until: .after(.seconds(item)))
      }
      #expect(gauge.most == 40)
    }
  }

  @Test func `cancelled at every suspension, nobody runs on`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      do {
        _ = try await victim.run {
          try await race([3, 1, 2]) { item in
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(item)))
          }
        }
      } catch {
        #expect(error is CancellationError)
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
    }
    #expect(cancelled >= 30)
  }
}
