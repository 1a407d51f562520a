/// Runs `body` so that no cancellation from outside reaches it: for cleaning up, and for what must not be left half done.
///
/// Inside, `Task.isCancelled` is false, waits wait, and `Deadline.current` is `never`, whatever happens to the caller.
/// Scopes that begin inside cancel as ever. So give what is done here a deadline of its own.
///
/// Name and shape are those of SE-0504's `withTaskCancellationShield`, which takes this function's place as soon as the
/// compiler has it. Until then the body runs in a task of its own, awaited, that has the name, the priority, the
/// task-local values and the executor of the caller, and starts at once on the caller's actor.
///
/// > Cancellation: does not observe cancellation.
///
/// - Complexity: one task.
/// - Parameter body: What to do; it runs on the caller's actor.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws.
///
/// @Snippet(path: "bakery/Snippets/SetDeadlines", slice: "shield")
@inlinable
public func withCancellationShield<Success: ~Copyable, Failure: Error>(
  _ body: nonisolated(nonsending) () async throws(Failure) -> Success
) async throws(Failure) -> Success {
  var result: Result<Success, Failure>?
  await runShielded {
    do throws(Failure) { result = .success(try await body()) } catch { result = .failure(error) }
  }
  guard let result = consume result else {
    misuse("a shield lost its result: report this bug of Bakery")
  }
  return try result.get()
}
