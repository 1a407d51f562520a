/// Lets others cancel what runs inside it, with a reason, and not the tasks around it.
///
/// Hand the scope to whoever may decide: a user's button, a failing dependency, a shutdown. Any number of bodies may run
/// in it, at once and one after another; `cancel(reason:)` cancels them all and those that come later. Scopes nest as
/// calls do.
///
/// > Ordering: the first reason counts. A body that begins after it runs cancelled from its first line.
///
/// - Complexity: a child task a body; `cancel(reason:)` and `snapshot()` are O(*bodies*).
///
/// @Snippet(path: "bakery/Snippets/SetDeadlines", slice: "scope")
public final class CancelScope: Traceable {
  private struct State {
    var reason: String?
    var bodies: [ObjectIdentifier: ScopedBody] = [:]
  }

  /// What the scope is called and where it was made.
  public let identity: ObjectIdentity
  private let state = Guarded(State())

  /// Makes a scope that is not cancelled.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call it; a named scope is in the dump.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt32 = #line) {
    identity = ObjectIdentity(kind: "CancelScope", name: name, file: file, line: line)
    if name != nil { Trace.register(self) }
  }

  /// Why the scope was cancelled; `nil` as long as it was not.
  public var reason: String? { state.withLock { $0.reason } }

  /// Whether the scope was cancelled.
  public var isCancelled: Bool { reason != nil }

  /// Cancels what runs inside, now and later; does nothing more when called again.
  ///
  /// - Parameter reason: Why, for the errors that callers of `run(_:)` get.
  public func cancel(reason: String) {
    let bodies: [ScopedBody] = state.withLock { state in
      guard state.reason == nil else { return [] }
      state.reason = reason
      return Array(state.bodies.values)
    }
    for body in bodies { body.cancel() }
  }

  /// Runs `body`, which begins at once on the caller's actor, until it ends or the scope is cancelled.
  ///
  /// A body that is cancelled is awaited. If it returns a value all the same, that is returned; if it throws
  /// `CancellationError` because of the scope, `ScopeCancelled` is thrown, with the reason; other errors are its own.
  ///
  /// > Cancellation: cancels the body and waits for it.
  ///
  /// - Parameter body: What to do.
  /// - Returns: What `body` returns.
  /// - Throws: `ScopeCancelled`, or what `body` throws.
  @inlinable
  public func run<Success: ~Copyable>(
    _ body: nonisolated(nonsending) () async throws -> Success
  ) async throws -> Success {
    let scoped = begin()
    defer { end(scoped) }
    switch await scoped.outcome(body) {
    case .success(let value): return value
    case .failure(let error):
      guard error is CancellationError, scoped.isCancelledAlone else { throw error }
      throw ScopeCancelled(scope: "\(identity)", reason: reason ?? "")
    }
  }

  /// The scope now: how many bodies are `running`, and whether it is `cancelled`, as 0 or 1.
  public func snapshot() -> Snapshot {
    let (running, isCancelled) = state.withLockUnobserved { ($0.bodies.count, $0.reason != nil) }
    return Snapshot(
      of: identity,
      figures: ["running": running, "cancelled": isCancelled ? 1 : 0]
    )
  }

  @usableFromInline
  func begin() -> ScopedBody {
    let body = ScopedBody()
    let isCancelled = state.withLock { state in
      state.bodies[ObjectIdentifier(body)] = body
      return state.reason != nil
    }
    if isCancelled { body.cancel() }
    return body
  }

  @usableFromInline
  func end(_ body: ScopedBody) {
    state.withLock { _ = $0.bodies.removeValue(forKey: ObjectIdentifier(body)) }
  }
}

/// Work that ended because its `CancelScope` was cancelled.
public struct ScopeCancelled: Error, Hashable, CustomStringConvertible {
  /// Which scope.
  public let scope: String
  /// What `cancel(reason:)` was given.
  public let reason: String

  /// Describes work that a scope ended.
  public init(scope: String, reason: String) {
    self.scope = scope
    self.reason = reason
  }

  /// What happened and why.
  public var description: String { "\(scope) was cancelled: \(reason)" }
}
