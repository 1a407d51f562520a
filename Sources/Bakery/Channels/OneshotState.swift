/// The decisions of `Oneshot`: who waits for the value, who for the end; it does not hold the value.
///
/// ```
///              send               receive
///   pending ─────────► sent ─────────────────► taken      (send to a waiting receiver: at once taken)
///      │                 └── discard ──────────► taken
///      ├── sender closes ──► abandoned
///      └── receiver closes ► closed
/// ```
/// Invariant: tasks wait only while the phase is `pending`. The last three phases never change any more, so who
/// is refused may ask for the reason later.
@usableFromInline
struct OneshotState: Sendable {
  @usableFromInline
  enum Phase: Sendable {
    case pending
    case sent
    /// The value is out, or belongs to a task that was granted it.
    case taken
    /// The sender ended without sending.
    case abandoned
    /// The receiver ended before anything was sent.
    case closed
  }

  @usableFromInline
  enum SendStep: Sendable {
    /// Store the value: for a later call, or for the task whose wait is decided by this.
    case store
    case refused
  }

  @usableFromInline
  enum ReceiveStep: Sendable {
    case take
    case wait(Ticket)
    /// Nothing was sent yet.
    case empty
    case refused
  }

  @usableFromInline var phase = Phase.pending
  @usableFromInline private(set) var receivers = WaitQueue()
  /// Tasks of the sending side that wait to hear that nothing can be sent any more.
  @usableFromInline private(set) var watchers = WaitQueue(marked: true)

  init() {}

  /// Whether a value may be stored with nobody to tell.
  @inlinable var canStoreQuietly: Bool {
    phase == .pending && receivers.isEmpty && watchers.isEmpty
  }

  /// Sends; the first waiting receiver gets the value, the others learn that it is gone.
  mutating func send(into wakes: inout Wakes) -> SendStep {
    guard phase == .pending else { return .refused }
    if receivers.isEmpty {
      phase = .sent
    } else {
      phase = .taken
      wakes.add(receivers.grantFirst().wake)
    }
    end(into: &wakes)
    return .store
  }

  /// Receives for `party`, or only tries to when there is none.
  @usableFromInline
  mutating func receive(_ party: Party?) -> ReceiveStep {
    switch phase {
    case .sent:
      phase = .taken
      return .take
    case .pending:
      guard let party else { return .empty }
      return .wait(receivers.enqueue(party))
    case .taken, .abandoned, .closed: return .refused
    }
  }

  /// Takes a place among those who wait for the end; `nil` if it is reached.
  mutating func watch(_ party: Party) -> Ticket? {
    phase == .pending ? watchers.enqueue(party) : nil
  }

  /// Ends the oneshot before a value was sent; false when there is nothing to end.
  mutating func close(as final: Phase, into wakes: inout Wakes) -> Bool {
    guard phase == .pending else { return false }
    phase = final
    end(into: &wakes)
    return true
  }

  /// Gives up a value that nobody can receive any more; whether there is one.
  @usableFromInline
  mutating func discard() -> Bool {
    guard phase == .sent else { return false }
    phase = .taken
    return true
  }

  private mutating func end(into wakes: inout Wakes) {
    receivers.abortAll(.closed, into: &wakes)
    watchers.abortAll(.granted(0), into: &wakes)
  }

  /// Ends one wait without a grant.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    ticket.isMarked
      ? watchers.abort(ticket, outcome).wake
      : receivers.abort(ticket, outcome).wake
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    waiter.ticket.isMarked ? watchers.attach(waiter) : receivers.attach(waiter)
  }
}
