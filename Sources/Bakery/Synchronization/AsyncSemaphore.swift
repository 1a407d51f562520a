/// Limits how many tasks do something at once, without blocking a thread.
///
/// A semaphore has a limit of permits. A task takes one or several, does its work, and gives them back;
/// when not enough are free it suspends. Give `withPermit` the work, or hold a `Permit` where a closure
/// does not fit. The limit may change while the semaphore is in use.
///
/// > Ordering: permits are granted in the order of the calls. A large request at the head holds back small
/// ones behind it, so that it is not starved; `tryAcquire` never overtakes a waiter.
///
/// > Memory: what a task did before giving a permit back happens before the next grant that it makes possible.
///
/// - Complexity: O(1), and O(*granted*) for what wakes others; `resize(to:)`, `close()` and `snapshot()` are
///   O(*waiters*). Without waiters one atomic operation to take and one to give back, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "semaphore")
public final class AsyncSemaphore: ConcurrencyLimiter {
  /// The largest limit.
  public static let limitMaximum = Int(Int32.max)

  /// What the semaphore is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: SemaphoreCore

  /// Makes a semaphore with `limit` free permits.
  ///
  /// - Important: traps when `limit` is not in 1…2³¹-1.
  /// - Parameters:
  ///   - limit: How many permits there are.
  ///   - name: What dumps and errors call it; a named semaphore is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    limit: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    Self.check(limit)
    identity = ObjectIdentity(kind: "AsyncSemaphore", name: name, file: file, line: line)
    core = SemaphoreCore(limit: limit, identity: identity)
  }

  /// Waits for `count` permits and returns them as one value that gives them back when its life ends.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameters:
  ///   - count: How many permits to take together.
  ///   - deadline: Until when to wait. One that has passed still takes what is free.
  /// - Returns: The permits.
  /// - Throws: `CancellationError`; `DeadlineExceeded`; `SemaphoreFailure` when the semaphore is closed or
  ///   its limit is below `count`, so that the wait could never end. A full semaphore is not an error.
  @inlinable
  public func acquire(_ count: Int = 1, deadline: Deadline = .never) async throws -> Permit {
    if core.takeFast(count) { return Permit(owner: self, count: count, token: 0) }
    let token = try await core.acquireSlowly(count, deadline)
    return Permit(owner: self, count: count, token: token)
  }

  /// Takes `count` permits if they are free and nobody waits.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameter count: How many permits to take together.
  /// - Returns: The permits, or `nil`, also when the semaphore is closed.
  @inlinable
  public func tryAcquire(_ count: Int = 1) -> Permit? {
    if core.takeFast(count) { return Permit(owner: self, count: count, token: 0) }
    guard let token = core.tryAcquireSlowly(count) else { return nil }
    return Permit(owner: self, count: count, token: token)
  }

  /// Runs `body` while holding `count` permits.
  ///
  /// The body runs on the caller's actor and may use its state.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. After
  /// the grant cancellation is the body's business.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameters:
  ///   - count: How many permits to take together.
  ///   - deadline: Until when to wait for the permits; it does not limit the body.
  ///   - body: What to do.
  /// - Returns: What `body` returns.
  /// - Throws: What `acquire(_:deadline:)` throws, without calling `body`, or what `body` throws.
  @inlinable
  public func withPermit<Success: ~Copyable>(
    _ count: Int = 1,
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) () async throws -> sending Success
  ) async throws -> sending Success {
    let token = core.takeFast(count) ? 0 : try await core.acquireSlowly(count, deadline)
    defer { core.give(count, token) }
    return try await body()
  }

  /// Changes the limit.
  ///
  /// Raising it grants waiting tasks at once. Lowering it takes nothing from those who hold permits; new
  /// grants wait until enough are given back. Waits for more than the new limit end with `SemaphoreFailure`.
  ///
  /// - Important: traps when `limit` is not in 1…2³¹-1.
  /// - Parameter limit: How many permits there are from now on.
  public func resize(to limit: Int) {
    Self.check(limit)
    core.resize(to: limit)
  }

  /// Refuses everybody from now on; waiting tasks get `SemaphoreFailure`, held permits stay valid.
  ///
  /// Closing twice does nothing more.
  public func close() {
    core.close()
  }

  /// The semaphore now: `limit`, `available`, `waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }

  /// Takes back a permit; `Permit` calls it.
  @inlinable
  public func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome) {
    core.give(count, token)
  }

  private static func check(_ limit: Int) {
    require(
      limit >= 1 && limit <= limitMaximum,
      "AsyncSemaphore needs a limit of 1 to \(limitMaximum), got \(limit)"
    )
  }
}

/// Why a semaphore refused a request for good.
public struct SemaphoreFailure: Error, Hashable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Reason: Hashable, Sendable {
    /// `close()` was called.
    case closed
    /// More permits were asked for than the limit allows.
    case impossible
  }

  /// Why.
  public let reason: Reason
  /// Which semaphore.
  public let semaphore: String
  /// How many permits were asked for.
  public let count: Int
  /// The limit at that time.
  public let limit: Int

  /// What happened, the numbers, and what to do.
  public var description: String {
    switch reason {
    case .closed:
      "\(semaphore) is closed and grants no more permits; do not start new work on it"
    case .impossible:
      "\(count) permits asked of \(semaphore), whose limit is \(limit), can never be granted; "
        + "ask for at most \(limit) or raise the limit with resize(to:)"
    }
  }
}
