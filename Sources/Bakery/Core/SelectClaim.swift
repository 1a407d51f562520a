/// The decisions about one select: which clause goes through, once and for all.
///
/// ```
///           win                    decide
///   open ─────────► won by a clause ─────────► decided
///     └──────────────── abort ─────────────────────▲
/// ```
/// Pure, without a lock. Between `win` and `decide` the winner moves what was granted; the select waits for that.
struct SelectState: Sendable {
  private(set) var isOpen = true
  /// The clause that was won; none after a cancellation or a deadline.
  private(set) var winner: Int?
  private(set) var outcome: WaitOutcome?
  private var continuation: UnsafeContinuation<WaitOutcome, Never>?

  /// Takes the select for a clause; false when something was faster.
  mutating func win(_ clause: Int) -> Bool {
    guard isOpen else { return false }
    isOpen = false
    winner = clause
    return true
  }

  /// Says how the clause that was won ends.
  mutating func decide(_ outcome: WaitOutcome) -> Wake? {
    self.outcome = outcome
    return continuation.map { Wake(continuation: $0, outcome: outcome) }
  }

  /// Ends the select without a clause, unless one was won.
  mutating func abort(_ outcome: WaitOutcome) -> Wake? {
    guard isOpen else { return nil }
    isOpen = false
    return decide(outcome)
  }

  /// Stores how to resume the select; returns the outcome instead when it is decided already.
  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    if let outcome { return outcome }
    continuation = waiter.continuation
    return nil
  }
}

/// What the waits of one select share: whoever wants to grant one of them has to win this first.
///
/// So objects with locks of their own decide together about a select without holding two of them. Its lock is taken
/// under an object's, and two of these in the order of their addresses, when two selects meet.
// Safe because `state` is touched only under `lock`.
@usableFromInline
final class SelectClaim: WaitOwner, @unchecked Sendable {
  private let lock = Lock()
  @exclusivity(unchecked) private var state = SelectState()

  /// Who waits; in the lines it stands only what for.
  let party: Party

  @usableFromInline
  init(as party: Party = .current("select")) {
    self.party = party
    if Mode.touches { lock.tellTesterOfNew() }
  }

  /// The clause that was won.
  @usableFromInline var winner: Int? { withLock { $0.winner } }

  /// How the select ended, once that is decided.
  var outcome: WaitOutcome? { withLock { $0.outcome } }

  func win(_ clause: Int) -> Bool { withLock { $0.win(clause) } }

  func decide(_ outcome: WaitOutcome) -> Wake? { withLock { $0.decide(outcome) } }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    if Mode.schedules { SchedulingPoint.reach() }
    return withLock { $0.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    if Mode.schedules { SchedulingPoint.reach() }
    withLock { $0.abort(outcome) }?.fire()
  }

  /// Wins both selects for these clauses, or neither.
  func win(_ clause: Int, with other: SelectClaim, _ otherClause: Int) -> SelectEntry.Contest {
    let isFirst =
      UInt(bitPattern: ObjectIdentifier(self)) < UInt(bitPattern: ObjectIdentifier(other))
    let (first, second) = isFirst ? (self, other) : (other, self)
    noteUse()
    other.noteUse()
    first.lock.lockFast()
    second.lock.lockFast()
    defer {
      second.lock.unlock()
      first.lock.unlock()
    }
    guard other.state.isOpen else { return .ownLost }
    guard state.win(clause) else { return .lost }
    _ = other.state.win(otherClause)
    return .won
  }

  private func noteUse() {
    if Mode.touches { lock.noteUse() }
  }

  /// No scheduling point: this runs under the locks of objects, and is short.
  private func withLock<Success>(_ body: (inout SelectState) -> Success) -> Success {
    noteUse()
    lock.lockFast()
    defer { lock.unlock() }
    return body(&state)
  }
}

/// One clause of a select, as the lines in which it waits know it.
@usableFromInline
struct SelectEntry: Sendable {
  /// How an attempt to win a wait in line ended.
  enum Contest: Sendable {
    case won
    /// The wait belongs to a select that was decided elsewhere.
    case lost
    /// The wait belongs to the select that asks.
    case own
    /// The select that asks was decided elsewhere.
    case ownLost
  }

  let claim: SelectClaim
  let number: Int

  @usableFromInline
  init(_ claim: SelectClaim, _ number: Int) {
    self.claim = claim
    self.number = number
  }

  /// Wins this clause for whoever asks: a task, or the clause `own` of its select.
  func contest(for own: SelectEntry?) -> Contest {
    guard let own else { return claim.win(number) ? .won : .lost }
    guard own.claim !== claim else { return .own }
    return claim.win(number, with: own.claim, own.number)
  }
}

extension SelectEntry? {
  // Not a property, because it takes.
  /// Takes the select for this clause; true without one, because a task that asks for one thing is always free to take it.
  func wins() -> Bool { self.map { $0.claim.win($0.number) } ?? true }
}
