import Bakery
import BakeryTesting
import Testing

@Suite struct WatchTests {
  @Test func `every receiver sees growing values and the last one, then the end`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let sender: Watch<Int>.Sender
      let receivers: [Watch<Int>.Receiver]
      do {
        let watch = Watch(0)
        sender = watch.sender
        receivers = (0..<3).map { _ in watch.subscribe() }
      }
      async let seen = gather(receivers, width: 3) { receiver in
        var receiver = receiver
        var values: [Int] = []
        while let value = try await receiver.changed() { values.append(value) }
        #expect(receiver.isFinished)
        return values
      }
      for number in 1...30 {
        try sender.send(number)
        if number.isMultiple(of: 3) { await Task.yield() }
      }
      sender.close()
      for values in try await seen {
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
        #expect(values.last == 30)
      }
    }
  }

  @Test func `a value that is seen is not told again, one that is replaced never`() throws {
    let watch = Watch("closed")
    var receiver = watch.subscribe()
    #expect(receiver.value == "closed")
    #expect(receiver.tryChanged() == nil)
    try watch.sender.send("opening")
    try watch.sender.send("open")
    #expect(receiver.hasChanged)
    #expect(receiver.value == "open")
    #expect(receiver.tryChanged() == "open")
    #expect(!receiver.hasChanged)
    #expect(receiver.tryChanged() == nil)
  }

  @Test func `each copy of a receiver remembers for itself`() throws {
    let watch = Watch(0)
    var first = watch.subscribe()
    try watch.sender.send(1)
    var second = first
    #expect(first.tryChanged() == 1)
    #expect(second.tryChanged() == 1)
    #expect(watch.sender.snapshot()["receivers"] == 1)
  }

  @Test func `after the close the last value is there and setting gives back`() async throws {
    let watch = Watch(0, name: "state")
    var receiver = watch.subscribe()
    try watch.sender.send(1)
    watch.sender.close()
    let failure = #expect(throws: SendFailure<Int>.self) { try watch.sender.send(2) }
    #expect(failure?.element == 2)
    let changed = #expect(throws: SendFailure<Int>.self) {
      try watch.sender.modify { value in
        value += 9
        return true
      }
    }
    #expect(changed?.element == 10)
    #expect(!receiver.isFinished)
    #expect(try await receiver.changed() == 1)
    #expect(try await receiver.changed() == nil)
    #expect(receiver.isFinished)
    #expect(receiver.value == 1)
    let missing = await #expect(throws: WatchFailure.self) {
      var receiver = watch.subscribe()
      _ = try await receiver.wait { $0 == 3 }
    }
    #expect(missing?.description.contains("Watch \"state\"") == true)
  }

  @Test func `modifying tells the receivers only if something changed`() throws {
    struct Failed: Error {}
    let watch = Watch([1, 2])
    var receiver = watch.subscribe()
    #expect(try watch.sender.modify { _ in false } == false)
    #expect(throws: Failed.self) {
      try watch.sender.modify { value in
        value = []
        throw Failed()
      }
    }
    #expect(receiver.tryChanged() == nil)
    let changed = try watch.sender.modify { value in
      value.append(3)
      return true
    }
    #expect(changed)
    #expect(receiver.tryChanged() == [1, 2, 3])
  }

  @Test func `a change that was overtaken is made again on the new value`() throws {
    let watch = Watch(1)
    var calls = 0
    try watch.sender.modify { value in
      calls += 1
      if calls == 1 { try watch.sender.send(10) }
      value += 1
      return true
    }
    #expect(calls == 2)
    #expect(watch.sender.value == 11)
  }

  @Test func `a condition is looked for in the value of now and in those that come`() async throws {
    try await simulate(seeds: 0..<30) { clock in
      let watch = Watch(3)
      let sender = watch.sender
      var now = watch.subscribe()
      #expect(try await now.wait { $0 == 3 } == 3)
      let receiver = watch.subscribe()
      async let later: Int = {
        var receiver = receiver
        return try await receiver.wait(deadline: .after(.seconds(10))) { $0 > 5 }
      }()
      for number in 4...8 {
        await waitUntilIdle()
        try sender.send(number)
      }
      #expect(try await later == 6)
      await #expect(throws: DeadlineExceeded.self) {
        var receiver = watch.subscribe()
        _ = try await receiver.wait(deadline: .after(.seconds(1))) { $0 > 100 }
      }
      #expect(clock.now.nanoseconds == 1_000_000_000)
    }
  }

  @Test func `a loop begins with the value of now and skips what was replaced`() async throws {
    try await simulate(seeds: 0..<30) { _ in
      let watch = Watch(0)
      let sender = watch.sender
      let receiver = watch.subscribe()
      try sender.send(1)
      async let seen: [Int] = {
        var values: [Int] = []
        for try await value in receiver { values.append(value) }
        return values
      }()
      await waitUntilIdle()
      try sender.send(2)
      try sender.send(3)
      await waitUntilIdle()
      sender.close()
      let values = try await seen
      #expect(values == [1, 3])
    }
  }

  @Test func `a thousand receivers that wait are all woken by one change`() async throws {
    try await simulate { _ in
      let watch = Watch(0)
      let sender = watch.sender
      let receivers = (0..<1_000).map { _ in watch.subscribe() }
      async let sums = gather(receivers, width: 1_000) { receiver in
        var receiver = receiver
        var sum = 0
        while let value = try await receiver.changed() { sum += value }
        return sum
      }
      for number in 1...3 {
        await waitUntilIdle()
        #expect(sender.snapshot()["receivers waiting"] == 1_000)
        try sender.send(number)
      }
      await waitUntilIdle()
      sender.close()
      let received = try await sums
      #expect(received == Array(repeating: 6, count: 1_000))
    }
  }

  @Test func `dropping the last sender ends those who wait`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      var sender: Watch<Int>.Sender?
      let receiver: Watch<Int>.Receiver
      do {
        let watch = Watch(0)
        (sender, receiver) = (watch.sender, watch.subscribe())
      }
      async let ends = gather(0..<2, width: 2) { _ in
        var receiver = receiver
        return try await receiver.changed()
      }
      await waitUntilIdle()
      #expect(sender?.snapshot()["receivers waiting"] == 2)
      sender = nil
      let values = try await ends
      #expect(values == [nil, nil])
      #expect(receiver.value == 0)
    }
  }

  @Test func `the sending side hears when the last receiver is gone`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let watch = Watch(0, name: "state")
      let sender = watch.sender
      try await sender.waitUntilUnobserved()
      var receivers = (0..<3).map { _ in watch.subscribe() }
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await sender.waitUntilUnobserved(deadline: .after(.seconds(1)))
      }
      #expect(error?.operation.hasPrefix("waitUntilUnobserved on Watch \"state\"") == true)
      #expect(clock.now.nanoseconds == 1_000_000_000)
      async let unobserved: Void = sender.waitUntilUnobserved()
      await waitUntilIdle()
      while !receivers.isEmpty {
        #expect(sender.isObserved)
        #expect(sender.snapshot()["senders waiting"] == 1)
        receivers.removeLast()
      }
      try await unobserved
      #expect(!sender.isObserved)
    }
  }

  @Test func `waiting cancelled at every suspension misses no value`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let watch = Watch(0)
      let sender = watch.sender
      let receiver = watch.subscribe()
      async let sent: Void = {
        for number in 1...3 {
          await Task.yield()
          try sender.send(number)
        }
        sender.close()
      }()
      var last = 0
      do {
        let value = try await victim.run {
          var receiver = receiver
          return try await receiver.changed()
        }
        last = value ?? 0
        #expect(last > 0)
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      var rest = receiver
      while let value = try await rest.changed() { last = value }
      try await sent
      #expect(last == 3)
      #expect(sender.snapshot()["receivers waiting"] == 0)
    }
    #expect(cancelled >= 40)
  }

  @Test func `one value is kept, and its end may use the watch`() throws {
    final class Ending: Sendable {
      let gauge: Gauge
      let sender: Watch<Ending?>.Sender
      init(_ gauge: Gauge, _ sender: Watch<Ending?>.Sender) {
        self.gauge = gauge
        self.sender = sender
        gauge.enter()
      }
      // It would lock up if it ran under the lock.
      deinit {
        _ = sender.snapshot()
        gauge.leave()
      }
    }
    let gauge = Gauge()
    let watch = Watch<Ending?>(nil)
    var receivers = (0..<100).map { _ in watch.subscribe() }
    for _ in 0..<10 {
      try watch.sender.send(Ending(gauge, watch.sender))
      for index in receivers.indices { _ = receivers[index].tryChanged() }
      #expect(gauge.now == 1)
    }
    try watch.sender.send(nil)
    #expect(gauge.now == 0)
  }

  @Test func `on real threads no change is lost and nobody is left waiting, under cancellation`()
    async throws
  {
    let watch = Watch(0)
    let sender = watch.sender
    let receivers = (0..<4).map { _ in watch.subscribe() }
    async let lasts = gather(receivers.enumerated().map { $0 }, width: 4) { index, receiver in
      var (last, round) = (0, 0)
      var receiver = receiver
      while true {
        round += 1
        let copy = receiver
        let task = Task {
          var copy = copy
          return (try await copy.changed(), copy)
        }
        if (round + index).isMultiple(of: 5) { task.cancel() }
        guard case .success((let value, let next)) = await task.result else { continue }
        guard let value else { return last }
        #expect(value > last)
        (last, receiver) = (value, next)
      }
    }
    _ = try await gather(0..<3, width: 3) { _ in
      for round in 0..<1_000 {
        try sender.modify { value in
          value += 1
          return true
        }
        if round.isMultiple(of: 50) { await Task.yield() }
      }
    }
    sender.close()
    let values = try await lasts
    #expect(values == [3_000, 3_000, 3_000, 3_000])
    #expect(sender.value == 3_000)
  }
}
