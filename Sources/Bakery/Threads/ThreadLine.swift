/// What one blocked thread sleeps on, for the time of one wait.
final class ThreadParker: Sendable {
  private let parker = Parker()

  /// Wakes the thread; called once for each time that it is taken out of a line.
  func unpark() { parker.unpark() }

  var ticket: UInt32 { parker.ticket }

  /// Blocks until somebody has called `unpark` since `ticket` was read, or until `deadline` on the machine's clock.
  func block(since ticket: UInt32, until deadline: Deadline) {
    while parker.ticket == ticket, let nanoseconds = RealTime.nanoseconds(until: deadline) {
      parker.park(ticket, nanoseconds: nanoseconds)
    }
  }
}

/// Blocked threads, first come, first served: the `WaitQueue` of tasks with a parker beside each place.
///
/// Pure; its owner guards it, and unparks after the unlock.
///
/// Invariant: a place whose wait is undecided has a parker.
struct ThreadLine: Sendable {
  private struct Seat: Sendable {
    let parker: ThreadParker
    /// How many had come before.
    let arrival: UInt64
  }

  private(set) var queue = WaitQueue()
  private var seats: ContiguousArray<Seat?> = []
  /// How many have ever come: tells who was in line when a signal was given.
  private var arrivals: UInt64 = 0

  /// Takes a place at the end of the line.
  mutating func wait(_ party: Party, _ parker: ThreadParker) -> Ticket {
    let ticket = queue.enqueue(party)
    while seats.count <= ticket.index { seats.append(nil) }
    seats[ticket.index] = Seat(parker: parker, arrival: arrivals)
    arrivals += 1
    return ticket
  }

  /// Takes the first out of the line and returns what to unpark.
  mutating func wakeFirst() -> ThreadParker? {
    guard !queue.isEmpty else { return nil }
    let ticket = queue.grantFirst(arrivals).ticket
    return seats[ticket.index].take()?.parker
  }

  /// Takes everybody out of the line.
  mutating func wakeAll() -> [ThreadParker] {
    var parkers: [ThreadParker] = []
    while let parker = wakeFirst() { parkers.append(parker) }
    return parkers
  }

  /// Hands on a signal that its receiver cannot use, to the first who was in line when it was given.
  ///
  /// Those who came later saw the state as it was after the signal, so a signal is handed on a finite number of times.
  mutating func passOn(_ signal: UInt64) -> ThreadParker? {
    guard queue.front >= 0, let seat = seats[Int(queue.front)], seat.arrival < signal else {
      return nil
    }
    return wakeFirst()
  }

  /// Ends the wait: returns the signal, or `nil` for a thread that leaves the line unwoken.
  mutating func leave(_ ticket: Ticket) -> UInt64? {
    if queue.abort(ticket, .timedOut).found { seats[ticket.index] = nil }
    guard case .granted(let signal) = queue.takeOutcome(ticket) else { return nil }
    return signal
  }
}
