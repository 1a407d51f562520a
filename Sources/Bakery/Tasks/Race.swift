/// What wins a race.
public enum RaceGoal: Sendable {
  /// To be the first to end, with a value or with an error.
  case finish
  /// To be the first to end with a value; errors matter only when there are no values.
  case success
}

/// Runs `transform` on all inputs at once and returns what the first of them gives.
///
/// The others are cancelled and awaited: nothing goes on in the background, and a loser that ignores its cancellation
/// holds back the result. Inputs may be closures, to race different things: `race([primary, mirror]) { try await $0() }`.
/// There is a child task for each input; to try many things a few at a time, use `gather` with `.firstSuccess`.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Complexity: a child task an input.
/// - Parameters:
///   - inputs: Who takes part.
///   - goal: What wins: to end, or to succeed.
///   - itemTimeout: How long one of them may take; then it is cancelled and fails with `DeadlineExceeded`.
///   - itemName: What dumps call the task of an input.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: The winner's output.
/// - Throws: The winner's error; `GatherFellShort` when there are no inputs, or all fail where success is the goal; or
///   `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "race")
@inlinable
public func race<Inputs: Sequence & SendableMetatype, Output: Sendable>(
  _ inputs: sending Inputs,
  to goal: RaceGoal = .finish,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> Output where Inputs.Element: Sendable {
  let winner = GatherPolicy<Output, Result<Output, any Error>>(needed: 1) { result in
    if goal == .success { _ = try result.get() }
    return result
  }
  let results = try await gather(
    Array(inputs),
    width: .max,
    policy: winner,
    itemTimeout: itemTimeout,
    itemName: itemName,
    transform
  )
  return try results[0].get()
}
