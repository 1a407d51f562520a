import BakeryTesting
import Testing

@testable import Bakery

@Suite struct SelectTests {
  private struct Bad: Error {}

  @Test func `what is ready is taken at once, and nothing else`() async throws {
    let (a, b) = (Channel<Int>(capacity: 1), Channel<Int>(capacity: 1))
    try a.sender.trySend(1)
    let got = try await select {
      a.receiver.receiving { $0 }
      b.receiver.receiving { _ in nil }
    }
    #expect(got == 1)
    // A passed deadline comes after what is ready.
    try a.sender.trySend(2)
    try await select {
      sleeping(until: .now) { _ = Issue.record("the deadline came first") }
      a.receiver.receiving { #expect($0 == 2) }
    }
    let timedOut = try await select {
      a.receiver.receiving { _ in false }
      sleeping(until: .now) { true }
    }
    #expect(timedOut)
  }

  @Test func `each of several that are ready is chosen now and then, and a seed repeats it`()
    async throws
  {
    func choices(seed: UInt64) async throws -> [Int] {
      try await Seams.$random.withValue(SeededRandom(seed: seed)) {
        let channels = (0..<3).map { _ in Channel<Int>(capacity: 300) }
        for channel in channels { for _ in 0..<300 { try channel.sender.trySend(0) } }
        var chosen: [Int] = []
        for _ in 0..<300 {
          try await select {
            for (number, channel) in channels.enumerated() {
              channel.receiver.receiving { _ in chosen.append(number) }
            }
          }
        }
        return chosen
      }
    }
    let chosen = try await choices(seed: 1)
    for number in 0..<3 { #expect((70...130).contains(chosen.count { $0 == number })) }
    #expect(try await choices(seed: 1) == chosen)
    #expect(try await choices(seed: 2) != chosen)
  }

  @Test func `a select that waits gets the first thing that comes, and leaves all lines`()
    async throws
  {
    try await simulate(seeds: 0..<30) { clock in
      let (inbox, outbox) = (Channel<Int>(capacity: 0, name: "in"), Channel<Int>(capacity: 0))
      let slots = AsyncSemaphore(limit: 2)
      let held = try await slots.acquire(2)
      async let chosen = select {
        inbox.receiver.receiving { "received \($0 ?? -1)" }
        outbox.sender.sending(9) { "sent" }
        slots.acquiring(2) { _ in "acquired" }
        sleeping(until: .after(.seconds(5))) { "late" }
      }
      await waitUntilIdle()
      #expect(inbox.receiver.snapshot()["receivers waiting"] == 1)
      #expect(outbox.sender.snapshot()["senders waiting"] == 1)
      #expect(slots.snapshot()["waiting"] == 1)
      #expect(Trace.dump().contains("select receive(1) for 0.000 s"))
      switch Seams.random.next() % 4 {
      case 0:
        try inbox.sender.trySend(4)
        #expect(try await chosen == "received 4")
      case 1:
        #expect(outbox.receiver.tryReceive() == 9)
        #expect(try await chosen == "sent")
      case 2:
        held.release()
        #expect(try await chosen == "acquired")
      default:
        #expect(try await chosen == "late")
        #expect(clock.now.nanoseconds == 5_000_000_000)
      }
      #expect(inbox.receiver.snapshot()["receivers waiting"] == 0)
      #expect(outbox.sender.snapshot()["senders waiting"] == 0)
      #expect(outbox.receiver.tryReceive() == nil)
      #expect(slots.snapshot()["waiting"] == 0)
    }
  }

  @Test func `a channel stays open while a select waits at its end`() async throws {
    @Sendable func ends() -> (Channel<Int>.Sender, Guarded<Channel<Int>.Receiver?>) {
      let channel = Channel<Int>(capacity: 0)
      return (channel.sender, Guarded(channel.receiver))
    }
    try await simulate { _ in
      let (sender, last) = ends()
      async let received = select {
        if let receiver = last.withLock({ $0.take() }) { receiver.receiving { $0 } }
      }
      await waitUntilIdle()
      #expect(last.withLock { $0 == nil })
      try sender.trySend(1)
      #expect(try await received == 1)
      // The select was the last that held it.
      #expect(sender.snapshot()["closed"] == 1)
    }
  }

  @Test func `a closed channel and a closed semaphore are ready`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      for closesFirst in [true, false] {
        let (inbox, outbox) = (Channel<Int>(capacity: 0), Channel<Int>(capacity: 0))
        let (gate, small) = (AsyncSemaphore(limit: 1), AsyncSemaphore(limit: 1))
        let permit = try await gate.acquire()
        if closesFirst { inbox.sender.close() }
        async let end = select { inbox.receiver.receiving { $0 == nil } }
        if closesFirst { outbox.receiver.close() }
        async let returned = failure(as: SendFailure<Int>.self) {
          try await select {
            outbox.sender.sending(7) {}
            gate.acquiring { _ in }
          }
        }
        async let refused = failure(as: SemaphoreFailure.self) {
          try await select { small.acquiring(2) { _ in } }
        }
        await waitUntilIdle()
        inbox.sender.close()
        outbox.receiver.close()
        #expect(try await end)
        #expect(try await returned?.element == 7)
        #expect(try await refused?.reason == .impossible)
        async let closed = failure(as: SemaphoreFailure.self) {
          try await select { gate.acquiring { _ in } }
        }
        await waitUntilIdle()
        gate.close()
        #expect(try await closed?.reason == .closed)
        permit.release()
      }
    }
  }

  private func failure<Failure: Error>(
    as type: Failure.Type,
    _ body: () async throws -> Void
  ) async throws -> Failure? {
    do {
      try await body()
      return nil
    } catch let failure as Failure {
      return failure
    }
  }

  @Test func `what the body throws is thrown, after the choice`() async throws {
    let channel = Channel<Int>(capacity: 1)
    await #expect(throws: Bad.self) {
      try await select { channel.sender.sending(1) { throw Bad() } }
    }
    #expect(channel.receiver.tryReceive() == 1)
  }

  @MainActor private final class Counter {
    var count = 0

    func countUp(on channel: Channel<Int>) async throws {
      try await select {
        channel.receiver.receiving { element in
          self.count += element ?? 0
          await Task.yield()
          MainActor.assertIsolated()
          self.count += 1
        }
      }
    }
  }

  @Test @MainActor func `the body runs on the actor of the caller`() async throws {
    let channel = Channel<Int>(capacity: 0)
    let counter = Counter()
    async let sent: Void = channel.sender.send(4)
    try await counter.countUp(on: channel)
    try await sent
    #expect(counter.count == 5)
  }

  @Test(arguments: [0, 1])
  func `selects on both sides of several channels meet and lose nothing`(capacity: Int) async throws
  {
    try await simulate(seeds: 0..<60) { _ in
      let channels = (0..<3).map { _ in Channel<Int>(capacity: capacity) }
      async let received = gather(0..<4, width: 4) { _ in
        var numbers: [Int] = []
        while numbers.last != -1 {
          try await select {
            for channel in channels {
              channel.receiver.receiving { numbers.append($0 ?? -1) }
            }
          }
        }
        return numbers.dropLast()
      }
      _ = try await gather(0..<4, width: 4) { producer in
        for number in 0..<15 {
          try await select {
            for channel in channels { channel.sender.sending(producer * 15 + number) {} }
          }
        }
      }
      for channel in channels { channel.sender.close() }
      let left = channels.flatMap { channel in
        sequence(state: ()) { _ in channel.receiver.tryReceive() }
      }
      let all = try await received.flatMap { $0 } + left
      #expect(all.sorted() == Array(0..<60))
      for channel in channels {
        #expect(channel.sender.snapshot()["senders waiting"] == 0)
        #expect(channel.sender.snapshot()["receivers waiting"] == 0)
      }
    }
  }

  /// Each passes on what it gets, on whatever channel the other one is ready.
  @Test func `selects that send and receive at once exchange what they have`() async throws {
    try await simulate(seeds: 0..<60) { _ in
      let (there, back) = (Channel<Int>(capacity: 0), Channel<Int>(capacity: 0))
      let ends = try await gather(0..<6, width: 6) { task in
        let (mine, other) = task.isMultiple(of: 2) ? (there, back) : (back, there)
        return try await select {
          mine.sender.sending(task) { task }
          other.sender.sending(task) { task }
          mine.receiver.receiving { -1 - ($0 ?? 0) }
          other.receiver.receiving { -1 - ($0 ?? 0) }
        }
      }
      // Three have sent, and what they sent is what the other three got.
      let (sent, got) = (ends.filter { $0 >= 0 }, ends.filter { $0 < 0 }.map { -1 - $0 })
      #expect(sent.sorted() == got.sorted() && sent.count == 3)
    }
  }

  @Test(arguments: [0, 1])
  func `cancelled at every suspension, a select receives or leaves what is there`(
    capacity: Int
  ) async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channels = (0..<2).map { _ in Channel<Int>(capacity: capacity) }
      async let sent: Void = {
        for number in 0..<4 { try await channels[number % 2].sender.send(number) }
        for channel in channels { channel.sender.close() }
      }()
      let slots = AsyncSemaphore(limit: 1)
      let permit = try await slots.acquire()
      let first = try? await victim.run {
        try await select {
          for channel in channels { channel.receiver.receiving { $0 } }
          slots.acquiring { _ in nil }
        }
      }
      permit.release()
      var received = [first ?? nil].compactMap { $0 }
      while received.count < 4 {
        let next = try await select {
          for channel in channels where !channel.receiver.isFinished {
            channel.receiver.receiving { $0 }
          }
        }
        if let next { received.append(next) }
      }
      try await sent
      #expect(received.sorted() == [0, 1, 2, 3])
      #expect(slots.snapshot()["available"] == 1)
      for channel in channels { #expect(channel.sender.snapshot()["receivers waiting"] == 0) }
    }
    #expect(cancelled > 40)
  }

  @Test(arguments: [0, 1])
  func `cancelled at every suspension, a select sends once or not at all`(
    capacity: Int
  ) async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channels = (0..<2).map { _ in Channel<Int>(capacity: capacity) }
      async let received = gather(channels, width: 2) { channel in
        var elements: [Int] = []
        while let element = try await channel.receiver.receive() { elements.append(element) }
        return elements
      }
      for channel in channels { try await channel.sender.send(1) }
      let isSent = try? await victim.run {
        try await select { for channel in channels { channel.sender.sending(2) { true } } }
      }
      for channel in channels { channel.sender.close() }
      let all = try await received.flatMap { $0 }
      #expect(all.sorted() == (isSent == true ? [1, 1, 2] : [1, 1]))
      for channel in channels { #expect(channel.sender.snapshot()["senders waiting"] == 0) }
    }
    #expect(cancelled > 40)
  }

  @Test func `an element that was not sent is let go with its select`() async throws {
    try await simulate(seeds: 0..<10) { _ in
      let gauge = Gauge()
      let (outbox, inbox) = (Channel<Counted>(capacity: 0), Channel<Int>(capacity: 0))
      async let isSent = select {
        outbox.sender.sending(Counted(gauge)) { true }
        inbox.receiver.receiving { _ in false }
      }
      await waitUntilIdle()
      #expect(gauge.now == 1)
      inbox.sender.close()
      let wasSent = try await isSent
      #expect(!wasSent)
      #expect(gauge.now == 0)
    }
  }

  @Test func `on real threads selects lose nothing, however they end`() async throws {
    let channels = (0..<3).map { Channel<Int>(capacity: $0) }
    let done = Channel<Never>(capacity: 0)
    let slots = AsyncSemaphore(limit: 1)
    async let received = gather(0..<4, width: 4) { consumer in
      var (sum, round, isOver) = (0, 0, false)
      while !isOver {
        round += 1
        let task = Task {
          try await select {
            for channel in channels { channel.receiver.receiving { $0 } }
            slots.acquiring { _ in
              await Task.yield()
              return 0
            }
            done.receiver.receiving { _ -> Int? in nil }
          }
        }
        if round.isMultiple(of: 3) { task.cancel() }
        guard case .success(let number) = await task.result else { continue }
        if let number { sum += number } else { isOver = true }
      }
      return sum
    }
    let sums = try await gather(0..<4, width: 4) { producer in
      var sum = 0
      for number in 1...300 {
        let task = Task {
          try await select { for channel in channels { channel.sender.sending(number) { number } } }
        }
        if (number + producer).isMultiple(of: 5) { task.cancel() }
        if case .success(let sent) = await task.result { sum += sent }
      }
      return sum
    }
    done.sender.close()
    var left = 0
    for channel in channels { while let number = channel.receiver.tryReceive() { left += number } }
    let all = try await received.reduce(left, +)
    #expect(all == sums.reduce(0, +))
    for channel in channels {
      #expect(channel.sender.snapshot()["senders waiting"] == 0)
      #expect(channel.sender.snapshot()["receivers waiting"] == 0)
    }
    #expect(slots.snapshot()["available"] == 1)
  }
}
