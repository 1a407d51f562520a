/// Lets tasks that hold an `AsyncMutex` wait until another task says that something has changed.
///
/// A condition belongs to a mutex. `wait(_:deadline:)` gives the lock back and suspends; after
/// `notifyOne()` or `notifyAll()` the task has the lock again when `wait` returns. Others may have been in
/// between, so look at the value again, or use `wait(_:deadline:until:)`, which does. Where one wait at a
/// time is all there is, `AsyncMutex.withLock(when:deadline:_:)` needs no condition at all.
///
/// A notification goes to a task that waits now; if none does, nothing remembers it. Change the value under
/// the lock, and no notification can be missed: it comes before the look at the value or after the wait began.
///
/// > Ordering: tasks are notified in the order of their waits, and take their places in the line for the lock
/// in that order, at the moment of the notification.
///
/// > Memory: what a task did before `notifyOne()` or `notifyAll()` happens before the waits return that it ends.
///
/// - Complexity: O(1), and O(*waiters*) for `notifyAll()` and `snapshot()`. A wait wakes up once, when the lock
///   is its own.
///
/// @Snippet(path: "bakery/Snippets/ShareValues", slice: "condition")
public final class AsyncCondition: Traceable {
  /// What the condition is called and where it was made.
  public let identity: ObjectIdentity

  private let core: ConditionCore

  /// Makes a condition of `mutex`.
  ///
  /// - Parameters:
  ///   - mutex: The mutex that waiting tasks hold.
  ///   - name: What dumps and errors call it; a named condition is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init<Value: ~Copyable>(
    of mutex: AsyncMutex<Value>,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "AsyncCondition", name: name, file: file, line: line)
    core = ConditionCore(of: mutex.core, identity: identity)
  }

  /// Gives the lock back, waits to be notified, and takes the lock again, also before it throws.
  ///
  /// > Ordering: first come, first served, both for notifications and for places in the line for the lock.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The
  /// grant is the notification: one that a cancelled wait did not get goes to the next in line. To take the lock
  /// again does not observe cancellation, so the call ends when its turn comes.
  ///
  /// - Important: traps when `lock` is of another mutex.
  /// - Parameters:
  ///   - lock: The lock that the task holds.
  ///   - deadline: Until when to wait for a notification.
  /// - Throws: `CancellationError` or `DeadlineExceeded`. The lock is held all the same.
  public func wait<Value: ~Copyable>(
    _ lock: inout AsyncMutex<Value>.Guard,
    deadline: Deadline = .never
  ) async throws {
    require(
      lock.mutex.core === core.mutex,
      "\(identity) waits with a lock of \(lock.mutex.identity) but belongs to \(core.mutex.identity)"
    )
    try await core.wait(deadline)
  }

  /// Waits as `wait(_:deadline:)` does, as often as it takes until the value is as `isReady` wants it.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that finds the value ready does not look at cancellation.
  ///
  /// - Important: traps when `lock` is of another mutex.
  /// - Parameters:
  ///   - lock: The lock that the task holds.
  ///   - deadline: Until when to wait in all.
  ///   - isReady: Whether to go on; it is called under the lock.
  /// - Throws: `CancellationError` or `DeadlineExceeded`. The lock is held all the same.
  public func wait<Value: ~Copyable>(
    _ lock: inout AsyncMutex<Value>.Guard,
    deadline: Deadline = .never,
    until isReady: (borrowing Value) -> Bool
  ) async throws {
    while !isReady(lock.mutex.value.pointee) { try await wait(&lock, deadline: deadline) }
  }

  /// Ends the wait of the task that has waited longest, if any waits; usually called under the lock.
  public func notifyOne() { core.notify(limit: 1) }

  /// Ends the waits of all tasks that wait now; usually called under the lock.
  ///
  /// The tasks go on one after another, each when it has the lock.
  public func notifyAll() { core.notify(limit: .max) }

  /// The condition now: `waiting`, and who they are; who was notified already waits for the mutex.
  public func snapshot() -> Snapshot { core.snapshot() }
}

/// The working part of `AsyncCondition`: what its waiters suspend on, while the mutex decides.
private final class ConditionCore: WaitOwner, Traceable {
  let identity: ObjectIdentity
  let mutex: MutexCore
  private let number: Int
  private let registration = Registration()

  init(of mutex: MutexCore, identity: ObjectIdentity) {
    self.identity = identity
    self.mutex = mutex
    number = mutex.makeCondition()
    if identity.name != nil { registration.ensure(self) }
  }

  deinit {
    mutex.removeCondition(number)
  }

  func wait(_ deadline: Deadline) async throws {
    registration.ensure(self)
    let ticket = mutex.startWaiting(for: number)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("wait"), until: deadline)
    Trace.record(outcome.isGranted ? .done : .gaveUp, identity)
    Trace.record(.holding, mutex.identity)
    try outcome.grantedValue("wait", on: identity, until: deadline)
  }

  func notify(limit: Int) { mutex.notify(number, limit: limit) }

  func attach(_ waiter: Waiter) -> WaitOutcome? { mutex.attach(waiter, of: number) }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) { mutex.abort(ticket, of: number, outcome) }

  func snapshot() -> Snapshot {
    let queue = mutex.queue(of: number)
    return Snapshot(of: identity, figures: ["waiting": queue.waiting], waiters: queue.parties)
  }
}
