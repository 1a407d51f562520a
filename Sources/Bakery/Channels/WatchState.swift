/// The decisions of `Watch`: which version the value has, who has seen it, who waits; it does not hold the value.
///
/// Invariant: a receiver waits only while it has seen the current version and the watch is open; a task of the
/// sending side only while there are receivers and the watch is open.
@usableFromInline
struct WatchState: Sendable {
  @usableFromInline
  enum CommitStep: Sendable {
    /// Replace the value.
    case store
    /// The value is not the one any more that was looked at.
    case outdated
    case closed
  }

  @usableFromInline
  enum LookStep: Sendable {
    /// Copy the value, which the receiver has not seen.
    case new
    case wait(Ticket)
    /// The receiver has seen the value.
    case same
    /// The receiver has seen the value, and it is the last.
    case closed
  }

  /// How often the value was replaced.
  @usableFromInline var version = 0
  @usableFromInline private(set) var isClosed = false
  private(set) var receivers = 0
  @usableFromInline private(set) var queue = WaitQueue()
  /// Tasks of the sending side that wait until nobody watches.
  private(set) var watchers = WaitQueue(marked: true)

  init() {}

  /// Whether the value may be replaced with nobody to tell.
  @inlinable var canStoreQuietly: Bool { queue.isEmpty && !isClosed }

  var isObserved: Bool { receivers > 0 && !isClosed }

  /// Replaces the value, whatever it is, or only if it still has the version that was looked at.
  @usableFromInline
  mutating func store(over seen: Int? = nil) -> CommitStep {
    if isClosed { return .closed }
    if let seen, seen != version { return .outdated }
    version += 1
    return .store
  }

  /// Looks for a version other than `seen` for `party`, or only tries to when there is none.
  @usableFromInline
  mutating func look(_ seen: inout Int, _ party: Party?) -> LookStep {
    if seen != version {
      seen = version
      return .new
    }
    if isClosed { return .closed }
    guard let party else { return .same }
    return .wait(queue.enqueue(party))
  }

  /// Takes a place among those who wait until nobody watches; `nil` if nobody does.
  mutating func watch(_ party: Party) -> Ticket? {
    isObserved ? watchers.enqueue(party) : nil
  }

  /// Admits a receiver, which counts the current version as seen.
  mutating func subscribe() -> Int {
    receivers += 1
    return version
  }

  mutating func unsubscribe() { receivers -= 1 }

  /// Ends sending; false when that was done before.
  mutating func close() -> Bool {
    guard !isClosed else { return false }
    isClosed = true
    return true
  }

  /// Whether `wakeAll` has anything to do.
  var hasNews: Bool { !queue.isEmpty || (!watchers.isEmpty && !isObserved) }

  /// Lets all receivers who wait look again, and the sending side if nobody watches any more.
  mutating func wakeAll(into batch: inout WakeBatch) {
    batch.grantAll(&queue)
    if !isObserved { batch.grantAll(&watchers) }
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    ticket.isMarked ? watchers.takeOutcome(ticket) : queue.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    waiter.ticket.isMarked ? watchers.attach(waiter) : queue.attach(waiter)
  }

  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    ticket.isMarked ? watchers.abort(ticket, outcome).wake : queue.abort(ticket, outcome).wake
  }
}
