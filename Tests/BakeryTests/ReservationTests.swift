import Bakery
import BakeryTesting
import Testing

@Suite struct ReservationTests {
  @Test func `what is reserved is sent without a wait, behind what was sent before`() async throws {
    let channel = Channel<Int>(capacity: 2)
    guard let place = try await channel.sender.reserve() else { return #expect(Bool(false)) }
    try channel.sender.trySend(1)
    #expect(throws: SendFailure<Int>.self) { try channel.sender.trySend(2) }
    let isFull = channel.sender.tryReserve() == nil
    #expect(isFull)
    #expect(channel.sender.snapshot()["reserved"] == 1)
    try place.send(3)
    #expect(try await channel.receiver.receive(upTo: 5) == [1, 3])
    #expect(channel.sender.snapshot()["reserved"] == 0)
  }

  @Test func `a place whose life ends goes to who waits for it`() async throws {
    try await underBoth(seeds: 0..<20) { clock in
      let channel = Channel<Int>(capacity: 1, name: "pages")
      let sender = channel.sender
      do {
        guard let place = try await sender.reserve() else { return #expect(Bool(false)) }
        async let sent: Void = sender.send(1)
        await waitUntilIdle()
        #expect(sender.snapshot()["senders waiting"] == 1)
        // Not even a waiting receiver gets the element before there is a place for it.
        async let received = channel.receiver.receive()
        await waitUntilIdle()
        #expect(channel.receiver.snapshot()["receivers waiting"] == 1)
        #expect(clock.now.nanoseconds == 0)
        _ = consume place
        try await sent
        #expect(try await received == 1)
      }
      guard let place = sender.tryReserve() else { return #expect(Bool(false)) }
      await #expect(throws: DeadlineExceeded.self) {
        _ = try await sender.reserve(deadline: .after(.seconds(1)))
      }
      async let waits = { try await sender.reserve() == nil }()
      await waitUntilIdle()
      #expect(Trace.dump().contains("reserve(1) for 0.000 s"))
      channel.receiver.close()
      #expect(try await waits)
      var returned: Int?
      do {
        try place.send(7)
      } catch let failure as SendFailure<Int> {
        returned = failure.element
      }
      #expect(returned == 7)
    }
  }

  @Test func `reserving cancelled at every suspension keeps no place`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let channel = Channel<Int>(capacity: 1)
      let (sender, receiver) = (channel.sender, channel.receiver)
      try await sender.send(0)
      async let received: [Int] = {
        var elements: [Int] = []
        while let element = try await receiver.receive() { elements.append(element) }
        return elements
      }()
      let isSent = try? await victim.run {
        guard let place = try await sender.reserve() else { return false }
        await Task.yield()
        try place.send(1)
        return true
      }
      try await sender.send(2)
      #expect(sender.snapshot()["reserved"] == 0)
      sender.close()
      #expect(try await received == (isSent == true ? [0, 1, 2] : [0, 2]))
    }
    #expect(cancelled > 40)
  }

  @Test func `on real threads places and elements are neither lost nor doubled`() async throws {
    let channel = Channel<Int>(capacity: 3)
    let (sender, receiver) = (channel.sender, channel.receiver)
    async let received: Int = {
      var sum = 0
      while let number = try await receiver.receive() { sum += number }
      return sum
    }()
    let sums = try await gather(0..<4, width: 4) { producer in
      var sum = 0
      for number in 1...500 {
        let task = Task {
          if number.isMultiple(of: 3) { return try await sender.send(number) }
          guard let place = try await sender.reserve() else { return }
          if number.isMultiple(of: 7) { throw CancellationError() }
          try place.send(number)
        }
        if (number + producer).isMultiple(of: 5) { task.cancel() }
        if case .success = await task.result { sum += number }
      }
      return sum
    }
    sender.close()
    #expect(try await received == sums.reduce(0, +))
    #expect(sender.snapshot()["reserved"] == 0)
  }
}
