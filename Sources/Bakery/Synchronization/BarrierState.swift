/// The decisions of `AsyncBarrier`: pure, without a lock, a clock or a task.
///
/// Who has arrived waits in line, and a party that gives up leaves it; so the line is the count of arrivals.
///
/// Invariant: fewer wait than there are parties, except that nobody waits when there are none.
struct BarrierState: Sendable {
  enum Admission: Equatable {
    case last(AsyncBarrier.Arrival)
    case wait(Ticket)
    /// All parties have left.
    case over
  }

  private(set) var parties: Int
  /// How many phases are complete.
  private(set) var phase: UInt64 = 0
  private(set) var queue = WaitQueue()

  init(parties: Int) {
    self.parties = parties
  }

  /// Completes the phase as its leader, or takes a place in line.
  mutating func arrive(_ party: Party, into wakes: inout Wakes) -> Admission {
    guard parties > 0 else { return .over }
    guard queue.waiting + 1 == parties else { return .wait(queue.enqueue(party)) }
    let arrival = AsyncBarrier.Arrival(phase: phase, isLeader: true)
    complete(into: &wakes)
    return .last(arrival)
  }

  /// Lowers the number of parties, which may complete the phase; false if there are none.
  ///
  /// The leader is then who waited longest: it goes on with the others, as the one that left may not.
  mutating func leave(into wakes: inout Wakes) -> Bool {
    guard parties > 0 else { return false }
    parties -= 1
    guard queue.waiting == parties, parties > 0 else { return true }
    wakes.add(queue.grantFirst(AsyncBarrier.Arrival(phase: phase, isLeader: true).word).wake)
    complete(into: &wakes)
    return true
  }

  /// Withdraws an arrival.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    queue.abort(ticket, outcome).wake
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    queue.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }

  private mutating func complete(into wakes: inout Wakes) {
    let arrival = AsyncBarrier.Arrival(phase: phase, isLeader: false)
    queue.abortAll(.granted(arrival.word), into: &wakes)
    phase += 1
  }
}

extension AsyncBarrier.Arrival {
  /// The arrival as the number that a grant carries.
  var word: UInt64 { phase << 1 | (isLeader ? 1 : 0) }

  init(word: UInt64) {
    self.init(phase: word >> 1, isLeader: word & 1 == 1)
  }
}
