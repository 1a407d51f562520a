/// The decisions of `Channel`: who waits, who meets whom; it counts elements but does not hold them.
///
/// Not generic, so that it is compiled once and its tests need no element type. The storage beside it moves the
/// elements as the steps say.
///
/// Invariant: receivers wait only while nothing is buffered and no sender waits.
/// Invariant: senders wait only while the buffer is full. After `close` nobody waits.
/// Selects that were decided elsewhere do not count; they may be in line until they leave. Nor does a select meet itself.
@usableFromInline
struct ChannelState: Sendable {
  @usableFromInline
  enum SendStep: Sendable {
    /// Append the element to the buffer.
    case buffer
    /// Park the element for the receiver of that ticket, then fire.
    case handOff(Ticket, Wake?)
    /// The buffer is full: take the first element out, and append the new one.
    case replaceFirst
    /// The buffer is full: park the element under this ticket and wait.
    case wait(Ticket)
    case full
    case closed
    /// The select that asked was decided elsewhere: do nothing.
    case lost
  }

  @usableFromInline
  enum ReceiveStep: Sendable {
    /// Take the first buffered element.
    case take
    /// Take the first buffered element, then move that sender's parked one to the buffer and fire.
    case takeAndRefill(Ticket, Wake?)
    /// Take the element that this sender parked, then fire.
    case meet(Ticket, Wake?)
    case wait(Ticket)
    case empty
    case closed
    /// The select that asked was decided elsewhere: do nothing.
    case lost
  }

  @usableFromInline let capacity: Int
  @usableFromInline var buffered = 0
  @usableFromInline private(set) var isClosed = false
  @usableFromInline var senders = WaitQueue(marked: true)
  @usableFromInline var receivers = WaitQueue()

  @usableFromInline
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Whether an element may be appended to the buffer with nobody to tell.
  @inlinable var hasRoomOnly: Bool { buffered < capacity && receivers.isEmpty && !isClosed }

  /// Whether an element may be taken from the buffer with nobody to tell.
  @inlinable var hasElementsOnly: Bool { buffered > 0 && senders.isEmpty }

  /// Sends for `party`, or only tries to when there is none; for `entry` if a select asks that waits elsewhere too.
  @usableFromInline
  mutating func send(_ party: Party?, for entry: SelectEntry? = nil) -> SendStep {
    if isClosed { return entry.wins() ? .closed : .lost }
    if let ticket = receivers.win(for: entry) {
      return .handOff(ticket, receivers.grant(ticket, keep: true))
    }
    if buffered < capacity {
      guard entry.wins() else { return .lost }
      buffered += 1
      return .buffer
    }
    guard let party else { return .full }
    return .wait(senders.enqueue(party, for: entry))
  }

  /// Sends without waiting; when the buffer is full, the oldest element makes room.
  ///
  /// Not so while senders wait: they come first, so there is no place that the new element could take.
  @usableFromInline
  mutating func sendDroppingOldest() -> SendStep {
    let step = send(nil)
    guard case .full = step, senders.isEmpty, capacity > 0 else { return step }
    return .replaceFirst
  }

  /// Receives for `party`, or only tries to when there is none; for `entry` if a select asks that waits elsewhere too.
  @usableFromInline
  mutating func receive(_ party: Party?, for entry: SelectEntry? = nil) -> ReceiveStep {
    if buffered > 0 {
      guard entry.wins() else { return .lost }
      guard let ticket = senders.win() else {
        buffered -= 1
        return .take
      }
      return .takeAndRefill(ticket, senders.grant(ticket))
    }
    if let ticket = senders.win(for: entry) { return .meet(ticket, senders.grant(ticket)) }
    if isClosed { return entry.wins() ? .closed : .lost }
    guard let party else { return .empty }
    return .wait(receivers.enqueue(party, for: entry))
  }

  /// Ends sending and both kinds of waits; false when that was done before.
  mutating func close(into wakes: inout Wakes) -> Bool {
    guard !isClosed else { return false }
    isClosed = true
    // A sender that did not get through takes its parked element back, so its slot is kept for it.
    senders.abortAll(.closed, keep: true, into: &wakes)
    receivers.abortAll(.closed, into: &wakes)
    return true
  }

  /// Ends one wait without a grant.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    ticket.isMarked
      ? senders.abort(ticket, outcome, keep: true).wake
      : receivers.abort(ticket, outcome).wake
  }

  /// Ends the wait of a select's clause, whether it went through or not.
  @usableFromInline
  mutating func leave(_ ticket: Ticket) {
    if ticket.isMarked { senders.leave(ticket) } else { receivers.leave(ticket) }
  }

  @usableFromInline
  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    ticket.isMarked ? senders.takeOutcome(ticket) : receivers.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    waiter.ticket.isMarked ? senders.attach(waiter) : receivers.attach(waiter)
  }
}
