import AsyncAlgorithms
import Bakery

/// What a consumer has seen: enough to tell lost, doubled and invented elements.
struct Tally: Sendable {
  var count = 0
  var sum = 0

  @inline(__always)
  mutating func add(_ element: Int) {
    count += 1
    sum &+= element
  }
}

/// Sends the numbers below `count` from producers to consumers through whatever the closures wrap.
///
/// The loops over elements are inside `produce` and `consume`, so this adds nothing per element.
func passNumbers(
  _ count: Int,
  producers: Int,
  consumers: Int,
  produce: @escaping @Sendable (Range<Int>) async throws -> Void,
  close: @escaping @Sendable () -> Void,
  consume: @escaping @Sendable () async throws -> Tally
) async throws {
  let total = try await withThrowingTaskGroup(of: Tally.self) { group in
    for _ in 0..<consumers { group.addTask { try await consume() } }
    group.addTask {
      try await withThrowingTaskGroup(of: Void.self) { senders in
        let share = count / producers
        for producer in 0..<producers {
          senders.addTask { try await produce(producer * share..<(producer + 1) * share) }
        }
        try await senders.waitForAll()
      }
      close()
      return Tally()
    }
    return try await group.reduce(into: Tally()) { total, part in
      total.count += part.count
      total.sum &+= part.sum
    }
  }
  try WrongResult.check("elements received", total.count, expected: count)
  try WrongResult.check("sum of elements", total.sum, expected: count * (count - 1) / 2)
}

enum BakeryChannel {
  static func exchange(
    capacity: Int,
    producers: Int = 1,
    consumers: Int = 1
  ) async throws -> Figure {
    try await Figure.perOperation { count in
      let channel = Channel<Int>(capacity: capacity)
      let sender = channel.sender
      let receiver = channel.receiver
      try await passNumbers(
        count,
        producers: producers,
        consumers: consumers,
        produce: { for element in $0 { try await sender.send(element) } },
        close: { sender.close() },
        consume: {
          var tally = Tally()
          while let element = try await receiver.receive() { tally.add(element) }
          return tally
        }
      )
    }
  }
}

enum StandardStream {
  // The nearest thing the standard library has, but without back pressure: the producer never waits
  // and the buffer grows, since the bounded policies drop elements.
  static func exchange() async throws -> Figure {
    try await Figure.perOperation { count in
      let (stream, continuation) = AsyncStream.makeStream(
        of: Int.self,
        bufferingPolicy: .unbounded
      )
      try await passNumbers(
        count,
        producers: 1,
        consumers: 1,
        produce: { for element in $0 { continuation.yield(element) } },
        close: { continuation.finish() },
        consume: {
          var tally = Tally()
          for await element in stream { tally.add(element) }
          return tally
        }
      )
    }
  }
}

enum AlgorithmsChannel {
  static func exchange(producers: Int = 1) async throws -> Figure {
    try await Figure.perOperation { count in
      let channel = AsyncChannel<Int>()
      try await passNumbers(
        count,
        producers: producers,
        consumers: 1,
        produce: { for element in $0 { await channel.send(element) } },
        close: { channel.finish() },
        consume: {
          var tally = Tally()
          for await element in channel { tally.add(element) }
          return tally
        }
      )
    }
  }
}

extension FloorRing {
  static func exchange(capacity: Int) async throws -> Figure {
    try await Figure.perOperation { count in
      let ring = FloorRing(capacity: capacity)
      try await passNumbers(
        count,
        producers: 1,
        consumers: 1,
        produce: { for element in $0 { await ring.send(element) } },
        close: { ring.close() },
        consume: {
          var tally = Tally()
          while let element = await ring.receive() { tally.add(element) }
          return tally
        }
      )
    }
  }
}

extension FloorRendezvous {
  static func exchange() async throws -> Figure {
    try await Figure.perOperation { count in
      let meeting = FloorRendezvous()
      try await passNumbers(
        count,
        producers: 1,
        consumers: 1,
        produce: { for element in $0 { await meeting.send(element) } },
        close: { meeting.close() },
        consume: {
          var tally = Tally()
          while let element = await meeting.receive() { tally.add(element) }
          return tally
        }
      )
    }
  }
}

extension FloorQueue {
  static func exchange(
    capacity: Int,
    producers: Int,
    consumers: Int = 1
  ) async throws -> Figure {
    try await Figure.perOperation { count in
      let queue = FloorQueue(capacity: capacity)
      try await passNumbers(
        count,
        producers: producers,
        consumers: consumers,
        produce: { for element in $0 { await queue.send(element) } },
        close: { queue.close() },
        consume: {
          var tally = Tally()
          while let element = await queue.receive() { tally.add(element) }
          return tally
        }
      )
    }
  }
}
