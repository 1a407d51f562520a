/// The decisions of `AsyncLatch`, and of `AsyncEvent`, which is a latch of one: pure, without a lock, a clock or a task.
///
/// Invariant: `remaining` only falls, and zero is final.
/// Invariant: nobody is in line once `remaining` is zero.
struct LatchState: Sendable {
  enum Admission: Equatable {
    case open
    case wait(Ticket)
  }

  let count: Int
  private(set) var remaining: Int
  private(set) var queue = WaitQueue()

  init(count: Int) {
    self.count = count
    remaining = count
  }

  /// Lets through what is open, or takes a place in line.
  mutating func wait(_ party: Party) -> Admission {
    remaining == 0 ? .open : .wait(queue.enqueue(party))
  }

  /// Counts down, and lets everybody go on at zero; `nil`, and nothing is done, if so many do not remain.
  mutating func countDown(by number: Int) -> Wakes? {
    guard number <= remaining else { return nil }
    remaining -= number
    var wakes = Wakes()
    if remaining == 0 { queue.abortAll(.granted(0), into: &wakes) }
    return wakes
  }

  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    queue.abort(ticket, outcome).wake
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    queue.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }
}
