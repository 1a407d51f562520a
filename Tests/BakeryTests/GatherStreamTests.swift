import BakeryTesting
import Testing

@testable import Bakery

@Suite struct GatherStreamTests {
  struct Failed: Error, Equatable {
    let item: Int
  }

  private func collected<Element>(_ outputs: GatheredOutputs<Element>) async throws -> [Element] {
    var elements: [Element] = []
    for try await output in outputs { elements.append(output) }
    return elements
  }

  @Test func `outputs are in input order whatever the order of the work`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let outputs = try await gatherStream([3, 1, 2, 5, 4], width: 3) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        return seconds * 10
      } consume: {
        try await collected($0)
      }
      #expect(outputs == [30, 10, 20, 50, 40])
    }
  }

  @Test func `in completion order the fastest is first`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let outputs = try await gatherStream([3, 1, 2], width: 3, order: .completion) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        return seconds
      } consume: {
        try await collected($0)
      }
      #expect(outputs == [1, 2, 3])
    }
  }

  @Test(arguments: [1, 2, 7, 1000, .max])
  func `never more than width items are under way, and as many as that`(width: Int) async throws {
    try await simulate(seeds: 0..<10) { clock in
      let gauge = Gauge()
      let count = try await gatherStream(0..<30, width: width) { _ in
        gauge.enter()
        try await sleep(until: .after(.seconds(1)))
        gauge.leave()
      } consume: {
        try await collected($0).count
      }
      #expect(count == 30)
      #expect(gauge.most == min(width, 30))
      let rounds = (30 + gauge.most - 1) / gauge.most
      #expect(clock.now == Deadline(nanoseconds: Int64(rounds) * 1_000_000_000))
    }
  }

  @Test func `no inputs give no outputs`() async throws {
    let none = try await gatherStream([] as [Int], width: 4) {
      $0
    } consume: {
      try await collected($0)
    }
    #expect(none.isEmpty)
    let channel = Channel<Int>(capacity: 1)
    channel.sender.close()
    let nothing = try await gatherStream(channel.receiver, width: 4) {
      $0
    } consume: {
      try await collected($0)
    }
    #expect(nothing.isEmpty)
  }

  @Test(arguments: [1, 3, 16], [GatherOrder.input, .completion])
  func `a slow consumer holds back the source: twice the width is in flight and no more`(
    width: Int,
    order: GatherOrder
  ) async throws {
    try await simulate(seeds: 0..<10) { _ in
      let inFlight = Gauge()
      let inputs = sequence(first: 0) { $0 + 1 }.lazy.map { number in
        inFlight.enter()
        return number
      }
      try await gatherStream(inputs, width: width, order: order) {
        $0
      } consume: { outputs in
        var iterator = outputs.makeAsyncIterator()
        for _ in 0..<100 {
          await waitUntilIdle()
          let output = try await iterator.next()
          #expect(output != nil)
          inFlight.leave()
        }
      }
      #expect(inFlight.most == 2 * width)
    }
  }

  @Test func `a slow source keeps one worker waiting, and an element is worked on when it comes`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let channel = Channel<Int>(capacity: 0)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let sent: Void = {
        defer { sender.close() }
        for number in 0..<10 {
          try await sleep(until: .after(.seconds(1)))
          try await sender.send(number)
        }
      }()
      let times = try await gatherStream(receiver, width: 4) { number in
        #expect(receiver.snapshot()["receivers waiting"] ?? 0 <= 1)
        try await sleep(until: .after(.seconds(3)))
        return number
      } consume: { outputs in
        var times: [Int64] = []
        for try await _ in outputs { times.append(clock.now.nanoseconds / 1_000_000_000) }
        return times
      }
      try await sent
      #expect(times == (4...13).map { $0 })
    }
  }

  @Test func `the first error comes when the others are cancelled and have ended`() async throws {
    try await simulate(seeds: 0..<50) { clock in
      let gauge = Gauge()
      await #expect(throws: Failed(item: 2)) {
        try await gatherStream(0..<10, width: 4) { item in
          gauge.enter()
          defer { gauge.leave() }
          try await sleep(until: .after(.seconds(item == 2 ? 1 : 60)))
          throw Failed(item: item)
        } consume: { outputs in
          do {
            for try await _ in outputs { Issue.record("an output of a failed stream") }
          } catch {
            #expect(gauge.now == 0)
            throw error
          }
        }
      }
      #expect(gauge.most == 4)
      #expect(clock.now == Deadline(nanoseconds: 1_000_000_000))
    }
  }

  @Test func `an error of the source ends the stream, also when errors are collected`() async throws
  {
    struct Source: AsyncSequence, AsyncIteratorProtocol {
      var number = 0
      func makeAsyncIterator() -> Source { self }
      mutating func next() async throws -> Int? {
        number += 1
        if number == 5 { throw Failed(item: number) }
        return number
      }
    }
    try await simulate(seeds: 0..<20) { _ in
      await #expect(throws: Failed(item: 5)) {
        try await gatherStream(Source(), width: 2, policy: .collect) {
          $0
        } consume: { outputs in
          for try await output in outputs { #expect((try? output.get()) ?? 5 < 5) }
        }
      }
    }
  }

  @Test func `collecting hands out every outcome in its place`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let results = try await gatherStream(0..<6, width: 3, policy: .collect) { item in
        if !item.isMultiple(of: 2) { throw Failed(item: item) }
        return item
      } consume: {
        try await collected($0)
      }
      #expect(results.map { try? $0.get() } == [0, nil, 2, nil, 4, nil])
    }
  }

  @Test func `a consumer that stops early ends the work, and its result stands`() async throws {
    try await simulate(seeds: 0..<50) { clock in
      let gauge = Gauge()
      let first = try await gatherStream(sequence(first: 1) { $0 + 1 }, width: 3) { seconds in
        gauge.enter()
        defer { gauge.leave() }
        try await sleep(until: .after(.seconds(seconds)))
        return seconds
      } consume: { outputs in
        for try await output in outputs { return output }
        return 0
      }
      #expect(first == 1)
      #expect(gauge.now == 0)
      #expect(clock.now == Deadline(nanoseconds: 1_000_000_000))
    }
  }

  @Test func `a consumer that throws ends the work`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let gauge = Gauge()
      await #expect(throws: Failed(item: 7)) {
        try await gatherStream(0..<100, width: 3) { item in
          gauge.enter()
          defer { gauge.leave() }
          await Task.yield()
          return item
        } consume: { outputs in
          for try await output in outputs where output == 7 { throw Failed(item: output) }
        }
      }
      #expect(gauge.now == 0)
    }
  }

  @Test func `a second loop goes on where the first one stopped`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let (header, rest) = try await gatherStream(0..<10, width: 3) {
        $0
      } consume: { outputs in
        var header = -1
        for try await output in outputs {
          header = output
          break
        }
        return (header, try await collected(outputs))
      }
      #expect(header == 0)
      #expect(rest == Array(1..<10))
    }
  }

  @Test func `cancelled at every suspension, all items end and the consumer is told`() async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let gauge = Gauge()
      do {
        let outputs = try await victim.run {
          try await gatherStream(0..<6, width: 2) { item in
            gauge.enter()
            defer { gauge.leave() }
            try await sleep(until: .after(.seconds(1)))
            return item
          } consume: {
            try await collected($0)
          }
        }
        #expect(outputs == Array(0..<6))
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      #expect(gauge.now == 0)
    }
    #expect(cancelled >= 50)
  }

  @Test func `cancelled at every suspension, the source keeps what was not taken`() async throws {
    try await cancelAtEverySuspension(seeds: 0..<5) { victim in
      let channel = Channel<Int>(capacity: 8)
      for number in 0..<8 { try channel.sender.trySend(number) }
      channel.sender.close()
      let begun = Gauge()
      _ = try? await victim.run {
        try await gatherStream(channel.receiver, width: 2) { _ in
          begun.enter()
        } consume: {
          for try await _ in $0 { await Task.yield() }
        }
      }
      var left = 0
      while channel.receiver.tryReceive() != nil { left += 1 }
      // One more may have been taken in the moment of the cancellation, and was not begun.
      #expect(begun.now + left == 8 || begun.now + left == 7)
    }
  }

  @Test func `who waits is in the dump by the name of the stream`() async throws {
    try await simulate { _ in
      try await gatherStream(0..<3, width: 2, name: "sizes") { item in
        try await sleep(until: .after(.seconds(5)))
        return item
      } consume: { outputs in
        await waitUntilIdle()
        #expect(outputs.snapshot()["under way"] == 2)
        #expect(Trace.dump().contains("gatherStream \"sizes\""))
        _ = try await collected(outputs)
        #expect(outputs.snapshot()["received"] == 3)
      }
    }
  }

  @Test(arguments: [GatherOrder.input, .completion])
  func `on real threads every item comes out once`(order: GatherOrder) async throws {
    let items = 200_000
    let sum = try await gatherStream(0..<items, width: 16, order: order) { item in
      if item.isMultiple(of: 64) { await Task.yield() }
      return item
    } consume: { outputs in
      var (sum, next) = (0, 0)
      for try await output in outputs {
        if order == .input, output != next { Issue.record("\(output) came instead of \(next)") }
        next += 1
        sum += output
        if next.isMultiple(of: 1000) { await Task.yield() }
      }
      return sum
    }
    #expect(sum == items * (items - 1) / 2)
  }

  @Test func `on real threads streams are cancelled in any moment and leave nothing behind`()
    async throws
  {
    for round in 0..<200 {
      let gauge = Gauge()
      let task = Task {
        try await gatherStream(sequence(first: 0) { $0 + 1 }, width: 4) { item in
          gauge.enter()
          defer { gauge.leave() }
          if item.isMultiple(of: 3) { await Task.yield() }
          return item
        } consume: { outputs in
          for try await output in outputs where output == round * 10 { return output }
          return -1
        }
      }
      if round.isMultiple(of: 2) { task.cancel() }
      let result = await task.result
      #expect(gauge.now == 0)
      if let output = try? result.get() { #expect(output == round * 10) }
    }
  }
}
