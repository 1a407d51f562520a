/// Waits for the first of several things to become possible, does that one, and runs its body.
///
/// A clause says what to wait for and what to do then: `receiver.receiving { … }`, `sender.sending(element) { … }`,
/// `semaphore.acquiring { … }`, `sleeping(until:) { … }`. The clauses may stand in `if` and `for`. Exactly one goes
/// through: the others take nothing, and an element that was not sent is still the caller's.
/// The body of the chosen clause runs after the choice, on the caller's actor; the others do not run.
///
/// A clause whose channel or semaphore is closed is ready, so that a select does not wait for what cannot come:
/// `receiving` gives its body `nil`; `sending` and `acquiring` make the select throw what `send` and `acquire` would.
///
/// > Ordering: the clauses are asked in turn, from one on that chance picks by `Seams.random`, so that none is starved, and
/// the first that is ready goes through. If none is, each takes its place in its line, and the first grant decides.
///
/// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
/// that does not have to wait does not look at cancellation; inside, it is the body's business.
///
/// - Complexity: O(*clauses*), one lock for each; a select that waits takes and leaves a place in each line, O(1) each.
///   No task is made. Nothing is allocated but what the bodies capture, and what the places of a select that waits share.
/// - Important: traps without clauses, which would wait for ever.
/// - Parameter clauses: What to wait for.
/// - Returns: What the body of the chosen clause returns.
/// - Throws: `CancellationError`; `SendFailure` or `SemaphoreFailure` of a clause as above; what the body throws.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
@inlinable @discardableResult
public func select<Success, Clauses: SelectClause<Success>>(
  @SelectBuilder<Success> _ clauses: () -> Clauses
) async throws -> Success {
  var clauses = clauses()
  let count = clauses.clauseCount
  guard count > 0 else {
    misuse("select needs at least one clause, without any it would wait for ever")
  }
  let start = SelectAttempt.start(among: count)
  var look = SelectAttempt(lookingAt: start..<count)
  if let taken = clauses.attempt(&look) { return try await clauses.finish(taken) }
  if start > 0 {
    look = SelectAttempt(lookingAt: 0..<start)
    if let taken = clauses.attempt(&look) { return try await clauses.finish(taken) }
  }
  let taken = try await waitForFirst(of: &clauses)
  return try await clauses.finish(taken)
}

/// Waits in the lines of all clauses until one is granted, leaves the others, and returns what that one got.
@inlinable @inline(never)
func waitForFirst<Clauses: SelectClause>(of clauses: inout Clauses) async throws -> Clauses.Taken {
  if SelectPatience.mayYield {
    await yieldInTurn()
    var look = SelectAttempt(lookingAt: 0..<clauses.clauseCount)
    let taken = clauses.attempt(&look)
    SelectPatience.didYield(inVain: taken == nil)
    if let taken { return taken }
  }
  var attempt = SelectAttempt(waitingFor: SelectClaim())
  let early = clauses.attempt(&attempt)
  await attempt.end(isTaken: early != nil)
  let late = clauses.attempt(&attempt)
  guard let taken = early ?? late else { throw CancellationError() }
  return taken
}

/// A clause of a `select`, or several: what to wait for, and what to do then.
///
/// Made by `receiving`, `sending`, `acquiring` and `sleeping(until:)`; nothing else conforms. A protocol, so that a select is
/// compiled for its clauses where it is written, and they need no memory of their own.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public protocol SelectClause<Success> {
  /// What the body returns.
  associatedtype Success
  /// What was waited for.
  associatedtype Taken

  /// How many things are waited for.
  var clauseCount: Int { get }

  /// Does what `select` asks of its clauses, one after another; what was waited for, when it is there.
  mutating func attempt(_ attempt: inout SelectAttempt) -> Taken?

  /// Calls the body with what was waited for.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  mutating func finish(_ taken: Taken) async throws -> Success
}

/// What a `select` asks of its clauses: to look, then to line up, then to leave.
public struct SelectAttempt {
  @usableFromInline
  enum Phase: Sendable {
    /// Take what the clause is about if that needs no wait.
    case look
    /// Take a place in line.
    case lineUp
    /// Leave the line, and fetch what was granted.
    case leave
  }

  @usableFromInline var phase: Phase
  /// Which clauses are asked to look.
  @usableFromInline let numbers: Range<Int>
  /// The number of the next clause.
  @usableFromInline var number = 0
  @usableFromInline let claim: SelectClaim?
  /// When the select is over by itself.
  @usableFromInline var deadline = Deadline.never
  /// Whether clauses need not ask any more: one has what it asked for, or was granted.
  @usableFromInline var isOver = false
  /// How the wait ended, if there was one.
  @usableFromInline var outcome: WaitOutcome?
  /// The clause that was granted.
  @usableFromInline var winner = -1

  @inlinable @inline(__always)
  init(lookingAt numbers: Range<Int>) {
    phase = .look
    self.numbers = numbers
    claim = nil
  }

  @usableFromInline
  init(waitingFor claim: SelectClaim) {
    phase = .lineUp
    numbers = 0..<0
    self.claim = claim
  }

  /// With which of so many clauses to begin.
  @usableFromInline
  static func start(among count: Int) -> Int {
    count == 1 ? 0 : Int(Seams.choice().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The number of the clause that asks.
  @inlinable @inline(__always)
  mutating func next() -> Int {
    defer { number &+= 1 }
    return number
  }

  /// As what a clause lines up; `nil` if it need not any more.
  @inlinable
  func entry(_ number: Int) -> SelectEntry? {
    guard !isOver, let claim else { return nil }
    return SelectEntry(claim, number)
  }

  /// The clause has what it asked for, or another has.
  @inlinable
  mutating func stop() { isOver = true }

  /// How the wait of a clause ended, which was in line; `nil` if it lost.
  @inlinable
  func outcome(of number: Int) -> WaitOutcome? { number == winner ? outcome : nil }

  /// Waits, unless a clause has what it asked for.
  @usableFromInline
  mutating func end(isTaken: Bool) async {
    phase = .leave
    number = 0
    guard !isTaken, let claim else { return }
    outcome = await claim.suspend(Ticket(rawValue: 0), as: claim.party, until: deadline)
    winner = claim.winner ?? -1
  }
}

/// Whether a select that finds nothing ready lets other tasks run once before it lines up.
///
/// To line up costs as much as several elements, a yield less than one. Those that feed the select are often ready to run;
/// after the yield they have something, each of them. Yields in vain make the next selects line up at once.
@usableFromInline
enum SelectPatience {
  private static let skippedMinimum = 4
  private static let skippedMaximum = 256
  private static let patience = Patience(least: skippedMinimum)

  @usableFromInline static var mayYield: Bool {
    // Under test the order of tasks must not depend on what other tests did to the counters.
    guard Mode.isUntouched, Seams.time === SystemTime.shared else { return false }
    return patience.allowsTry()
  }

  @usableFromInline
  static func didYield(inVain: Bool) {
    if inVain {
      patience.didTryInVain(most: skippedMaximum)
    } else {
      patience.didFind(least: skippedMinimum)
    }
  }
}
