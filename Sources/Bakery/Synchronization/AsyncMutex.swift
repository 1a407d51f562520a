// Safe because `value` is touched only by whoever holds the lock of `core`, and closures get it `inout sending`:
// neither what it holds stays with them nor what they keep comes in.
/// Protects a value so that one task at a time uses it, also across `await`, without blocking a thread.
///
/// The value lives in the mutex and is reached only while the mutex is locked: `withLock` lends it to a closure,
/// a `Guard` where a closure does not fit. Use an actor if its turns may mix at each `await`; use this if one
/// task has to finish several steps, with waits in between, before the next one sees the value. For sections
/// without `await` the standard library's `Mutex` is enough.
///
/// A mutex is not recursive: a task that locks it again inside its own scope would wait for itself. Debug builds
/// find that and stop; in release builds a dump with `Trace.level` at `.holders` shows it.
///
/// > Ordering: tasks in line get the lock in the order of their calls. While the first of them wakes up, running tasks may take
/// the lock before it, at most 64 times, and seldom where sections are long. So a wait is overtaken at most 64 times for itself and 64
/// times for each task before it in line.
///
/// > Memory: what a task did before unlocking happens before what the next one does after locking.
///
/// - Complexity: O(1). Without waiters one atomic operation to lock and one to unlock, no allocation, no
///   suspension. While tasks wait in `withLock(when:)` the end of a scope is O(*those*).
///
/// @Snippet(path: "bakery/Snippets/ShareValues", slice: "mutex")
public final class AsyncMutex<Value: ~Copyable>: Traceable, @unchecked Sendable {
  /// What the mutex is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: MutexCore
  /// Behind a pointer, so that inlined fast paths pay no exclusivity checks; owned by this object.
  @usableFromInline let value: UnsafeMutablePointer<Value>

  /// Makes an unlocked mutex.
  ///
  /// - Parameters:
  ///   - value: What it protects.
  ///   - name: What dumps and errors call it; a named mutex is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ value: consuming sending Value,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "AsyncMutex", name: name, file: file, line: line)
    core = MutexCore(identity: identity)
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
  }

  /// Waits for the lock and runs `body` on the value.
  ///
  /// The body runs on the caller's actor and may use its state.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation; inside, it is the body's business.
  ///
  /// - Important: in debug builds, traps when the task is inside a scope of this mutex.
  /// - Parameters:
  ///   - deadline: Until when to wait for the lock; it does not limit the body.
  ///   - body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: `CancellationError` or `DeadlineExceeded`, without calling `body`, or what `body` throws.
  @inlinable
  public func withLock<Success: ~Copyable>(
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) (inout sending Value) async throws -> sending Success
  ) async throws -> sending Success {
    if !core.lockFast() { try await core.lockSlowly(deadline) }
    core.scopes.enter()
    defer { leave() }
    return try await body(&value.pointee)
  }

  /// Waits until the value is as `isReady` wants it, and runs `body` on it before anybody can change that.
  ///
  /// The condition is looked at under the lock: at once, and again whenever another scope or guard has ended. A
  /// mutex with many such waits wakes all of them each time; `AsyncCondition` wakes only whom it may concern.
  ///
  /// > Ordering: tasks look again in the order in which they began to wait since they last looked.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation; inside, it is the body's business.
  ///
  /// - Important: in debug builds, traps when the task is inside a scope of this mutex.
  /// - Parameters:
  ///   - isReady: Whether to go on; it is called several times.
  ///   - deadline: Until when to wait, for the lock and for the condition together; it does not limit the body.
  ///   - body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: `CancellationError` or `DeadlineExceeded`, without calling `body`, or what `body` throws.
  ///
  /// @Snippet(path: "bakery/Snippets/ShareValues", slice: "when")
  @inlinable
  public func withLock<Success: ~Copyable>(
    when isReady: (borrowing Value) -> Bool,
    deadline: Deadline = .never,
    _ body: nonisolated(nonsending) (inout sending Value) async throws -> sending Success
  ) async throws -> sending Success {
    if !core.lockFast() { try await core.lockSlowly(deadline) }
    while !isReady(value.pointee) { try await core.waitForChange(deadline) }
    core.scopes.enter()
    defer { leave() }
    return try await body(&value.pointee)
  }

  /// Waits for the lock, cancelled or not, and runs `body` on the value: for cleaning up.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  ///
  /// - Important: in debug builds, traps when the task is inside a scope of this mutex.
  /// - Parameter body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  @inlinable
  public func withLockUncancellable<Success: ~Copyable, Failure: Error>(
    _ body: nonisolated(nonsending) (inout sending Value) async throws(Failure) -> sending Success
  ) async throws(Failure) -> sending Success {
    if !core.lockFast() { await core.lockUncancellablySlowly() }
    core.scopes.enter()
    defer { leave() }
    return try await body(&value.pointee)
  }

  /// Runs `body` on the value if the mutex is free; does not wait for the lock.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  ///
  /// - Parameter body: What to do with the value.
  /// - Returns: What `body` returns, or `nil` when the mutex is locked.
  /// - Throws: What `body` throws.
  @inlinable
  public func withLockIfAvailable<Success: ~Copyable, Failure: Error>(
    _ body: nonisolated(nonsending) (inout sending Value) async throws(Failure) -> sending Success
  ) async throws(Failure) -> sending Success? {
    guard core.lockFast() || core.tryLockSlowly() else { return nil }
    core.scopes.enter()
    defer { leave() }
    return try await body(&value.pointee)
  }

  /// Waits for the lock and returns it as a value that unlocks when its life ends.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation.
  ///
  /// - Important: in debug builds, traps when the task is inside a scope of this mutex.
  /// - Parameter deadline: Until when to wait.
  /// - Returns: The lock.
  /// - Throws: `CancellationError` or `DeadlineExceeded`.
  ///
  /// @Snippet(path: "bakery/Snippets/ShareValues", slice: "guard")
  @inlinable
  public func lock(deadline: Deadline = .never) async throws -> Guard {
    if !core.lockFast() { try await core.lockSlowly(deadline) }
    return Guard(self)
  }

  /// Takes the lock if it is free.
  ///
  /// - Returns: The lock, or `nil` when the mutex is locked.
  @inlinable
  public func tryLock() -> Guard? {
    guard core.lockFast() || core.tryLockSlowly() else { return nil }
    return Guard(self)
  }

  /// The mutex now: `locked` (0 or 1), `waiting`, who they are, and how many waits for the lock have `suspended` so far.
  public func snapshot() -> Snapshot { core.snapshot() }

  @inlinable @inline(__always)
  func leave() {
    core.scopes.leave()
    core.unlock()
  }
}

extension AsyncMutex where Value: ~Copyable {
  /// A locked mutex, which unlocks when the value's life ends.
  ///
  /// It cannot be copied, so it cannot be unlocked twice, and it may be handed to another task. Keep it
  /// only as long as needed: nobody else gets in meanwhile.
  ///
  /// @Snippet(path: "bakery/Snippets/ShareValues", slice: "guard")
  public struct Guard: ~Copyable, Sendable {
    @usableFromInline let mutex: AsyncMutex<Value>

    @inlinable
    init(_ mutex: AsyncMutex<Value>) {
      self.mutex = mutex
    }

    // Mutating, so that the body cannot come in again through the same guard.
    /// Runs `body` on the protected value.
    ///
    /// - Parameter body: What to do with the value.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @inlinable
    public mutating func withValue<Success: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Success
    ) throws(Failure) -> sending Success {
      try body(&mutex.value.pointee)
    }

    /// Unlocks now, not at the end of the scope.
    @inlinable
    public consuming func unlock() {}

    @inlinable
    deinit {
      mutex.core.unlock()
    }
  }
}
