/// Collects the clauses of a `select`; they may stand in `if`, `switch` and `for`.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "conditional")
@resultBuilder
public enum SelectBuilder<Success> {
  /// One clause; all have the same result.
  @inlinable @inline(__always)
  public static func buildExpression<Clause: SelectClause<Success>>(
    _ clause: consuming Clause
  ) -> Clause {
    clause
  }

  /// The first clause.
  @inlinable @inline(__always)
  public static func buildPartialBlock<Clause: SelectClause<Success>>(
    first clause: consuming Clause
  ) -> Clause { clause }

  /// Another clause.
  @inlinable @inline(__always)
  public static func buildPartialBlock<First: SelectClause<Success>, Next: SelectClause<Success>>(
    accumulated first: consuming First,
    next: consuming Next
  ) -> SelectPair<First, Next> { SelectPair(first, next) }

  /// The clauses of an `if` without an `else`.
  @inlinable @inline(__always)
  public static func buildOptional<Clause: SelectClause<Success>>(_ clause: Clause?) -> Clause? {
    clause
  }

  /// The clauses of the first branch.
  @inlinable @inline(__always)
  public static func buildEither<First: SelectClause<Success>, Second: SelectClause<Success>>(
    first clause: First
  ) -> SelectEither<First, Second> { .first(clause) }

  /// The clauses of the other branch.
  @inlinable @inline(__always)
  public static func buildEither<First: SelectClause<Success>, Second: SelectClause<Success>>(
    second clause: Second
  ) -> SelectEither<First, Second> { .second(clause) }

  /// The clauses of a loop.
  @inlinable @inline(__always)
  public static func buildArray<Clause: SelectClause<Success>>(_ clauses: [Clause]) -> [Clause] {
    clauses
  }
}

/// Two clauses, or more, after one another.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public struct SelectPair<First: SelectClause, Second: SelectClause>: SelectClause
where First.Success == Second.Success {
  /// What the bodies return.
  public typealias Success = First.Success
  /// What was waited for, and where.
  public enum Taken {
    /// By the first.
    case first(First.Taken)
    /// By the second.
    case second(Second.Taken)
  }

  @usableFromInline var first: First
  @usableFromInline var second: Second

  @inlinable @inline(__always)
  init(_ first: consuming First, _ second: consuming Second) {
    self.first = first
    self.second = second
  }

  /// How many things are waited for.
  @inlinable @inline(__always)
  public var clauseCount: Int { first.clauseCount + second.clauseCount }

  /// Asks both, or the first if that is enough.
  @inlinable @inline(__always)
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Taken? {
    let taken = first.attempt(&attempt)
    if let taken, attempt.phase != .leave { return .first(taken) }
    let other = second.attempt(&attempt)
    if let taken { return .first(taken) }
    return other.map { .second($0) }
  }

  /// Calls the body of the one that has what it waited for.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable @inline(__always)
  public mutating func finish(_ taken: Taken) async throws -> Success {
    switch taken {
    case .first(let taken): try await first.finish(taken)
    case .second(let taken): try await second.finish(taken)
    }
  }
}

/// The clauses of one of two branches.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "conditional")
public enum SelectEither<First: SelectClause, Second: SelectClause>: SelectClause
where First.Success == Second.Success {
  /// What the bodies return.
  public typealias Success = First.Success
  /// What was waited for.
  public typealias Taken = SelectPair<First, Second>.Taken

  /// Those of the first branch.
  case first(First)
  /// Those of the other branch.
  case second(Second)

  /// How many things are waited for.
  @inlinable
  public var clauseCount: Int {
    switch self {
    case .first(let clause): clause.clauseCount
    case .second(let clause): clause.clauseCount
    }
  }

  /// Asks the branch that was taken.
  @inlinable
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Taken? {
    switch self {
    case .first(var clause):
      defer { self = .first(clause) }
      return clause.attempt(&attempt).map { .first($0) }
    case .second(var clause):
      defer { self = .second(clause) }
      return clause.attempt(&attempt).map { .second($0) }
    }
  }

  /// Calls the body of the clause that has what it waited for.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable
  public mutating func finish(_ taken: Taken) async throws -> Success {
    switch (self, taken) {
    case (.first(var clause), .first(let taken)): try await clause.finish(taken)
    case (.second(var clause), .second(let taken)): try await clause.finish(taken)
    case (.first, .second), (.second, .first):
      misuse("select was handed what another branch took: please report this as a bug of Bakery")
    }
  }
}

extension Optional: SelectClause where Wrapped: SelectClause {
  /// What the bodies return.
  public typealias Success = Wrapped.Success
  /// What was waited for.
  public typealias Taken = Wrapped.Taken

  /// How many things are waited for.
  @inlinable
  public var clauseCount: Int { self?.clauseCount ?? 0 }

  /// Asks the clauses, if there are any.
  @inlinable
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Wrapped.Taken? {
    self?.attempt(&attempt) ?? nil
  }

  /// Calls the body of the clause that has what it waited for.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable
  public mutating func finish(_ taken: Wrapped.Taken) async throws -> Wrapped.Success {
    guard var clause = self else {
      misuse("select was handed what no clause took: please report this as a bug of Bakery")
    }
    return try await clause.finish(taken)
  }
}

extension Array: SelectClause where Element: SelectClause {
  /// What the bodies return.
  public typealias Success = Element.Success
  /// What was waited for, and by which element.
  public typealias Taken = (Int, Element.Taken)

  /// How many things are waited for.
  @inlinable
  public var clauseCount: Int { reduce(0) { $0 + $1.clauseCount } }

  /// Asks all, or as many as are needed.
  @inlinable
  public mutating func attempt(_ attempt: inout SelectAttempt) -> (Int, Element.Taken)? {
    var found: (Int, Element.Taken)?
    for index in indices {
      if let taken = self[index].attempt(&attempt) {
        found = (index, taken)
        if attempt.phase != .leave { break }
      }
    }
    return found
  }

  /// Calls the body of the clause that has what it waited for.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable
  public mutating func finish(_ taken: (Int, Element.Taken)) async throws -> Element.Success {
    try await self[taken.0].finish(taken.1)
  }
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
@inlinable @inline(__always)
public func sleeping<Success>(
  until deadline: Deadline,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> SleepClause<Success> {
  SleepClause(deadline, body)
}

/// What `sleeping(until:)` makes.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public struct SleepClause<Success>: SelectClause {
  @usableFromInline let deadline: Deadline
  @usableFromInline let body: nonisolated(nonsending) () async throws -> Success

  @inlinable @inline(__always)
  init(_ deadline: Deadline, _ body: nonisolated(nonsending) @escaping () async throws -> Success) {
    self.deadline = deadline
    self.body = body
  }

  /// One.
  @inlinable @inline(__always)
  public var clauseCount: Int { 1 }

  /// Says until when to wait, and whether it was this deadline that passed.
  @inlinable
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Void? {
    _ = attempt.next()
    switch attempt.phase {
    case .look: return nil
    case .lineUp:
      attempt.deadline = min(attempt.deadline, deadline)
      return nil
    case .leave:
      guard attempt.outcome == .timedOut, !attempt.isOver, attempt.deadline == deadline else {
        return nil
      }
      attempt.stop()
      return ()
    }
  }

  /// Calls the body.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable @inline(__always)
  public mutating func finish(_ taken: Void) async throws -> Success { try await body() }
}
