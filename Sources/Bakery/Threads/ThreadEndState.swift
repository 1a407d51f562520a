/// Who waits for the end of something: a thread, the threads of a pool.
///
/// Invariant: nobody is in line once it has ended.
struct ThreadEndState: Sendable {
  enum Admission: Equatable {
    case ended
    case wait(Ticket)
  }

  private(set) var hasEnded = false
  private(set) var queue = WaitQueue()

  /// Takes a place in line, unless the end is here.
  mutating func wait(_ party: Party) -> Admission {
    hasEnded ? .ended : .wait(queue.enqueue(party))
  }

  /// Lets everybody go on; does nothing the second time.
  mutating func end() -> Wakes {
    hasEnded = true
    var wakes = Wakes()
    queue.abortAll(.granted(0), into: &wakes)
    return wakes
  }

  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    queue.abort(ticket, outcome).wake
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    queue.takeOutcome(ticket)
  }
}
