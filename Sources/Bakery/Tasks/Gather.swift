/// The order of the outputs of `gather`.
public enum GatherOrder: Sendable {
  /// Output *n* belongs to input *n*.
  case input
  /// Outputs in the order in which they were ready.
  case completion
}

/// What `gather` does with the outcome of each item, and when it has enough.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "policy")
public struct GatherPolicy<Output: Sendable, Kept: Sendable>: Sendable {
  /// Turns an outcome into what is returned; throwing ends the gather, or only counts where `needed` is set.
  @usableFromInline let keep: @Sendable (Result<Output, any Error>) throws -> Kept
  /// How many kept outcomes end the gather; `nil` where every item is needed.
  @usableFromInline let needed: Int?

  @inlinable
  init(
    needed: Int? = nil,
    keep: @escaping @Sendable (Result<Output, any Error>) throws -> Kept
  ) {
    self.needed = needed
    self.keep = keep
  }
}

extension GatherPolicy where Kept == Output {
  /// The first error cancels the other items, which are awaited, and is thrown.
  @inlinable
  public static var failFast: GatherPolicy { GatherPolicy { try $0.get() } }

  /// The first success is all that is returned; the other items are cancelled and awaited.
  ///
  /// Errors do not matter as long as one item succeeds; otherwise `GatherFellShort` is thrown.
  @inlinable
  public static var firstSuccess: GatherPolicy { .successes(1) }

  /// The first `count` successes are returned; then the other items are cancelled and awaited.
  ///
  /// `GatherFellShort` is thrown, and the rest cancelled, as soon as so many can no longer succeed: at once when there
  /// are fewer inputs and that is known.
  ///
  /// - Important: traps when `count` is less than 1.
  ///
  /// @Snippet(path: "bakery/Snippets/GatherResults", slice: "enough")
  @inlinable
  public static func successes(_ count: Int) -> GatherPolicy {
    require(count >= 1, "GatherPolicy.successes needs at least 1, got \(count)")
    return GatherPolicy(needed: count) { try $0.get() }
  }
}

extension GatherPolicy where Kept == Result<Output, any Error> {
  /// Every item runs to its end; errors are returned beside the outputs.
  @inlinable
  public static var collect: GatherPolicy { GatherPolicy { $0 } }
}

/// A gather, or a race, in which fewer items succeeded than were needed.
public struct GatherFellShort: Error, CustomStringConvertible {
  /// How many successes were needed.
  public let needed: Int
  /// How many there were until it was certain that they would not be enough.
  public let succeeded: Int
  /// How many items had failed by then.
  public let failed: Int
  /// The first of their errors; `nil` when there were too few inputs.
  public let firstError: (any Error)?

  /// What happened, the numbers, and what to do.
  public var description: String {
    let reason = firstError.map { "the first error was: \($0)" } ?? "there were not more inputs"
    return
      "gather needed \(needed) successes; \(succeeded) items succeeded and \(failed) failed, \(reason). "
      + "Ask for fewer, give more inputs, or look at all errors with the policy .collect"
  }
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
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
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
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Output] where Inputs.Element: Sendable {
  try await gather(
    inputs,
    width: width,
    order: order,
    policy: .failFast,
    itemTimeout: itemTimeout,
    itemName: itemName,
    transform
  )
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
///   - policy: What becomes of errors, and how many successes are enough.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: What the policy keeps of each item.
/// - Throws: The error that the policy lets through, or `CancellationError`.
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ inputs: sending Inputs,
  width: Int,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Kept] where Inputs.Element: Sendable {
  require(width >= 1, "gather needs a width of at least 1, got \(width)")
  let transform = bounded(transform, timeout: itemTimeout, name: itemName)
  let board = GatherBoard<Inputs, Kept>(inputs, order: order, needed: policy.needed)
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
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
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
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Output] where Inputs.Element: Sendable {
  try await gather(
    inputs,
    limiter: limiter,
    order: order,
    policy: .failFast,
    itemTimeout: itemTimeout,
    itemName: itemName,
    transform
  )
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
///   - policy: What becomes of errors, and how many successes are enough.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: What the policy keeps of each item.
/// - Throws: The error that the policy lets through, what `limiter` throws, or `CancellationError`.
@inlinable
public func gather<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ inputs: sending Inputs,
  limiter: any ConcurrencyLimiter,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Kept] where Inputs.Element: Sendable {
  let transform = bounded(transform, timeout: itemTimeout, name: itemName)
  let board = GatherBoard<Inputs, Kept>(inputs, order: order, needed: policy.needed)
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
