import Bakery
import BakeryTesting
import Testing

@Suite struct BroadcastTests {
  @Test func `every receiver sees every element in order, then the end`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let sender: Broadcast<Int>.Sender
      let receivers: [Broadcast<Int>.Receiver]
      do {
        let broadcast = Broadcast<Int>(capacity: 100)
        sender = broadcast.sender
        receivers = (0..<3).map { _ in broadcast.subscribe() }
      }
      async let seen = gather(receivers, width: 3) { receiver in
        var elements: [Int] = []
        for try await item in receiver { elements.append(item.element ?? -1) }
        #expect(receiver.isFinished)
        return elements
      }
      for number in 0..<50 {
        let shown = try sender.send(number)
        #expect(shown == 3)
        if number.isMultiple(of: 7) { await Task.yield() }
      }
      sender.close()
      let elements = try await seen
      #expect(elements == Array(repeating: Array(0..<50), count: 3))
    }
  }

  @Test func `elements and reported lags account for all that was sent, to the last one`()
    async throws
  {
    try await simulate(seeds: 0..<50) { _ in
      let broadcast = Broadcast<Int>(capacity: 4)
      let sender = broadcast.sender
      let receivers = (0..<3).map { _ in broadcast.subscribe() }
      async let ends: [Void] = gather(receivers, width: 3) { receiver in
        var next = 0
        for try await item in receiver {
          switch item {
          case .element(let number):
            #expect(number == next)
            next += 1
          case .lagged(let missed):
            #expect(missed > 0)
            next += missed
          }
        }
        #expect(next == 60)
      }
      for number in 0..<60 {
        try sender.send(number)
        if number.isMultiple(of: 5) { await Task.yield() }
      }
      sender.close()
      _ = try await ends
    }
  }

  @Test func `a lag is told once, and the oldest that is kept comes next`() throws {
    let broadcast = Broadcast<Int>(capacity: 3)
    let receiver = broadcast.subscribe()
    for number in 0..<10 { try broadcast.sender.send(number) }
    let items = (0..<5).map { _ in receiver.tryReceive() }
    #expect(items == [.lagged(7), .element(7), .element(8), .element(9), nil])
    #expect(!receiver.isFinished)
  }

  @Test func `without receivers, and after the close, the element comes back`() throws {
    let broadcast = Broadcast<String>(capacity: 1, name: "news")
    let nobody = #expect(throws: BroadcastFailure<String>.self) {
      try broadcast.sender.send("lost")
    }
    #expect(nobody?.reason == .noReceivers)
    #expect(nobody?.element == "lost")
    let receiver = broadcast.subscribe()
    try broadcast.sender.send("kept")
    broadcast.sender.close()
    let closed = #expect(throws: BroadcastFailure<String>.self) {
      try broadcast.sender.send("late")
    }
    #expect(closed?.reason == .closed)
    #expect(receiver.tryReceive() == .element("kept"))
    #expect(receiver.isFinished)
    #expect(broadcast.subscribe().isFinished)
  }

  @Test func `a receiver sees what is sent after it subscribed, also by way of another one`() throws
  {
    let broadcast = Broadcast<Int>(capacity: 8)
    let first = broadcast.subscribe()
    try broadcast.sender.send(1)
    let second = first.resubscribe()
    #expect(try broadcast.sender.send(2) == 2)
    #expect([first.tryReceive(), first.tryReceive()] == [.element(1), .element(2)])
    #expect([second.tryReceive(), second.tryReceive()] == [.element(2), nil])
  }

  @Test func `there is one copy of an element, let go when the last receiver has passed it`() throws
  {
    let gauge = Gauge()
    let broadcast = Broadcast<Counted>(capacity: 16)
    var receivers = (0..<1_000).map { _ in broadcast.subscribe() }
    for _ in 0..<10 { try broadcast.sender.send(Counted(gauge)) }
    #expect(gauge.most == 10)
    for receiver in receivers.dropLast() {
      for _ in 0..<10 { #expect(receiver.tryReceive()?.element != nil) }
    }
    #expect(gauge.now == 10)
    for _ in 0..<4 { #expect(receivers.last?.tryReceive()?.element != nil) }
    #expect(gauge.now == 6)
    // The rest goes with the one receiver that had not passed it.
    receivers.removeLast()
    #expect(gauge.now == 0)
    #expect(gauge.most == 10)
    #expect(broadcast.sender.snapshot()["receivers"] == 999)
    #expect(broadcast.sender.snapshot()["buffered"] == 0)
  }

  @Test func `an element is let go when it is overwritten, and when everybody is gone`() throws {
    let gauge = Gauge()
    let broadcast = Broadcast<Counted>(capacity: 20)
    do {
      let receiver = broadcast.subscribe()
      for _ in 0..<100 { try broadcast.sender.send(Counted(gauge)) }
      #expect(gauge.now == 20)
      #expect(receiver.snapshot()["buffered"] == 20)
    }
    #expect(gauge.now == 0)
  }

  @Test func `the end of an element may use the broadcast`() throws {
    final class Ending: Sendable {
      let sender: Broadcast<Ending?>.Sender
      init(_ sender: Broadcast<Ending?>.Sender) { self.sender = sender }
      // It would lock up if it ran under the lock.
      deinit { _ = sender.snapshot() }
    }
    let broadcast = Broadcast<Ending?>(capacity: 1)
    let receiver = broadcast.subscribe()
    try broadcast.sender.send(Ending(broadcast.sender))
    try broadcast.sender.send(Ending(broadcast.sender))
    guard case .lagged(1)? = receiver.tryReceive() else { Issue.record("kept both"); return }
    _ = receiver.tryReceive()
    try broadcast.sender.send(Ending(broadcast.sender))
    withExtendedLifetime(receiver) {}
  }

  @Test func `a thousand receivers that wait are all woken by one element`() async throws {
    try await simulate { _ in
      let broadcast = Broadcast<Int>(capacity: 1)
      let sender = broadcast.sender
      let receivers = (0..<1_000).map { _ in broadcast.subscribe() }
      async let sums = gather(receivers, width: 1_000) { receiver in
        var sum = 0
        for try await item in receiver { sum += item.element ?? 0 }
        return sum
      }
      for number in 1...3 {
        await waitUntilIdle()
        #expect(sender.snapshot()["waiting"] == 1_000)
        let shown = try sender.send(number)
        #expect(shown == 1_000)
      }
      await waitUntilIdle()
      sender.close()
      let received = try await sums
      #expect(received == Array(repeating: 6, count: 1_000))
    }
  }

  @Test func `dropping the last sender ends those who wait`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      var sender: Broadcast<Int>.Sender?
      let receiver: Broadcast<Int>.Receiver
      do {
        let broadcast = Broadcast<Int>(capacity: 1)
        (sender, receiver) = (broadcast.sender, broadcast.subscribe())
      }
      let other = receiver.resubscribe()
      async let ends = gather([receiver, other], width: 2) { try await $0.receive() }
      await waitUntilIdle()
      #expect(sender?.snapshot()["waiting"] == 2)
      sender = nil
      let items = try await ends
      #expect(items == [nil, nil])
    }
  }

  @Test func `dropping a receiver while others wait does not disturb them`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let broadcast = Broadcast<Int>(capacity: 2)
      let stays = broadcast.subscribe()
      var leaves: Broadcast<Int>.Receiver? = broadcast.subscribe()
      async let item = stays.receive()
      await waitUntilIdle()
      #expect(leaves?.tryReceive() == nil)
      leaves = nil
      let shown = try broadcast.sender.send(1)
      #expect(shown == 1)
      #expect(try await item == .element(1))
    }
  }

  @Test func `tasks that share a receiver share its elements`() async throws {
    try await simulate(seeds: 0..<30) { _ in
      let broadcast = Broadcast<Int>(capacity: 50)
      let receiver = broadcast.subscribe()
      async let parts = gather(0..<3, width: 3) { _ in
        var numbers: [Int] = []
        while let item = try await receiver.receive() { numbers.append(item.element ?? -1) }
        return numbers
      }
      for number in 0..<30 {
        try broadcast.sender.send(number)
        if number.isMultiple(of: 4) { await Task.yield() }
      }
      broadcast.sender.close()
      let numbers = try await parts
      #expect(numbers.flatMap { $0 }.sorted() == Array(0..<30))
    }
  }

  @Test func `a deadline ends the wait at its instant and misses nothing`() async throws {
    try await simulate { clock in
      let broadcast = Broadcast<Int>(capacity: 1, name: "news")
      let receiver = broadcast.subscribe()
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await receiver.receive(deadline: .after(.seconds(1)))
      }
      #expect(error?.operation.hasPrefix("receive on Broadcast \"news\"") == true)
      #expect(clock.now.nanoseconds == 1_000_000_000)
      try broadcast.sender.send(1)
      #expect(try await receiver.receive(deadline: clock.now) == .element(1))
      #expect(receiver.snapshot()["waiting"] == 0)
    }
  }

  @Test func `receiving cancelled at every suspension misses nothing`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let broadcast = Broadcast<Int>(capacity: 8)
      let sender = broadcast.sender
      let (receiver, other) = (broadcast.subscribe(), broadcast.subscribe())
      async let sent: Void = {
        for number in 0..<3 {
          try sender.send(number)
          await Task.yield()
        }
        sender.close()
      }()
      async let seen = collect(other)
      var received: [Int] = []
      do {
        if let item = try await victim.run({ try await receiver.receive() }) {
          received.append(item.element ?? -1)
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      received += try await collect(receiver)
      try await sent
      #expect(received == [0, 1, 2])
      #expect(try await seen == [0, 1, 2])
      #expect(sender.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 40)
  }

  @Test func `on real threads lags are exact and nobody is left waiting, under cancellation`()
    async throws
  {
    let gauge = Gauge()
    let broadcast = Broadcast<Counted>(capacity: 8)
    let sender = broadcast.sender
    let receivers = (0..<4).map { _ in broadcast.subscribe() }
    async let totals = gather(0..<4, width: 4) { index in
      var total = 0
      while true {
        let task = Task { try await receivers[index].receive() }
        if (total + index).isMultiple(of: 5) { task.cancel() }
        guard case .success(let item) = await task.result else { continue }
        switch item {
        case .element: total += 1
        case .lagged(let missed): total += missed
        case nil: return total
        }
      }
    }
    _ = try await gather(0..<2, width: 2) { _ in
      for round in 0..<1_000 {
        try sender.send(Counted(gauge))
        // Receivers that come and go among the others.
        if round.isMultiple(of: 10) {
          let visitor = broadcast.subscribe()
          await Task.yield()
          _ = visitor.tryReceive()
        }
      }
    }
    sender.close()
    #expect(try await totals == [2_000, 2_000, 2_000, 2_000])
    #expect(sender.snapshot()["buffered"] == 0)
    #expect(gauge.now == 0)
  }

  private func collect(_ receiver: Broadcast<Int>.Receiver) async throws -> [Int] {
    var numbers: [Int] = []
    for try await item in receiver { numbers.append(item.element ?? -1) }
    return numbers
  }
}
