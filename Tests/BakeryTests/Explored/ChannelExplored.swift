import Bakery

extension ExploredSpecification {
  static let ofChannel = [
    ExploredSpecification("channel: sends and receives linearize to a queue of its capacity") {
      var chance = Chance()
      let capacity = chance.below(3)
      let channel = Channel<Int>(capacity: capacity)
      let history = History<Queue>()
      var crew = Crew()
      for sender in 0..<2 {
        let (way, deadline) = (chance.below(4), chance.deadline())
        crew.start {
          for number in 0..<2 {
            try await send(sender * 10 + number, to: channel, way, deadline, history)
          }
        }
      }
      for _ in 0..<2 {
        let (way, deadline) = (chance.below(4), chance.deadline())
        crew.start {
          for _ in 0..<2 { try await receive(from: channel, way, deadline, history) }
        }
      }
      let victim = chance.isHit(oneIn: 2) ? chance.below(4) : nil
      if let victim { crew.cancel(victim) }
      let closer = Task {
        // Who waits for nobody ends now; until then all who can meet do.
        try await sleep(until: .after(.milliseconds(1)))
        try history.record(now: {
          channel.sender.close()
          return .closed
        })
      }
      try await closer.value
      try await crew.finish()
      while let left = channel.receiver.tryReceive() {
        try history.record(now: { .received(left) })
      }
      try history.check(Queue(capacity: capacity))
      let snapshot = channel.receiver.snapshot()
      if snapshot["senders waiting"] != 0 || snapshot["receivers waiting"] != 0 {
        throw BrokenPromise("somebody waits for ever: \(snapshot)")
      }
    },
    ExploredSpecification(
      "channel: waiting senders and receivers are served in the order of their calls"
    ) {
      var chance = Chance()
      let isSending = chance.isHit(oneIn: 2)
      let channel = Channel<Int>(capacity: isSending ? 0 : 1)
      let order = TaskLog<Int>()
      let isAhead = TaskLog<Bool>()
      var crew = Crew()
      for number in 0..<2 {
        crew.start {
          let side = isSending ? "senders waiting" : "receivers waiting"
          if number == 1 { isAhead.append(channel.receiver.snapshot()[side] == 1) }
          if isSending {
            try await channel.sender.send(number)
          } else if let element = try await channel.receiver.receive() {
            order.append(number * 10 + element)
          }
        }
      }
      await Task.yield()
      for number in 0..<2 {
        if isSending {
          if let element = try await channel.receiver.receive() { order.append(element) }
        } else {
          try await channel.sender.send(number)
        }
      }
      try await crew.finish()
      guard isAhead.all == [true] else { return }
      let expected = isSending ? [0, 1] : [0, 11]
      if order.all.sorted() != expected || (isSending && order.all != expected) {
        throw BrokenPromise("order \(order.all)")
      }
    },
    ExploredSpecification(
      "channel: nothing is buffered beyond the capacity, and a full one drops the oldest"
    ) {
      var chance = Chance()
      let capacity = 1 + chance.below(2)
      let channel = Channel<Int>(capacity: capacity)
      let received = TaskLog<Int>()
      let dropped = TaskLog<Int>()
      var crew = Crew()
      for sender in 0..<2 {
        crew.start {
          for number in 0..<2 {
            let left = try channel.sender.sendDroppingOldest(sender * 10 + number)
            if let left { dropped.append(left) }
            let buffered = channel.sender.snapshot()["buffered"] ?? 0
            if buffered > capacity { throw BrokenPromise("\(buffered) buffered of \(capacity)") }
          }
        }
      }
      crew.start {
        if let element = channel.receiver.tryReceive() { received.append(element) }
        _ = try await end {
          let rest = try await channel.receiver.receive(upTo: 2, deadline: .after(.milliseconds(1)))
          for element in rest { received.append(element) }
        }
      }
      try await crew.finish()
      var ends = received.all + dropped.all
      while let left = channel.receiver.tryReceive() { ends.append(left) }
      if ends.sorted() != [0, 1, 10, 11] { throw BrokenPromise("elements \(ends)") }
    },
    ExploredSpecification(
      "channel: a reserved place is kept, and goes to the next when it is given back"
    ) {
      var chance = Chance()
      let channel = Channel<Int>(capacity: 1)
      let sent = TaskLog<Int>()
      var crew = Crew()
      for number in 0..<3 {
        let (way, deadline, sends) = (chance.below(3), chance.deadline(), chance.below(3) > 0)
        crew.start {
          do {
            if way == 0 {
              try await channel.sender.send(number, deadline: deadline)
              return sent.append(number)
            }
            let place =
              way == 1
              ? channel.sender.tryReserve()
              : try await channel.sender.reserve(deadline: deadline)
            guard let place else { return }
            await Task.yield()
            guard sends else { return }
            try place.send(number)
            sent.append(number)
          } catch is DeadlineExceeded {}
        }
      }
      if chance.isHit(oneIn: 3) { crew.cancel(chance.below(3)) }
      let received = TaskLog<Int>()
      let reader = Task {
        var elements = channel.receiver.makeAsyncIterator()
        while let element = try await elements.next() { received.append(element) }
      }
      try await crew.finish()
      channel.sender.close()
      try await reader.value
      if received.all.sorted() != sent.all.sorted() {
        throw BrokenPromise("sent \(sent.all), received \(received.all)")
      }
      if channel.sender.snapshot()["reserved"] != 0 { throw BrokenPromise("a place is lost") }
    },
    ExploredSpecification("channel: closing ends all waits at once") {
      var chance = Chance()
      let isSending = chance.isHit(oneIn: 2)
      let channel = Channel<Int>(capacity: 0)
      let ended = TaskLog<Int>()
      var crew = Crew()
      for number in 0..<3 {
        crew.start {
          if isSending {
            do {
              try await channel.sender.send(number)
            } catch let failure as SendFailure<Int> {
              if failure.element != number { throw BrokenPromise("another element came back") }
              ended.append(number)
            }
          } else if try await channel.receiver.receive() == nil {
            ended.append(number)
          }
        }
      }
      if chance.isHit(oneIn: 2) { await Task.yield() }
      channel.sender.close()
      try await crew.finish()
      if ended.all.count != 3 {
        throw BrokenPromise("\(ended.all.count) of 3 waits ended as closed")
      }
    },
    ExploredSpecification("channel: elements live until they are taken, and no longer") {
      let alive = Inside()
      var chance = Chance()
      let channel = Channel<Tracked>(capacity: chance.below(2))
      var crew = Crew()
      for _ in 0..<2 {
        let deadline = chance.deadline()
        crew.start {
          do {
            try await channel.sender.send(Tracked(alive), deadline: deadline)
          } catch is DeadlineExceeded {} catch is SendFailure<Tracked> {}
        }
      }
      crew.start { _ = try? await channel.receiver.receive(deadline: .after(.microseconds(20))) }
      crew.cancel(chance.below(3))
      await Task.yield()
      channel.sender.close()
      try await crew.finish()
      while channel.receiver.tryReceive() != nil {}
      if alive.now != 0 { throw BrokenPromise("\(alive.now) elements are kept") }
    },
  ]

  private final class Tracked: Sendable {
    let alive: Inside
    init(_ alive: Inside) throws {
      self.alive = alive
      try alive.enter("elements", limit: .max)
    }
    deinit { alive.leave() }
  }

  /// A queue that its capacity bounds; with 0 an element is in it for no more than the moment in which two sides meet.
  struct Queue: SequentialObject {
    enum Call: Sendable {
      case sent(Int)
      case received(Int?)
      case full
      case empty
      case closed
      case refused
    }

    let capacity: Int
    var elements: [Int] = []
    var isClosed = false

    init(capacity: Int) {
      self.capacity = capacity
    }

    mutating func admits(_ call: Call) -> Bool {
      switch call {
      case .sent(let element):
        elements.append(element)
        return !isClosed && elements.count <= max(capacity, 1)
      case .received(let element?):
        guard elements.first == element else { return false }
        elements.removeFirst()
        return true
      case .received(nil): return isClosed && elements.isEmpty
      // With nothing buffered, an attempt fails for want of somebody who waits.
      case .full: return !isClosed && elements.count >= capacity
      case .empty: return elements.isEmpty || capacity == 0
      case .closed:
        isClosed = true
        return true
      case .refused: return isClosed
      }
    }
  }

  @concurrent private static func send(
    _ element: Int,
    to channel: Channel<Int>,
    _ way: Int,
    _ deadline: Deadline,
    _ history: History<Queue>
  ) async throws {
    do {
      if way == 0 {
        return try history.record(now: {
          do {
            try channel.sender.trySend(element)
            return .sent(element)
          } catch let failure as SendFailure<Int> {
            return failure.reason == .closed ? .refused : .full
          }
        })
      }
      try await history.record {
        do {
          try await channel.sender.send(element, deadline: deadline)
          return .sent(element)
        } catch is SendFailure<Int> {
          return .refused
        }
      }
    } catch is DeadlineExceeded {}
  }

  @concurrent private static func receive(
    from channel: Channel<Int>,
    _ way: Int,
    _ deadline: Deadline,
    _ history: History<Queue>
  ) async throws {
    do {
      if way == 0 {
        return try history.record(now: {
          channel.receiver.tryReceive().map { .received($0) } ?? .empty
        })
      }
      try await history.record { .received(try await channel.receiver.receive(deadline: deadline)) }
    } catch is DeadlineExceeded {}
  }
}
