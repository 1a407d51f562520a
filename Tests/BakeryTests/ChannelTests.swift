import Bakery
import BakeryTesting
import Testing

@Suite struct ChannelTests {
  @Test(arguments: [0, 1, 3, 100])
  func `every element arrives once, in order`(capacity: Int) async throws {
    try await simulate(seeds: 0..<30) { _ in
      let channel = Channel<Int>(capacity: capacity)
      let sender = channel.sender
      async let sent: Void = {
        for number in 0..<50 { try await sender.send(number) }
        sender.close()
      }()
      var received: [Int] = []
      for try await number in channel.receiver { received.append(number) }
      try await sent
      #expect(received == Array(0..<50))
      #expect(channel.receiver.isFinished)
    }
  }

  @Test(arguments: [0, 2])
  func `many senders and receivers share all elements`(capacity: Int) async throws {
    try await simulate(seeds: 0..<30) { _ in
      let channel = Channel<Int>(capacity: capacity)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let received = gather(0..<4, width: 4) { _ in
        var numbers: [Int] = []
        while let number = try await receiver.receive() { numbers.append(number) }
        return numbers
      }
      _ = try await gather(0..<5, width: 5) { producer in
        for number in 0..<20 { try await sender.send(producer * 20 + number) }
      }
      sender.close()
      let numbers = try await received
      #expect(numbers.flatMap { $0 }.sorted() == Array(0..<100))
      // What one producer sent in order, one consumer sees in order.
      for numbers in numbers {
        for producer in 0..<5 {
          let own = numbers.filter { $0 / 20 == producer }
          #expect(own == own.sorted())
        }
      }
    }
  }

  @Test func `a full buffer suspends the sender until there is room`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let channel = Channel<String>(capacity: 1)
      let sender = channel.sender
      try await sender.send("a")
      async let waits: Void = sender.send("b")
      await waitUntilIdle()
      #expect(channel.sender.snapshot()["senders waiting"] == 1)
      #expect(channel.receiver.tryReceive() == "a")
      try await waits
      #expect(channel.receiver.tryReceive() == "b")
      #expect(channel.receiver.tryReceive() == nil)
    }
  }

  @Test func `trying tells full from closed and gives the element back`() {
    let channel = Channel<String>(capacity: 1)
    let full = #expect(throws: SendFailure<String>.self) {
      try channel.sender.trySend("a")
      try channel.sender.trySend("b")
    }
    #expect(full?.reason == .full)
    #expect(full?.element == "b")
    channel.sender.close()
    channel.sender.close()
    channel.receiver.close()
    let closed = #expect(throws: SendFailure<String>.self) { try channel.sender.trySend("c") }
    #expect(closed?.reason == .closed)
    #expect(closed?.element == "c")
    #expect(!channel.receiver.isFinished)
    #expect(channel.receiver.tryReceive() == "a")
    #expect(channel.receiver.isFinished)
  }

  @Test func `closing gives waiting senders their elements back and ends waiting receivers`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let channel = Channel<String>(capacity: 0)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let returned: String? = {
        do {
          try await sender.send("kept")
          return nil
        } catch {
          return (error as? SendFailure<String>)?.element
        }
      }()
      await waitUntilIdle()
      receiver.close()
      #expect(await returned == "kept")

      let other = Channel<String>(capacity: 0)
      let otherReceiver = other.receiver
      async let end = otherReceiver.receive()
      await waitUntilIdle()
      other.sender.close()
      let last = try await end
      #expect(last == nil)
    }
  }

  @Test func `dropping the last receiver with senders waiting closes the channel`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      var receiver: Channel<Int>.Receiver?
      let sender: Channel<Int>.Sender
      do {
        let channel = Channel<Int>(capacity: 0)
        (sender, receiver) = (channel.sender, channel.receiver)
      }
      async let outcome = gather(0..<2, width: 2, policy: .collect) { try await sender.send($0) }
      await waitUntilIdle()
      #expect(receiver?.snapshot()["senders waiting"] == 2)
      receiver = nil
      for result in try await outcome {
        #expect(throws: SendFailure<Int>.self) { try result.get() }
      }
    }
  }

  @Test func `dropping the last sender ends the receivers after the buffer is empty`() async throws
  {
    try await simulate { _ in
      let receiver: Channel<Int>.Receiver
      do {
        let channel = Channel<Int>(capacity: 4)
        receiver = channel.receiver
        try await channel.sender.send(1)
      }
      #expect(try await receiver.receive() == 1)
      #expect(try await receiver.receive() == nil)
    }
  }

  @Test func `deadlines end waits on both sides and lose nothing`() async throws {
    try await simulate { clock in
      let channel = Channel<Int>(capacity: 1)
      await #expect(throws: DeadlineExceeded.self) {
        try await channel.receiver.receive(deadline: .after(.seconds(1)))
      }
      try await channel.sender.send(1, deadline: clock.now)
      await #expect(throws: DeadlineExceeded.self) {
        try await channel.sender.send(2, deadline: .after(.seconds(1)))
      }
      #expect(clock.now.nanoseconds == 2_000_000_000)
      #expect(try await channel.receiver.receive() == 1)
      #expect(channel.receiver.tryReceive() == nil)
    }
  }

  @Test(arguments: [0, 1])
  func `receiving cancelled at every suspension loses no element`(capacity: Int) async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channel = Channel<Int>(capacity: capacity)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let sent: Void = {
        for number in 0..<3 { try await sender.send(number) }
        sender.close()
      }()
      var received: [Int] = []
      do {
        if let number = try await victim.run({ try await receiver.receive() }) {
          received.append(number)
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      while let number = try await receiver.receive() { received.append(number) }
      try await sent
      #expect(received == [0, 1, 2])
    }
    #expect(cancelled >= 40)
  }

  @Test(arguments: [0, 1])
  func `sending cancelled at every suspension sends once or not at all`(capacity: Int) async throws
  {
    try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channel = Channel<String>(capacity: capacity)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let received: [String] = {
        var elements: [String] = []
        while let element = try await receiver.receive() { elements.append(element) }
        return elements
      }()
      var sent = ["first"]
      try await sender.send("first")
      do {
        try await victim.run { try await sender.send("second") }
        sent.append("second")
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      try await sender.send("third")
      sender.close()
      #expect(try await received == sent + ["third"])
      #expect(sender.snapshot()["senders waiting"] == 0)
    }
  }

  @Test func `elements left in a channel are released with it`() async throws {
    final class Element: Sendable {
      let gauge: Gauge
      init(_ gauge: Gauge) {
        self.gauge = gauge
        gauge.enter()
      }
      deinit { gauge.leave() }
    }
    let gauge = Gauge()
    do {
      let channel = Channel<Element>(capacity: 40)
      for _ in 0..<40 { try await channel.sender.send(Element(gauge)) }
      for _ in 0..<10 { _ = try await channel.receiver.receive() }
      for _ in 0..<5 { try await channel.sender.send(Element(gauge)) }
      #expect(gauge.now == 35)
    }
    #expect(gauge.now == 0)
  }

  @Test(arguments: [0, 1, 64])
  func `on real threads nothing is lost or doubled under cancellation`(capacity: Int) async throws {
    let channel = Channel<Int>(capacity: capacity)
    let (sender, receiver) = (channel.sender, channel.receiver)
    async let received = gather(0..<4, width: 4) { _ in
      var sum = 0
      while true {
        let task = Task { try await receiver.receive() }
        if sum.isMultiple(of: 3) { task.cancel() }
        guard case .success(let number) = await task.result else { continue }
        guard let number else { return sum }
        sum += number
      }
    }
    let sums = try await gather(0..<4, width: 4) { producer in
      var sum = 0
      for number in 1...500 {
        let task = Task { try await sender.send(number) }
        if (number + producer).isMultiple(of: 5) { task.cancel() }
        if case .success = await task.result { sum += number }
      }
      return sum
    }
    sender.close()
    #expect(try await received.reduce(0, +) == sums.reduce(0, +))
    #expect(sender.snapshot()["receivers waiting"] == 0)
  }

  @Test(arguments: [0, 1, 8, 100], [1, 3, 64])
  func `elements taken several at a time arrive once, in order`(
    capacity: Int,
    count: Int
  ) async throws {
    try await simulate(seeds: 0..<20) { _ in
      let channel = Channel<Int>(capacity: capacity)
      let sender = channel.sender
      async let sent: Void = {
        for number in 0..<50 { try await sender.send(number) }
        sender.close()
      }()
      var received: [Int] = []
      while true {
        let numbers = try await channel.receiver.receive(upTo: count)
        #expect(numbers.count <= count)
        if numbers.isEmpty { break }
        received += numbers
      }
      try await sent
      #expect(received == Array(0..<50))
      #expect(channel.receiver.isFinished)
    }
  }

  @Test func `taking several that is too late takes nothing`() async throws {
    try await simulate(seeds: 0..<10) { clock in
      let channel = Channel<Int>(capacity: 4)
      await #expect(throws: DeadlineExceeded.self) {
        _ = try await channel.receiver.receive(upTo: 2, deadline: .after(.seconds(1)))
      }
      #expect(channel.receiver.snapshot()["receivers waiting"] == 0)
      try await channel.sender.send(7)
      #expect(try await channel.receiver.receive(upTo: 2) == [7])
    }
  }

  @Test func `taking several cancelled at every suspension loses no element`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channel = Channel<Int>(capacity: 2)
      let (sender, receiver) = (channel.sender, channel.receiver)
      async let sent: Void = {
        for number in 0..<5 { try await sender.send(number) }
        sender.close()
      }()
      let taken = try? await victim.run { try await receiver.receive(upTo: 3) }
      var received = taken ?? []
      for try await number in receiver { received.append(number) }
      try await sent
      #expect(received == Array(0..<5))
    }
    #expect(cancelled > 0)
  }

  @Test func `the oldest element makes room for a new one`() throws {
    let channel = Channel<Int>(capacity: 2)
    let dropped = try (1...5).map { try channel.sender.sendDroppingOldest($0) }
    #expect(dropped == [nil, nil, 1, 2, 3])
    #expect(channel.receiver.tryReceive() == 4)
    #expect(channel.receiver.tryReceive() == 5)
    channel.receiver.close()
    #expect(throws: SendFailure<Int>.self) { try channel.sender.sendDroppingOldest(6) }
  }

  @Test func `no new element overtakes a waiting sender, and a waiting receiver gets it`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let channel = Channel<Int>(capacity: 1)
      let (sender, receiver) = (channel.sender, channel.receiver)
      try await sender.send(1)
      async let second: Void = sender.send(2)
      await waitUntilIdle()
      #expect(try sender.sendDroppingOldest(3) == 3)
      #expect(try await receiver.receive() == 1)
      try await second
      #expect(try await receiver.receive() == 2)
      async let fourth = receiver.receive()
      await waitUntilIdle()
      #expect(try sender.sendDroppingOldest(4) == nil)
      #expect(try await fourth == 4)
    }
  }
}
