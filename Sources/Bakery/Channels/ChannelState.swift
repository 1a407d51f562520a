/// The decisions of `Channel`: who waits, who meets whom; it counts elements but does not hold them.
///
/// Not generic, so that it is compiled once and its tests need no element type. The storage beside it moves the
/// elements as the steps say.
///
/// Invariant: receivers wait only while nothing is buffered and, unless all places are reserved, no sender waits.
/// Invariant: senders wait only while every place is taken or reserved. After `close` nobody waits. In their line a count
/// of 1 stands for a parked element, and 0 for a task that wants to reserve a place.
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
    /// Take the first buffered element, then fire: who waited to reserve a place has it.
    case takeAndReserve(Wake?)
    /// Take the element that this sender parked, then fire.
    case meet(Ticket, Wake?)
    case wait(Ticket)
    case empty
    case closed
    /// The select that asked was decided elsewhere: do nothing.
    case lost
  }

  @usableFromInline
  enum ReserveStep: Sendable {
    case granted
    case wait(Ticket)
    case full
    case closed
  }

  /// What becomes of a place that is free again.
  @usableFromInline
  enum FillStep: Sendable {
    /// Nothing: there is none, or nobody waits for it.
    case none
    /// Move the element that this sender parked to the buffer, then fire.
    case buffer(Ticket, Wake?)
    /// Move the element that this sender parked to that receiver, then fire; the place is free still.
    case handOff(Ticket, Wake?, to: Ticket, Wake?)
    /// It is reserved again, for whom is fired.
    case reserved(Wake?)
  }

  @usableFromInline let capacity: Int
  @usableFromInline var buffered = 0
  /// Places that are kept free for elements to come.
  @usableFromInline var reserved = 0
  @usableFromInline private(set) var isClosed = false
  @usableFromInline var senders = WaitQueue(marked: true)
  @usableFromInline var receivers = WaitQueue()

  @usableFromInline
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Whether an element may be appended to the buffer with nobody to tell.
  @inlinable var hasRoomOnly: Bool { hasPlace && receivers.isEmpty && !isClosed }

  /// Whether a place of the buffer is neither taken nor reserved.
  @inlinable var hasPlace: Bool { buffered &+ reserved < capacity }

  /// Whether a sender would find a place, a receiver or the end.
  var canSend: Bool { hasPlace || (capacity == 0 && !receivers.isEmpty) || isClosed }

  /// Whether a receiver would find an element or the end.
  @inlinable var canReceive: Bool {
    buffered > 0 || (capacity == 0 && !senders.isEmpty) || isClosed
  }

  /// Whether an element may be taken from the buffer with nobody to tell.
  @inlinable var hasElementsOnly: Bool { buffered > 0 && senders.isEmpty }

  /// Sends for `party`, or only tries to when there is none; for `entry` if a select asks that waits elsewhere too.
  @usableFromInline
  mutating func send(_ party: Party?, for entry: SelectEntry? = nil) -> SendStep {
    if isClosed { return entry.wins() ? .closed : .lost }
    // Who waits for an element while all places are reserved gets it from those who hold them: senders that wait for a
    // place are not overtaken.
    if hasPlace || capacity == 0, let ticket = receivers.win(for: entry) {
      return .handOff(ticket, receivers.grant(ticket, keep: true))
    }
    if hasPlace {
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
    guard case .full = step, senders.isEmpty, buffered > 0 else { return step }
    return .replaceFirst
  }

  /// Receives for `party`, or only tries to when there is none; for `entry` if a select asks that waits elsewhere too.
  @usableFromInline
  mutating func receive(_ party: Party?, for entry: SelectEntry? = nil) -> ReceiveStep {
    if buffered > 0 {
      guard entry.wins() else { return .lost }
      buffered -= 1
      return switch fillPlace() {
      case .buffer(let ticket, let wake): .takeAndRefill(ticket, wake)
      case .reserved(let wake): .takeAndReserve(wake)
      case .none, .handOff: .take
      }
    }
    if capacity == 0, let ticket = senders.win(for: entry) {
      return .meet(ticket, senders.grant(ticket))
    }
    if isClosed { return entry.wins() ? .closed : .lost }
    guard let party else { return .empty }
    return .wait(receivers.enqueue(party, for: entry))
  }

  /// Keeps a place free for `party`, or only tries to when there is none.
  @usableFromInline
  mutating func reserve(_ party: Party?) -> ReserveStep {
    if isClosed { return .closed }
    if hasPlace {
      reserved += 1
      return .granted
    }
    guard let party else { return .full }
    return .wait(senders.enqueue(party, count: 0))
  }

  /// Sends into a place that was reserved; after a `handOff` that place is free, and to be filled.
  @usableFromInline
  mutating func sendReserved() -> SendStep {
    reserved -= 1
    if isClosed { return .closed }
    if let ticket = receivers.win() {
      return .handOff(ticket, receivers.grant(ticket, keep: true))
    }
    buffered += 1
    return .buffer
  }

  /// Gives a free place to the first who waits for one; to be called until there is none.
  @usableFromInline
  mutating func fillPlace() -> FillStep {
    guard hasPlace, let ticket = senders.win() else { return .none }
    if senders.firstCount == 0 {
      reserved += 1
      return .reserved(senders.grant(ticket))
    }
    let wake = senders.grant(ticket)
    if buffered == 0, let receiver = receivers.win() {
      return .handOff(ticket, wake, to: receiver, receivers.grant(receiver, keep: true))
    }
    buffered += 1
    return .buffer(ticket, wake)
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
