/// Lets `start` add children, waits for all of them, and returns the board's outputs.
@inlinable
func withChildren<Inputs: Sequence & SendableMetatype, Kept: Sendable>(
  of board: GatherBoard<Inputs, Kept>,
  _ start: (inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
) async throws -> [Kept] where Inputs.Element: Sendable {
  // What cannot be enough is not begun.
  if let needed = board.needed, board.inputsMaximum < needed { throw board.fellShort(of: needed) }
  return try await withTaskCancellationHandler {
    // Throwing out of the group cancels the children and waits for them; the board knows the first error.
    try? await withThrowingTaskGroup(of: Void.self) { group in
      try await start(&group)
      // Not waitForAll: it would wait for the others before it throws.
      for try await _ in group {}
    }
    return try board.finish()
  } onCancel: {
    board.stop(CancellationError())
  }
}

/// A child's work: one input after another until there are no more.
///
/// As `transform` is, it is `@concurrent`: otherwise it would ask the runtime after each item where it is to go on.
@inlinable
@concurrent
func work<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on board: GatherBoard<Inputs, Kept>,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws where Inputs.Element: Sendable {
  var output: (index: Int, kept: Kept)?
  while let item = board.next(after: output.take()) {
    do {
      let result = await Result.capturing(item.input, transform)
      output = try board.keep(result, at: item.index, policy)
    } catch {
      board.stop(error)
      throw error
    }
  }
}

/// A child's work under a limiter: the input is taken first, so that no permit is waited for in vain.
@inlinable
@concurrent
func work<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on board: GatherBoard<Inputs, Kept>,
  _ limiter: any ConcurrencyLimiter,
  wanted: Channel<Void>.Sender,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws where Inputs.Element: Sendable {
  var output: (index: Int, kept: Kept)?
  var isNew = true
  while let item = board.next(after: output.take()) {
    // A new child was counted as waiting when it was asked for.
    if !isNew { board.willWait() }
    isNew = false
    do {
      let permit = try await limiter.acquire(1, deadline: .never)
      if board.didWait() { try? wanted.trySend(()) }
      let result = await Result.capturing(item.input, transform)
      permit.release(result.permitOutcome)
      output = try board.keep(result, at: item.index, policy)
    } catch {
      board.stop(error)
      throw error
    }
  }
  wanted.close()
}

/// The work on an item, within its time and under its name, if it has such.
@inlinable
func bounded<Input: Sendable, Output: Sendable>(
  _ transform: @escaping @concurrent @Sendable (Input) async throws -> Output,
  timeout: Duration?,
  name: (@Sendable (Input) -> String)?
) -> @concurrent @Sendable (Input) async throws -> Output {
  guard timeout != nil || name != nil else { return transform }
  return { input in
    let name = name?(input)
    let scoped = ScopedBody(until: timeout.map { .after($0) } ?? .never, name: name)
    let result = await scoped.outcome { try await transform(input) }
    guard case .failure(let error) = result, error is CancellationError, scoped.isCancelledAlone
    else { return try result.get() }
    throw DeadlineExceeded(
      operation: name.map { "gather item \"\($0)\"" } ?? "gather item",
      deadline: scoped.deadline
    )
  }
}

extension Result where Failure == any Error {
  /// What `transform` makes of `input`, or its error; for callers that are `@concurrent` too.
  @inlinable @inline(__always)
  @concurrent
  static func capturing<Input>(
    _ input: Input,
    _ transform: @concurrent @Sendable (Input) async throws -> Success
  ) async -> Result {
    do {
      return .success(try await transform(input))
    } catch {
      return .failure(error)
    }
  }
}

extension Result {
  /// What `body` returns or throws; `Result(catching:)` takes no asynchronous body before Swift 6.4.
  @inlinable @inline(__always)
  package static func capturing(_ body: () async throws -> Success) async -> Result
  where Failure == any Error {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }

  /// What a limiter learns from the outcome: running out of time is a sign of overload, other errors are none.
  @inlinable var permitOutcome: Permit.Outcome {
    switch self {
    case .success: .success
    case .failure(let error):
      error is DeadlineExceeded || error is WorkAbandoned ? .dropped : .ignore
    }
  }
}
