import BakeryTesting
import Testing

@testable import Bakery

@Suite struct StagesTests {
  struct Failed: Error, Equatable {
    let item: Int
  }

  /// Collects what a last stage sees.
  private final class Collected<Element: Sendable>: Sendable {
    private let elements = Guarded<[Element]>([])
    var all: [Element] { elements.withLockUnobserved { $0 } }
    func add(_ element: Element) { elements.withLockUnobserved { $0.append(element) } }
  }

  @Test func `elements come through all stages, in order, whatever the order of the work`()
    async throws
  {
    try await simulate(seeds: 0..<30) { _ in
      let stages = Stages()
      let seen = Collected<[Int]>()
      stages.from(0..<100, buffer: 4)
        .map(width: 4) { number in
          try await sleep(until: .after(.milliseconds(number * 7 % 5)))
          return number * 2
        }
        .batch(count: 8)
        .map(width: 3) { batch in
          try await sleep(until: .after(.milliseconds(batch[0] % 3)))
          return batch
        }
        .forEach { seen.add($0) }
      try await stages.run()
      #expect(seen.all.flatMap(\.self) == (0..<100).map { $0 * 2 })
      #expect(seen.all.map(\.count) == Array(repeating: 8, count: 12) + [4])
    }
  }

  @Test func `a source without elements ends the run`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      let stages = Stages()
      let channel = Channel<Int>(capacity: 0)
      channel.sender.close()
      stages.merge([
        stages.from([] as [Int]).map(width: 3) { $0 },
        stages.from(channel.receiver),
      ])
      .batch(count: 3, within: .seconds(1))
      .forEach { _ in Issue.record("an element out of nothing") }
      try await stages.run()
      try await Stages().run()
    }
  }

  @Test func `a batch is handed on when its first element has waited long enough`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let channel = Channel<Int>(capacity: 0)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let sent: Void = {
        defer { sender.close() }
        for number in 0..<6 {
          try await sleep(until: .after(.seconds(number == 3 ? 10 : 1)))
          try await sender.send(number)
        }
      }()
      let stages = Stages()
      let seen = Collected<String>()
      stages.from(receiver).batch(count: 3, within: .seconds(5)).forEach {
        seen.add("\($0) at \(clock.now)")
      }
      try await stages.run()
      try await sent
      #expect(seen.all == ["[0, 1, 2] at 3.000 s", "[3, 4, 5] at 15.000 s"])
    }
    try await simulate(seeds: 0..<20) { clock in
      let channel = Channel<Int>(capacity: 0)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let sent: Void = {
        defer { sender.close() }
        for number in 0..<4 {
          try await sleep(until: .after(.seconds(2)))
          try await sender.send(number)
        }
      }()
      let stages = Stages()
      let seen = Collected<String>()
      stages.from(receiver).batch(count: 3, within: .seconds(3)).forEach {
        seen.add("\($0) at \(clock.now)")
      }
      try await stages.run()
      try await sent
      // Two seconds apart: the second one comes in time, the third would be late.
      #expect(seen.all == ["[0, 1] at 5.000 s", "[2, 3] at 8.000 s"])
    }
  }

  @Test func `a fan-out hands everything to each branch, a merge passes everything on`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let stages = Stages()
      let branches = stages.from(1...20).fanOut(3, buffer: 1)
      let seen = Collected<Int>()
      stages.merge([
        branches[0].map { $0 }, branches[1].map(width: 2) { -$0 }, branches[2].map { $0 * 100 },
      ])
      .forEach { seen.add($0) }
      try await stages.run()
      #expect(
        seen.all.filter { $0 > 0 && $0 <= 20 } == Array(1...20).filter { seen.all.contains($0) }
      )
      #expect(seen.all.filter { $0 < 0 } == (1...20).map { -$0 })
      #expect(seen.all.count == 60)
      #expect(seen.all.reduce(0, +) == 210 * 100)
    }
  }

  private struct Source: AsyncSequence, AsyncIteratorProtocol {
    let fails: Bool
    var number = 0

    func makeAsyncIterator() -> Source { self }

    mutating func next() async throws -> Int? {
      number += 1
      if fails, number == 40 { throw Failed(item: number) }
      return number
    }
  }

  /// Stages of all kinds over an endless source; the one called `culprit` fails from element 40 on.
  private func stages(culprit: String, _ gauge: Gauge) -> Stages {
    @Sendable func pass<Element: Sendable>(
      _ name: String,
      _ element: Element,
      _ number: Int
    ) async throws -> Element {
      gauge.enter()
      defer { gauge.leave() }
      await Task.yield()
      if name == culprit, number >= 40 { throw Failed(item: number) }
      return element
    }
    let stages = Stages()
    let branches = stages.from(Source(fails: culprit == "read"), name: "read")
      .map(name: "first", width: 2) { try await pass("first", $0, $0) }
      .batch(count: 3)
      .map(name: "second", width: 2) { try await pass("second", $0, $0[0]) }
      .fanOut(2)
    let left = branches[0].map(name: "left") { try await pass("left", $0, $0[0]) }
    let right = branches[1].map(name: "right", width: 3, order: .completion) {
      try await pass("right", $0, $0[0])
    }
    stages.merge([left, right])
      .map(name: "join") { try await pass("join", $0, $0[0]) }
      .forEach(name: "write", width: 2) { _ = try await pass("write", $0, $0[0]) }
    return stages
  }

  @Test(arguments: ["read", "first", "second", "left", "right", "join", "write"])
  func `an error ends the run and names its stage`(culprit: String) async throws {
    try await simulate(seeds: 0..<10) { _ in
      let gauge = Gauge()
      let stages = stages(culprit: culprit, gauge)
      let failure = await #expect(throws: StageFailure.self) { try await stages.run() }
      #expect(failure?.stage.name == culprit)
      #expect(failure?.underlying is Failed)
      #expect(failure?.description.contains("failed, which ended all stages") == true)
      #expect(gauge.now == 0)
    }
  }

  @Test func `an error cancels the other stages at once`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let stages = Stages()
      let branches = stages.from(0..<10).fanOut(2)
      branches[0].forEach(name: "slow") { _ in try await sleep(until: .after(.seconds(1000))) }
      branches[1].forEach(name: "bad", width: 2) { number in
        try await sleep(until: .after(.seconds(number == 0 ? 1 : 1000)))
        throw Failed(item: number)
      }
      let failure = await #expect(throws: StageFailure.self) { try await stages.run() }
      #expect(failure?.underlying as? Failed == Failed(item: 0))
      #expect(clock.now == Deadline(nanoseconds: 1_000_000_000))
    }
  }

  @Test func `what is in flight stays within the bounds of the stages`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let inFlight = Gauge()
      let stages = Stages()
      stages.from(
        (0..<300).lazy.map { number in
          inFlight.enter()
          return number
        },
        buffer: 5
      )
      .map(width: 3) { $0 }
      .batch(count: 7, buffer: 2)
      .forEach { batch in
        await waitUntilIdle()
        inFlight.leave(batch.count)
      }
      try await stages.run()
      #expect(inFlight.now == 0)
      // Source: its buffer and one in hand. Map: twice its width. Batch: one in the making, one in hand, two in the buffer.
      #expect(inFlight.most <= 5 + 1 + 2 * 3 + 7 + 7 + 2 * 7 + 7)
      #expect(inFlight.most >= 5 + 1 + 2 * 3 + 3 * 7)
    }
  }

  @Test func `a drain lets come through what was taken, from a source that waits too`() async throws
  {
    try await simulate(seeds: 0..<30) { clock in
      let channel = Channel<Int>(capacity: 100)
      for number in 0..<10 { try channel.sender.trySend(number) }
      let stages = Stages()
      let taken = Gauge()
      let endless = sequence(first: 1000) { $0 + 1 }.lazy.map { number in
        taken.enter()
        return number
      }
      let seen = Collected<Int>()
      stages.merge([
        stages.from(channel.receiver, buffer: 1), stages.from(endless, buffer: 3),
      ])
      .map(width: 2) { number in
        try await sleep(until: .after(.milliseconds(100)))
        return number
      }
      .forEach { seen.add($0) }
      async let run: Void = stages.run()
      try await sleep(until: .after(.seconds(2)))
      stages.drain()
      stages.drain()
      try await run
      var left = 0
      while channel.receiver.tryReceive() != nil { left += 1 }
      #expect(seen.all.filter { $0 < 1000 } == Array(0..<10 - left))
      #expect(seen.all.filter { $0 >= 1000 } == Array(1000..<1000 + taken.now))
      #expect(clock.now < Deadline(nanoseconds: 4_000_000_000))
    }
  }

  @Test func `stages that are drained before they run do nothing`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      let stages = Stages()
      let silent = Channel<Int>(capacity: 0)
      stages.merge([stages.from(0..<10), stages.from(silent.receiver)]).forEach { _ in
        Issue.record("an element after the drain")
      }
      stages.drain()
      try await stages.run()
    }
  }

  @Test func `cancelled at every suspension, every worker ends`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<5) { victim in
      let gauge = Gauge()
      let seen = Collected<Int>()
      do {
        try await victim.run {
          let stages = Stages()
          let branches = stages.from(0..<6, buffer: 1)
            .map(width: 2) { number in
              gauge.enter()
              defer { gauge.leave() }
              try await sleep(until: .after(.seconds(1)))
              return number
            }
            .fanOut(2)
          stages.merge(branches).batch(count: 2, within: .seconds(1)).forEach(width: 2) { batch in
            gauge.enter()
            defer { gauge.leave() }
            await Task.yield()
            for number in batch { seen.add(number) }
          }
          try await stages.run()
        }
        #expect(seen.all.sorted() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
    }
    #expect(cancelled >= 50)
  }

  @Test func `the dump says what each stage did and where the time went`() async throws {
    try await simulate { _ in
      let stages = Stages()
      let slow = stages.from(0..<10, name: "numbers", buffer: 2).map(name: "think", width: 2) {
        try await sleep(until: .after(.seconds(1)))
        return $0
      }
      slow.forEach(name: "print") { _ in }
      async let run: Void = stages.run()
      try await sleep(until: .after(.milliseconds(2500)))
      #expect(Trace.dump().contains("Stage \"think\""))
      #expect(slow.snapshot()["busy"] == 2)
      #expect(slow.snapshot()["in"] == 6)
      #expect(slow.snapshot()["out"] == 4)
      #expect(slow.snapshot()["busy ms"] == 5000)
      try await run
      let snapshots = stages.snapshots()
      #expect(snapshots.map(\.identity.name) == ["numbers", "think", "print"])
      #expect(snapshots.map { $0["in"] } == [10, 10, 10])
      #expect(snapshots.map { $0["busy ms"] } == [0, 10_000, 0])
      #expect(snapshots.map { $0["starved ms"] } == [0, 0, 5000])
      #expect(snapshots[0]["blocked ms"] ?? 0 >= 2000)
      #expect(snapshots.map { $0["busy"] } == [0, 0, 0])
    }
  }

  @Test func `on real threads a million records come through in order`() async throws {
    let stages = Stages()
    let sum = Collected<Int>()
    stages.from(0..<1_000_000, buffer: 1024)
      .batch(count: 512)
      .map(width: 4) { batch in batch.map { $0 * 3 } }
      .forEach { batch in
        // Batches of 512, in order: the sum of the first elements says whether one is missing or out of place.
        if batch[0] != sum.all.count * 512 * 3 { Issue.record("\(batch[0]) out of place") }
        sum.add(batch.reduce(0, +))
      }
    try await stages.run()
    #expect(sum.all.reduce(0, +) == 3 * 999_999 * 500_000)
  }

  @Test func `on real threads runs are cancelled and fail in any moment`() async throws {
    for round in 0..<60 {
      let gauge = Gauge()
      let stages = Stages()
      let branches = stages.from(sequence(first: 0) { $0 + 1 }, buffer: 16)
        .map(width: 3) { number in
          gauge.enter()
          defer { gauge.leave() }
          if number.isMultiple(of: 5) { await Task.yield() }
          if round % 3 == 1, number == round * 20 { throw Failed(item: number) }
          return number
        }
        .fanOut(2)
      stages.merge(branches).batch(count: 10).forEach(width: 2) { batch in
        gauge.enter()
        defer { gauge.leave() }
        if round % 3 == 2, batch[0] > round * 20 { stages.drain() }
      }
      let task = Task { try await stages.run() }
      if round % 3 == 0 {
        for _ in 0..<round { await Task.yield() }
        task.cancel()
      }
      let result = await task.result
      #expect(gauge.now == 0)
      switch (round % 3, result) {
      case (0, .failure(let error)): #expect(error is CancellationError)
      case (1, .failure(let error)): #expect((error as? StageFailure)?.underlying is Failed)
      case (2, .success): break
      default: Issue.record("round \(round) ended with \(result)")
      }
    }
  }
}
