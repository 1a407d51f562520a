import Bakery
import Synchronization

/// One sender tells 1,000 receivers the same, 16 elements at a time, and waits until all have them.
enum BroadcastRows {
  private static let receivers = 1_000
  private static let round = 16

  /// The last receiver of a round tells the sender.
  private final class Round: Sendable {
    private let missing = Atomic(receivers)
    let done = Channel<Void>(capacity: 1)

    func received() throws {
      guard missing.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else {
        return
      }
      missing.store(receivers, ordering: .releasing)
      try done.sender.trySend(())
    }
  }

  /// Nanoseconds for each element at each receiver.
  static func bakery() async throws -> Figure {
    var figure = try await Figure.perOperation { count in
      let broadcast = Broadcast<Int>(capacity: round)
      let round = Round()
      try await withThrowingTaskGroup(of: Tally.self) { group in
        for _ in 0..<receivers {
          let receiver = broadcast.subscribe()
          group.addTask { try await receive(from: receiver, round) }
        }
        for first in stride(from: 0, to: count, by: Self.round) {
          for element in first..<first + Self.round { _ = try broadcast.sender.send(element) }
          _ = try await round.done.receiver.receive()
        }
        broadcast.sender.close()
        let total = try await group.reduce(into: Tally()) { total, part in
          total.count += part.count
          total.sum &+= part.sum
        }
        try WrongResult.check("deliveries", total.count, expected: count * receivers)
        let sum = count * (count - 1) / 2 * receivers
        try WrongResult.check("sum of elements", total.sum, expected: sum)
      }
    }
    figure.value /= Double(receivers)
    return figure
  }

  private static func receive(
    from receiver: Broadcast<Int>.Receiver,
    _ round: Round
  ) async throws -> Tally {
    var tally = Tally()
    while let item = try await receiver.receive() {
      guard let element = item.element else { throw WrongResult("a receiver lagged: \(item)") }
      tally.add(element)
      if tally.count.isMultiple(of: Self.round) { try round.received() }
    }
    return tally
  }
}
