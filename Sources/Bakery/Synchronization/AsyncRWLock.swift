// Safe because `value` is changed only by the one task with the write lock of `core`, read only under a read lock, and
// is Sendable, so that several tasks may read it at once.
/// Protects a value that many tasks may read at once and one at a time may change, also across `await`.
///
/// The value lives in the lock: `withReadLock` shows it to a closure, `withWriteLock` lends it. Worth its while where
/// reads are long, because they wait for something, and changes are few; otherwise `AsyncMutex` does the same with less.
///
/// Readers cannot become writers: leave the read scope and look again under the write lock. Nor is the lock
/// recursive. A task that waits for itself in one of these ways is stopped in debug builds.
///
/// > Ordering: phases take turns. When a writer leaves, all readers that wait at that moment go in; a reader that
/// comes while a writer waits, waits. So a reader waits for one writer at most, however many there are, and a
/// writer is not starved by readers. Writers go in the order of their calls.
///
/// > Memory: what a task did before leaving a write scope happens before what later scopes do, and what it did before
/// leaving a read scope happens before what the next writer does.
///
/// - Complexity: O(1), and O(*readers waiting*) for a writer that leaves and lets them in. Without waiters one atomic
///   operation to come in and one to leave, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/ShareValues", slice: "readers")
public final class AsyncRWLock<Value: ~Copyable & Sendable>: Traceable, @unchecked Sendable {
  /// What the lock is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: RWLockCore
  /// Behind a pointer, so that inlined fast paths pay no exclusivity checks; owned by this object.
  @usableFromInline let value: UnsafeMutablePointer<Value>

  /// Makes a lock that nobody holds.
  ///
  /// - Parameters:
  ///   - value: What it protects.
  ///   - name: What dumps and errors call it; a named lock is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ value: consuming Value,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "AsyncRWLock", name: name, file: file, line: line)
    core = RWLockCore(identity: identity)
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
  }

  /// Waits until no writer is in or before this call, and runs `body` on the value, beside other readers.
  ///
  /// The body runs on the caller's actor and may use its state.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation; inside, it is the body's business.
  ///
  /// - Important: in debug builds, traps when it would have to wait inside a scope of the task's own.
  /// - Parameters:
  ///   - deadline: Until when to wait for the lock; it does not limit the body.
  ///   - body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: `CancellationError` or `DeadlineExceeded`, without calling `body`, or what `body` throws.
  @inlinable
  public func withReadLock<Success: ~Copyable>(
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) (borrowing Value) async throws -> sending Success
  ) async throws -> sending Success {
    let token = core.readFast() ? 0 : try await core.lockSlowly(isWriter: false, deadline)
    core.scopes.enter()
    defer { core.endRead(token) }
    return try await body(value.pointee)
  }

  /// Waits until nobody else is in, and runs `body` on the value.
  ///
  /// The body runs on the caller's actor and may use its state.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. Readers
  /// that came after a writer that gives up do not wait for it any longer. A call that does not have to wait does not
  /// look at cancellation; inside, it is the body's business.
  ///
  /// - Important: in debug builds, traps when it would have to wait inside a scope of the task's own.
  /// - Parameters:
  ///   - deadline: Until when to wait for the lock; it does not limit the body.
  ///   - body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: `CancellationError` or `DeadlineExceeded`, without calling `body`, or what `body` throws.
  @inlinable
  public func withWriteLock<Success: ~Copyable>(
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) (inout Value) async throws -> sending Success
  ) async throws -> sending Success {
    let token = core.writeFast() ? 0 : try await core.lockSlowly(isWriter: true, deadline)
    core.scopes.enter()
    defer { core.endWrite(token) }
    return try await body(&value.pointee)
  }

  /// Runs `body` on the value if no writer is in or waits; does not wait for the lock.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  ///
  /// - Parameter body: What to do with the value.
  /// - Returns: What `body` returns, or `nil` when the lock was not to be had.
  /// - Throws: What `body` throws.
  @inlinable
  public func withReadLockIfAvailable<Success: ~Copyable, Failure: Error>(
    _ body: nonisolated(nonsending) (borrowing Value) async throws(Failure) -> sending Success
  ) async throws(Failure) -> sending Success? {
    guard let token = core.readFast() ? 0 : core.tryLockSlowly(isWriter: false) else { return nil }
    core.scopes.enter()
    defer { core.endRead(token) }
    return try await body(value.pointee)
  }

  /// Runs `body` on the value if nobody is in; does not wait for the lock.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  ///
  /// - Parameter body: What to do with the value.
  /// - Returns: What `body` returns, or `nil` when the lock was not to be had.
  /// - Throws: What `body` throws.
  @inlinable
  public func withWriteLockIfAvailable<Success: ~Copyable, Failure: Error>(
    _ body: nonisolated(nonsending) (inout Value) async throws(Failure) -> sending Success
  ) async throws(Failure) -> sending Success? {
    guard let token = core.writeFast() ? 0 : core.tryLockSlowly(isWriter: true) else { return nil }
    core.scopes.enter()
    defer { core.endWrite(token) }
    return try await body(&value.pointee)
  }

  /// The lock now: `readers`, `writers` (0 or 1), `readers waiting`, `writers waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }
}
