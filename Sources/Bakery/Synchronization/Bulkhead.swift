/// Limits how many tasks do something at once, and how many may wait for it; whoever comes beyond that is refused.
///
/// A slow dependency then cannot collect every task of the program in its line: the line is short, and the rest
/// learns at once that it has to do without. Use `AsyncSemaphore` where callers may wait in any number.
///
/// > Ordering: permits are granted in the order of the calls. A large request at the head holds back small ones
/// behind it; `tryAcquire` never overtakes a waiter.
///
/// - Complexity: as `AsyncSemaphore`.
///
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "bulkhead")
public final class Bulkhead: ConcurrencyLimiter {
  /// What the bulkhead is called and where it was made.
  public let identity: ObjectIdentity
  /// How many permits there are.
  public let limit: Int

  @usableFromInline let core: SemaphoreCore

  /// Makes a bulkhead with `limit` free permits.
  ///
  /// - Important: traps when `limit` is not in 1…2³¹-1, or `queue` not in 0…2³¹-1.
  /// - Parameters:
  ///   - limit: How many permits there are.
  ///   - queue: How many tasks may wait for a permit.
  ///   - name: What dumps and errors call it; a named bulkhead is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    limit: Int,
    queue: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    let most = AsyncSemaphore.limitMaximum
    require(limit >= 1 && limit <= most, "Bulkhead needs a limit of 1 to \(most), got \(limit)")
    require(queue >= 0 && queue <= most, "Bulkhead needs a queue of 0 to \(most), got \(queue)")
    identity = ObjectIdentity(kind: "Bulkhead", name: name, file: file, line: line)
    self.limit = limit
    core = SemaphoreCore(limit: limit, longestLine: queue, identity: identity)
  }

  /// Waits for `count` permits, or is refused when the line is full.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Important: traps when `count` is not in 1…`limit`.
  /// - Parameters:
  ///   - count: How many permits to take together.
  ///   - deadline: Until when to wait. One that has passed still takes what is free.
  /// - Returns: The permits, given back at the end of the value's life.
  /// - Throws: `BulkheadFull`, at once; `CancellationError`; `DeadlineExceeded`.
  @inlinable
  public func acquire(_ count: Int = 1, deadline: Deadline = .never) async throws -> Permit {
    if core.takeFast(count) { return Permit(owner: self, count: count, token: 0) }
    check(count)
    let token = try await core.acquireSlowly(count, deadline)
    return Permit(owner: self, count: count, token: token)
  }

  /// Takes `count` permits if they are free and nobody waits.
  ///
  /// - Important: traps when `count` is not in 1…`limit`.
  /// - Returns: The permits, or `nil`.
  @inlinable
  public func tryAcquire(_ count: Int = 1) -> Permit? {
    if core.takeFast(count) { return Permit(owner: self, count: count, token: 0) }
    check(count)
    guard let token = core.tryAcquireSlowly(count) else { return nil }
    return Permit(owner: self, count: count, token: token)
  }

  /// Runs `body` while holding one permit.
  ///
  /// The body runs on the caller's actor and may use its state.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. After
  /// the grant cancellation is the body's business.
  ///
  /// - Parameters:
  ///   - deadline: Until when to wait for the permit; it does not limit the body.
  ///   - body: What to do.
  /// - Returns: What `body` returns.
  /// - Throws: What `acquire(_:deadline:)` throws, without calling `body`, or what `body` throws.
  @inlinable
  public func withPermit<Success: ~Copyable>(
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) () async throws -> sending Success
  ) async throws -> sending Success {
    let token = core.takeFast(1) ? 0 : try await core.acquireSlowly(1, deadline)
    defer { core.give(1, token) }
    return try await body()
  }

  /// The bulkhead now: `limit`, `available`, `waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }

  /// Takes back a permit; `Permit` calls it.
  @inlinable
  public func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome) {
    core.give(count, token)
  }

  @usableFromInline
  func check(_ count: Int) {
    require(
      count >= 1 && count <= limit,
      "\(identity): acquire needs a count of 1 to its limit \(limit), got \(count)"
    )
  }
}

/// A bulkhead whose permits are taken and whose line is full.
public struct BulkheadFull: Error, Hashable, CustomStringConvertible {
  /// Which bulkhead.
  public let bulkhead: String
  /// How many permits it has.
  public let limit: Int
  /// How many tasks waited.
  public let waiting: Int

  /// What happened, the numbers, and what to do.
  public var description: String {
    "\(bulkhead) is full: \(limit) at work and \(waiting) waiting; do without, or try again later"
  }
}
