import AsyncAlgorithms
import Bakery

/// One consumer of six producers, each with a channel of its own without a buffer.
enum SelectRows {
  private static let producers = 6

  /// Producer *p* sends every sixth number from *p* on, below `count`.
  private static func pass(
    _ count: Int,
    produce: @escaping @Sendable (Int, StrideTo<Int>) async throws -> Void,
    consume: () async throws -> Tally
  ) async throws {
    let tally = try await withThrowingTaskGroup(of: Void.self) { group in
      for producer in 0..<producers {
        group.addTask {
          try await produce(producer, stride(from: producer, to: count, by: producers))
        }
      }
      let tally = try await consume()
      try await group.waitForAll()
      return tally
    }
    try WrongResult.check("elements received", tally.count, expected: count)
    try WrongResult.check("sum of elements", tally.sum, expected: count * (count - 1) / 2)
  }

  static func bakery() async throws -> Figure {
    try await Figure.perOperation { count in
      let channels = (0..<producers).map { _ in Channel<Int>(capacity: 0) }
      let receivers = channels.map(\.receiver)
      try await pass(
        count,
        produce: { producer, elements in
          let sender = channels[producer].sender
          for element in elements { try await sender.send(element) }
        },
        consume: {
          var tally = Tally()
          while tally.count < count {
            try await select {
              receivers[0].receiving { tally.add($0 ?? -1) }
              receivers[1].receiving { tally.add($0 ?? -1) }
              receivers[2].receiving { tally.add($0 ?? -1) }
              receivers[3].receiving { tally.add($0 ?? -1) }
              receivers[4].receiving { tally.add($0 ?? -1) }
              receivers[5].receiving { tally.add($0 ?? -1) }
            }
          }
          return tally
        }
      )
    }
  }

  /// The nearest thing that async-algorithms has: six channels merged into one sequence, which takes from each ahead of
  /// its consumer.
  static func merge() async throws -> Figure {
    try await Figure.perOperation { count in
      let channels = (0..<producers).map { _ in AsyncChannel<Int>() }
      try await pass(
        count,
        produce: { producer, elements in
          for element in elements { await channels[producer].send(element) }
          channels[producer].finish()
        },
        consume: {
          var tally = Tally()
          let first = AsyncAlgorithms.merge(channels[0], channels[1], channels[2])
          let second = AsyncAlgorithms.merge(channels[3], channels[4], channels[5])
          for await element in AsyncAlgorithms.merge(first, second) { tally.add(element) }
          return tally
        }
      )
    }
  }

  /// The six producers in one line, where a single look finds the next.
  static func floor() async throws -> Figure {
    try await Figure.perOperation { count in
      let queue = FloorQueue(capacity: 0)
      try await pass(
        count,
        produce: { _, elements in
          for element in elements { await queue.send(element) }
        },
        consume: {
          var tally = Tally()
          while tally.count < count { tally.add(await queue.receive() ?? -1) }
          return tally
        }
      )
    }
  }
}
