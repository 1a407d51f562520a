/// Runs `body` and cancels it when the deadline comes.
///
/// The body begins at once, on the caller's actor. At the deadline it is cancelled, like a task, and awaited; how long
/// that takes is up to it. What the body makes of it decides how the call ends:
///
/// - It returns a value, late or not: that value is returned.
/// - It throws `CancellationError` because of the deadline: `DeadlineExceeded` is thrown, with the name of this scope.
/// - It throws another error: that error is thrown.
/// - The caller is cancelled too: what the body throws is thrown.
///
/// Deadlines nest: the body is cancelled at the earliest of those around it, which is `Deadline.current` inside. With a
/// deadline that has passed the body runs, cancelled from its first line, as a wait then still takes what is free.
///
/// Name and shape are those of SE-0526, with Bakery's `Deadline` in place of a clock's instant.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Complexity: a child task and a timer; neither for `never`.
/// - Parameters:
///   - expiration: When to cancel the body.
///   - name: What errors call the scope, and dumps the task in it; otherwise it is called like the caller.
///   - file: Where the scope is.
///   - line: Where the scope is.
///   - body: What to do.
/// - Returns: What `body` returns.
/// - Throws: `DeadlineExceeded`, or what `body` throws.
///
/// @Snippet(path: "bakery/Snippets/SetDeadlines", slice: "deadline")
@inlinable
public func withDeadline<Success: ~Copyable>(
  _ expiration: Deadline,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  body: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  guard expiration != .never else { return try await body() }
  let scoped = ScopedBody(until: expiration, name: name)
  switch await scoped.outcome(body) {
  case .success(let value): return value
  case .failure(let error):
    guard error is CancellationError, scoped.isCancelledAlone else { throw error }
    throw DeadlineExceeded(scope: name, file, line, deadline: scoped.deadline)
  }
}

/// Runs `body` and cancels it when `timeout` has gone by.
///
/// As `withDeadline(_:name:file:line:body:)`, for the place where a deadline begins; hand on deadlines, not durations.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - timeout: How long the body may run; 0 or less cancels it from its first line.
///   - name: What errors call the scope, and dumps the task in it; otherwise it is called like the caller.
///   - file: Where the scope is.
///   - line: Where the scope is.
///   - body: What to do.
/// - Returns: What `body` returns.
/// - Throws: `DeadlineExceeded`, or what `body` throws.
@inlinable
public func withDeadline<Success: ~Copyable>(
  in timeout: Duration,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  body: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  try await withDeadline(.after(timeout), name: name, file: file, line: line, body: body)
}

extension DeadlineExceeded {
  @usableFromInline
  init(scope name: String?, _ file: StaticString, _ line: UInt32, deadline: Deadline) {
    let label = name.map { "\"\($0)\" " } ?? ""
    self.init(operation: "withDeadline \(label)(\(file):\(line))", deadline: deadline)
  }
}
