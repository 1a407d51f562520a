/// The order of the outputs of `gather`.
public enum GatherOrder: Sendable {
  /// Output *n* belongs to input *n*.
  case input
  /// Outputs in the order in which they were ready.
  case completion
}

/// What `gather` does with the outcome of each item.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "policy")
public struct GatherPolicy<Output: Sendable, Kept: Sendable>: Sendable {
  /// Turns an outcome into what is returned; throwing ends the gather.
  @usableFromInline let keep: @Sendable (Result<Output, any Error>) throws -> Kept

  @inlinable
  init(keep: @escaping @Sendable (Result<Output, any Error>) throws -> Kept) {
    self.keep = keep
  }
}

extension GatherPolicy where Kept == Output {
  /// The first error cancels the other items, which are awaited, and is thrown.
  @inlinable
  public static var failFast: GatherPolicy { GatherPolicy { try $0.get() } }
}

extension GatherPolicy where Kept == Result<Output, any Error> {
  /// Every item runs to its end; errors are returned beside the outputs.
  @inlinable
  public static var collect: GatherPolicy { GatherPolicy { $0 } }
}

/// Runs `transform` on every input, at most `width` at a time, and returns the outputs.
///
/// Inputs are taken one by one when a place is free, so a lazy or endless sequence is read no further than
/// needed. A fixed set of child tasks does the work: memory does not grow with the number of inputs but for
/// the outputs. The first error cancels the other items, which are awaited; that first error is thrown, not
/// the cancellations it caused.
///
/// > Ordering: inputs are taken in their order; which of those under way gets on first is not defined.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Complexity: O(*n*); one lock an item beside the transform.
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one child at a time, and getting the next one must not block.
///   - width: How many items may be under way at once.
///   - order: The order of the outputs.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: The outputs; none for no inputs.
/// - Throws: What `transform` throws first, or `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "gather")
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable>(
  _ inputs: sending Inputs,
  width: Int,
  order: GatherOrder = .input,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Output] where Inputs.Element: Sendable {
  try await gather(inputs, width: width, order: order, policy: .failFast, transform)
}

/// Runs `transform` on every input, at most `width` at a time, and returns what `policy` keeps.
///
/// As `gather(_:width:order:_:)`; with `.collect` every item has its `Result` and none stops the others.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one child at a time, and getting the next one must not block.
///   - width: How many items may be under way at once.
///   - order: The order of the outputs.
///   - policy: What becomes of errors: `.failFast` or `.collect`.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: What the policy keeps of each item.
/// - Throws: The error that the policy lets through, or `CancellationError`.
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ inputs: sending Inputs,
  width: Int,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Kept] where Inputs.Element: Sendable {
  require(width >= 1, "gather needs a width of at least 1, got \(width)")
  let board = GatherBoard<Inputs, Kept>(inputs, order: order)
  return try await withChildren(of: board) { group in
    // Children take even their first input themselves: one that was taken for a child that does not run yet would
    // hold back the outputs of all others.
    var started = 0
    while started < min(width, board.inputsMaximum), !board.isExhausted {
      group.addTask { try await work(on: board, policy, transform) }
      started += 1
    }
  }
}

/// Runs `transform` on every input, as many at a time as `limiter` admits, and returns the outputs.
///
/// Each item holds one permit while it runs and ends it with `.success`, with `.dropped` when it ran out of
/// time, or with `.ignore`. A limiter that is shared, resized or adaptive is obeyed from item to item.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Complexity: O(*n*); one child task more than the limiter has admitted at once.
/// - Parameters:
///   - inputs: What to work on; iterated by one child at a time, and getting the next one must not block.
///   - limiter: Who decides how many items may be under way at once.
///   - order: The order of the outputs.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: The outputs; none for no inputs.
/// - Throws: What `transform` or `limiter` throws first, or `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "limiter")
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable>(
  _ inputs: sending Inputs,
  limiter: any ConcurrencyLimiter,
  order: GatherOrder = .input,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Output] where Inputs.Element: Sendable {
  try await gather(inputs, limiter: limiter, order: order, policy: .failFast, transform)
}

/// Runs `transform` on every input, as many at a time as `limiter` admits, and returns what `policy` keeps.
///
/// As `gather(_:limiter:order:_:)`; with `.collect` every item has its `Result` and none stops the others.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Parameters:
///   - inputs: What to work on; iterated by one child at a time, and getting the next one must not block.
///   - limiter: Who decides how many items may be under way at once.
///   - order: The order of the outputs.
///   - policy: What becomes of errors: `.failFast` or `.collect`.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: What the policy keeps of each item.
/// - Throws: The error that the policy lets through, what `limiter` throws, or `CancellationError`.
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ inputs: sending Inputs,
  limiter: any ConcurrencyLimiter,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Kept] where Inputs.Element: Sendable {
  let board = GatherBoard<Inputs, Kept>(inputs, order: order)
  // A token asks for one more child; as long as one waits for a permit, no further one is needed.
  let wanted = Channel<Void>(capacity: 1)
  let sender = wanted.sender
  try? sender.trySend(())
  return try await withChildren(of: board) { group in
    while try await wanted.receiver.receive() != nil {
      group.addTask {
        do {
          try await work(on: board, limiter, wanted: sender, policy, transform)
        } catch {
          sender.close()
          throw error
        }
      }
    }
  }
}
