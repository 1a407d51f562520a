import Bakery
import Synchronization

/// One sender tells 1,000 receivers the same, 16 elements at a time, and waits until all have them.
enum BroadcastRows {
  private static let receivers = 1_000
  fileprivate static let round = 16

  /// The last receiver of a round tells the sender.
  fileprivate final class Round: Sendable {
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
    try await perDelivery { count in
      let broadcast = Broadcast<Int>(capacity: round)
      try await pass(
        count,
        makeReceiver: {
          let receiver = broadcast.subscribe()
          return { round in
            var tally = Tally()
            while let item = try await receiver.receive() {
              guard let element = item.element else {
                throw WrongResult("a receiver lagged: \(item)")
              }
              try tally.add(element, of: round)
            }
            return tally
          }
        },
        send: { _ = try broadcast.sender.send($0) },
        close: { broadcast.sender.close() }
      )
    }
  }

  static func floor() async throws -> Figure {
    try await perDelivery { count in
      let broadcast = FloorBroadcast(places: round)
      try await pass(
        count,
        makeReceiver: {
          { round in
            var (tally, cursor) = (Tally(), 0)
            while let element = await broadcast.receive(at: &cursor) {
              try tally.add(element, of: round)
            }
            return tally
          }
        },
        send: { broadcast.send($0) },
        close: { broadcast.close() }
      )
    }
  }

  private static func perDelivery(_ work: (Int) async throws -> Void) async throws -> Figure {
    var figure = try await Figure.perOperation(work)
    figure.value /= Double(receivers)
    return figure
  }

  /// The loops over elements are inside what `makeReceiver` makes, so this adds nothing per delivery.
  private static func pass(
    _ count: Int,
    makeReceiver: () -> @Sendable (Round) async throws -> Tally,
    send: (Int) throws -> Void,
    close: () -> Void
  ) async throws {
    let round = Round()
    try await withThrowingTaskGroup(of: Tally.self) { group in
      for _ in 0..<receivers {
        let receive = makeReceiver()
        group.addTask { try await receive(round) }
      }
      for first in stride(from: 0, to: count, by: Self.round) {
        for element in first..<first + Self.round { try send(element) }
        _ = try await round.done.receiver.receive()
      }
      close()
      let total = try await group.reduce(into: Tally()) { total, part in
        total.count += part.count
        total.sum &+= part.sum
      }
      try WrongResult.check("deliveries", total.count, expected: count * receivers)
      let sum = count * (count - 1) / 2 * receivers
      try WrongResult.check("sum of elements", total.sum, expected: sum)
    }
  }
}

extension Tally {
  /// Adds an element, and tells the round when it was its last one.
  @inline(__always)
  fileprivate mutating func add(_ element: Int, of round: BroadcastRows.Round) throws {
    add(element)
    if count.isMultiple(of: BroadcastRows.round) { try round.received() }
  }
}
