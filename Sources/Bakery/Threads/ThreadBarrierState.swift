/// The decisions of `ThreadBarrier`: pure.
///
/// Invariant: fewer threads are in line than there are parties.
struct ThreadBarrierState: Sendable {
  enum Arrival {
    /// The last one: the round is over, these are to be unparked.
    case leads([ThreadParker])
    case waits(Ticket)
  }

  let parties: Int
  private(set) var rounds = 0
  private(set) var line = ThreadLine()

  init(parties: Int) {
    self.parties = parties
  }

  mutating func arrive(_ party: Party, _ parker: ThreadParker) -> Arrival {
    guard line.queue.waiting + 1 == parties else { return .waits(line.wait(party, parker)) }
    rounds += 1
    return .leads(line.wakeAll())
  }

  /// Ends the wait; false for a thread that takes its arrival back, because the round is not over.
  mutating func leave(_ ticket: Ticket) -> Bool {
    line.leave(ticket) != nil
  }
}
