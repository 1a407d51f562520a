/// The decisions of `AsyncSemaphore`: pure, without a lock, a clock or a task.
///
/// Invariant: `available` is the limit less what is held; below zero after the limit was lowered under use.
/// Invariant: while a wait is in line, its head does not fit into `available`, unless it is of a select that was decided
/// elsewhere and is about to leave.
struct SemaphoreState: WordState, Sendable {
  enum Admission: Equatable {
    case granted(token: UInt64)
    case wait(Ticket)
    case impossible
    case closed
    /// The line is as long as it may be.
    case saturated
    /// The select that asked was decided elsewhere: do nothing.
    case lost
  }

  private(set) var limit: Int
  private let longestLine: Int
  var available: Int
  private(set) var isClosed = false
  private(set) var queue = WaitQueue()
  private var holders = RecordedHolders()

  init(limit: Int, longestLine: Int = .max) {
    self.limit = limit
    self.longestLine = longestLine
    available = limit
  }

  /// Free permits times two.
  var word: Int {
    get { available << 1 }
    set { available = newValue >> 1 }
  }

  var needsAttention: Bool { isClosed || !queue.isEmpty }

  var waiting: Int { queue.waiting }

  var recordedHolders: [Party] { holders.parties }

  /// Grants at once what is free while nobody waits.
  mutating func tryAcquire(_ party: Party, recordsHolder: Bool) -> UInt64? {
    guard !isClosed, queue.isEmpty, party.count <= available else { return nil }
    available -= party.count
    guard recordsHolder else { return 0 }
    return holders.record(party)
  }

  /// Grants, refuses for ever, or takes a place in line; for `entry` if a select asks that waits elsewhere too.
  mutating func acquire(
    _ party: Party,
    recordsHolder: Bool,
    for entry: SelectEntry? = nil
  ) -> Admission {
    if let admission = admit(party, recordsHolder: recordsHolder, for: entry) { return admission }
    if queue.waiting >= longestLine { return .saturated }
    return .wait(queue.enqueue(party, for: entry))
  }

  /// Grants or refuses for ever, if that can be said now.
  mutating func admit(
    _ party: Party,
    recordsHolder: Bool,
    for entry: SelectEntry? = nil
  ) -> Admission? {
    let isDecided = isClosed || party.count > limit || (queue.isEmpty && party.count <= available)
    guard isDecided else { return nil }
    guard entry.wins() else { return .lost }
    if isClosed { return .closed }
    return tryAcquire(party, recordsHolder: recordsHolder).map { .granted(token: $0) }
      ?? .impossible
  }

  mutating func release(_ count: Int, token: UInt64, recordingAt now: Deadline?) -> Wakes {
    holders.remove(token)
    available += count
    var wakes = Wakes()
    grantWhatFits(recordingAt: now, into: &wakes)
    return wakes
  }

  /// Ends a wait without a grant; whoever stood behind it may fit now.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome, recordingAt now: Deadline?) -> Wakes
  {
    let (found, wake) = queue.abort(ticket, outcome)
    guard found else { return Wakes() }
    var wakes = Wakes()
    wakes.add(wake)
    grantWhatFits(recordingAt: now, into: &wakes)
    return wakes
  }

  /// Ends the wait of a select's clause, whether it went through or not; whoever stood behind it may fit now.
  mutating func leave(_ ticket: Ticket, recordingAt now: Deadline?) -> Wakes {
    queue.leave(ticket)
    var wakes = Wakes()
    grantWhatFits(recordingAt: now, into: &wakes)
    return wakes
  }

  /// Changes the limit; waits that ask for more than the new one end as impossible.
  mutating func resize(to newLimit: Int, recordingAt now: Deadline?) -> Wakes {
    available += newLimit - limit
    limit = newLimit
    var wakes = Wakes()
    queue.abortAll(.impossible, above: newLimit, into: &wakes)
    grantWhatFits(recordingAt: now, into: &wakes)
    return wakes
  }

  mutating func close() -> Wakes {
    isClosed = true
    var wakes = Wakes()
    queue.abortAll(.closed, into: &wakes)
    return wakes
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    queue.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }

  private mutating func grantWhatFits(recordingAt now: Deadline?, into wakes: inout Wakes) {
    while let count = queue.firstCount, count <= available {
      guard queue.winFirst() else { continue }
      available -= count
      let token = now.flatMap { now in
        queue.firstParty.map { holders.record($0.holding(since: now)) }
      }
      wakes.add(queue.grantFirst(token ?? 0).wake)
    }
  }
}
