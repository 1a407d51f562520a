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
/// > Ordering: if several clauses are ready at the call, chance picks one of them, from `Seams.random`, so that none
/// is starved. Otherwise each takes its place in its line, and the first grant decides.
///
/// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
/// that does not have to wait does not look at cancellation; inside, it is the body's business.
///
/// - Complexity: O(*clauses*), one lock for each; a select that waits takes and leaves a place in each line, O(1) each.
///   No task is made. Each clause allocates its closures, and a select that waits what its places share.
/// - Important: traps without clauses, which would wait for ever.
/// - Parameter clauses: What to wait for.
/// - Returns: What the body of the chosen clause returns.
/// - Throws: `CancellationError`; `SendFailure` or `SemaphoreFailure` of a clause as above; what the body throws.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
@inlinable @discardableResult
public func select<Success>(
  @SelectBuilder<Success> _ clauses: () -> [SelectClause<Success>]
) async throws -> Success {
  var clauses = clauses()
  guard !clauses.isEmpty else {
    misuse("select needs at least one clause, without any it would wait for ever")
  }
  if clauses.count > 1 {
    var order = SplitMix(seed: Seams.choice())
    clauses.shuffle(using: &order)
  }
  for clause in clauses {
    if case .ready(let run) = clause.attempt(.now) { return try await run() }
  }
  return try await waitForFirst(of: clauses)()
}

/// Waits in the lines of all clauses until one is granted, leaves the others, and returns the body of that one.
@inlinable
func waitForFirst<Success>(
  of clauses: [SelectClause<Success>]
) async throws -> SelectClause<Success>.Body {
  let claim = SelectClaim()
  let party = Party.current("select")
  var tickets: [Ticket] = []
  tickets.reserveCapacity(clauses.count)
  var ready: SelectClause<Success>.Body?
  var last = Deadline.never
  lines: for clause in clauses {
    last = min(last, clause.deadline)
    switch clause.attempt(.wait(SelectEntry(claim, tickets.count), party)) {
    case .waits(let ticket): tickets.append(ticket)
    case .ready(let run):
      ready = run
      break lines
    case .lost, .notYet: break lines
    }
  }
  let outcome =
    ready == nil ? await claim.suspend(Ticket(rawValue: 0), as: party, until: last) : nil
  let winner = claim.winner
  for (number, ticket) in tickets.enumerated() {
    let own = number == winner ? outcome : nil
    if case .ready(let run) = clauses[number].attempt(.end(ticket, own)) { ready = run }
  }
  if let ready { return ready }
  if outcome == .timedOut, let clause = clauses.first(where: { $0.deadline == last }),
    case .ready(let run) = clause.attempt(.end(Ticket(rawValue: 0), outcome))
  {
    return run
  }
  throw CancellationError()
}

/// Collects the clauses of a `select`; they may stand in `if`, `switch` and `for`.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "conditional")
@resultBuilder
public enum SelectBuilder<Success> {
  /// One clause; all have the same result.
  @inlinable
  public static func buildExpression(_ clause: SelectClause<Success>) -> SelectClause<Success> {
    clause
  }

  /// The first clause.
  @inlinable
  public static func buildPartialBlock(first: SelectClause<Success>) -> [SelectClause<Success>] {
    var clauses: [SelectClause<Success>] = []
    clauses.reserveCapacity(8)
    clauses.append(first)
    return clauses
  }

  /// The clauses of a first `if` or `for`.
  @inlinable
  public static func buildPartialBlock(first: [SelectClause<Success>]) -> [SelectClause<Success>] {
    first
  }

  /// Another clause.
  @inlinable
  public static func buildPartialBlock(
    accumulated: [SelectClause<Success>],
    next: SelectClause<Success>
  ) -> [SelectClause<Success>] {
    var clauses = accumulated
    clauses.append(next)
    return clauses
  }

  /// The clauses of another `if` or `for`.
  @inlinable
  public static func buildPartialBlock(
    accumulated: [SelectClause<Success>],
    next: [SelectClause<Success>]
  ) -> [SelectClause<Success>] {
    accumulated + next
  }

  /// The clauses of an `if` without an `else`.
  @inlinable
  public static func buildOptional(
    _ clauses: [SelectClause<Success>]?
  ) -> [SelectClause<Success>] { clauses ?? [] }

  /// The clauses of the first branch.
  @inlinable
  public static func buildEither(
    first clauses: [SelectClause<Success>]
  ) -> [SelectClause<Success>] { clauses }

  /// The clauses of the other branch.
  @inlinable
  public static func buildEither(
    second clauses: [SelectClause<Success>]
  ) -> [SelectClause<Success>] { clauses }

  /// The clauses of a loop.
  @inlinable
  public static func buildArray(
    _ clauses: [[SelectClause<Success>]]
  ) -> [SelectClause<Success>] { Array(clauses.joined()) }
}

/// A clause of a `select`: what to wait for, and what to do then.
///
/// Made by `receiving`, `sending`, `acquiring` and `sleeping(until:)`.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public struct SelectClause<Success> {
  @usableFromInline typealias Body = nonisolated(nonsending) () async throws -> Success

  /// When the clause is ready by itself.
  @usableFromInline let deadline: Deadline
  /// A closure and not a protocol, because closures are compiled for the element where the clause is written.
  @usableFromInline let attempt: (SelectAttempt) -> SelectAnswer<Success>

  @inlinable
  init(
    deadline: Deadline = .never,
    _ attempt: @escaping (SelectAttempt) -> SelectAnswer<Success>
  ) {
    self.deadline = deadline
    self.attempt = attempt
  }
}

/// What a select asks of a clause.
@usableFromInline
enum SelectAttempt: Sendable {
  /// Take what the clause is about if that needs no wait.
  case now
  /// Take a place in line.
  case wait(SelectEntry, Party)
  /// Leave the line; with an outcome, fetch what was granted.
  case end(Ticket, WaitOutcome?)
}

/// What a clause answers.
@usableFromInline
enum SelectAnswer<Success> {
  /// It has what it asked for: call the body. If a place in line was asked for, the select was won for this clause.
  case ready(SelectClause<Success>.Body)
  case notYet
  case waits(Ticket)
  /// Another clause was granted meanwhile.
  case lost
}

/// A clause that is ready at a deadline, if no other was before.
///
/// If the deadline has passed, another clause that is ready comes first.
///
/// - Parameters:
///   - deadline: When to go on.
///   - body: What to do then.
/// - Returns: The clause.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
@inlinable
public func sleeping<Success>(
  until deadline: Deadline,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> SelectClause<Success> {
  SelectClause(deadline: deadline) { attempt in
    switch attempt {
    case .now: .notYet
    case .wait: .waits(Ticket(rawValue: 0))
    case .end(_, let outcome): outcome == .timedOut ? .ready(body) : .notYet
    }
  }
}
