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
///   No task is made. A few allocations for each clause, which are its object and its body.
/// - Important: traps without clauses, which would wait for ever.
/// - Parameter clauses: What to wait for.
/// - Returns: What the body of the chosen clause returns.
/// - Throws: `CancellationError`; `SendFailure` or `SemaphoreFailure` of a clause as above; what the body throws.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
@discardableResult
public func select<Success>(
  @SelectBuilder<Success> _ clauses: () -> [SelectClause<Success>]
) async throws -> Success {
  var clauses = clauses()
  require(!clauses.isEmpty, "select needs at least one clause, without any it would wait for ever")
  if clauses.count > 1 {
    var order = SplitMix(seed: Seams.choices.next())
    clauses.shuffle(using: &order)
  }
  for clause in clauses where clause.takeIfReady() { return try await clause.run() }
  return try await waitForFirst(of: clauses).run()
}

/// Waits in the lines of all clauses until one is granted, and leaves the others.
private func waitForFirst<Success>(
  of clauses: [SelectClause<Success>]
) async throws -> SelectClause<Success> {
  let claim = SelectClaim()
  let party = Party.current("select")
  var lined = 0
  var ready: SelectClause<Success>?
  lines: for clause in clauses {
    switch clause.lineUp(SelectEntry(claim, lined), as: party) {
    case .waits: lined += 1
    case .ready:
      ready = clause
      break lines
    case .lost: break lines
    }
  }
  if let ready {
    for clause in clauses[..<lined] { clause.leave() }
    return ready
  }
  let last = clauses.dropFirst().reduce(clauses[0]) { $1.deadline < $0.deadline ? $1 : $0 }
  let outcome = await claim.suspend(Ticket(rawValue: 0), as: party, until: last.deadline)
  let winner = claim.winner
  for number in 0..<lined where number != winner { clauses[number].leave() }
  guard let winner else {
    if outcome == .timedOut { return last }
    throw CancellationError()
  }
  clauses[winner].collect(outcome)
  return clauses[winner]
}

/// Collects the clauses of a `select`; they may stand in `if`, `switch` and `for`.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "conditional")
@resultBuilder
public enum SelectBuilder<Success> {
  /// One clause.
  public static func buildExpression(_ clause: SelectClause<Success>) -> [SelectClause<Success>] {
    [clause]
  }

  /// Clauses one after another.
  public static func buildBlock(_ clauses: [SelectClause<Success>]...) -> [SelectClause<Success>] {
    clauses.count == 1 ? clauses[0] : Array(clauses.joined())
  }

  /// The clauses of an `if` without an `else`.
  public static func buildOptional(_ clauses: [SelectClause<Success>]?) -> [SelectClause<Success>] {
    clauses ?? []
  }

  /// The clauses of the first branch.
  public static func buildEither(first clauses: [SelectClause<Success>]) -> [SelectClause<Success>]
  {
    clauses
  }

  /// The clauses of the other branch.
  public static func buildEither(second clauses: [SelectClause<Success>]) -> [SelectClause<Success>]
  {
    clauses
  }

  /// The clauses of a loop.
  public static func buildArray(_ clauses: [[SelectClause<Success>]]) -> [SelectClause<Success>] {
    Array(clauses.joined())
  }
}

/// A clause of a `select`: what to wait for, and what to do then.
///
/// Made by `receiving`, `sending`, `acquiring` and `sleeping(until:)`, for one select.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public class SelectClause<Success> {
  /// What became of an attempt to take a place in line.
  enum Place {
    case waits
    /// It need not wait: the select was won for this clause, and the clause has what it asked for.
    case ready
    /// Another clause was granted meanwhile.
    case lost
  }

  init() {}

  /// When the clause is ready by itself.
  var deadline: Deadline { .never }

  /// Takes what the clause is about if that needs no wait.
  func takeIfReady() -> Bool { false }

  /// Takes a place in line.
  func lineUp(_ clause: SelectEntry, as party: Party) -> Place { .waits }

  /// Leaves the line in which another clause was faster.
  func leave() {}

  /// Fetches what this clause was granted, and leaves the line.
  func collect(_ outcome: WaitOutcome) {}

  /// Calls the body with what the clause has.
  func run() async throws -> Success { misuse("a clause without a body") }
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
public func sleeping<Success>(
  until deadline: Deadline,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> SelectClause<Success> {
  SleepClause(until: deadline, body)
}

private final class SleepClause<Success>: SelectClause<Success> {
  private let end: Deadline
  private let body: nonisolated(nonsending) () async throws -> Success

  init(
    until end: Deadline,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) {
    self.end = end
    self.body = body
    super.init()
  }

  override var deadline: Deadline { end }

  override func run() async throws -> Success { try await body() }
}
