public import CBakeryCore

// Safe because `storage` and `pending` are only touched while `lock` is held, and `init` takes the state `sending`.
/// State of several threads behind a lock, and a place to wait until the state is as one needs it.
///
/// `withLock` changes the state; `withLock(when:)` blocks the thread until a condition holds and then has the state in
/// that condition. Whoever changes the state calls `notifyOne` or `notifyAll`, inside or after the lock. To wait without
/// the lock, or to go on with a condition that holds no more, is not possible by the shape of the calls.
///
/// For threads: `JoinableThread`, `BlockingPool`, those of other libraries. A task may use `withLock` for a few
/// instructions, to hand something to a thread, and notify. It must not wait; use `AsyncSemaphore` or `Channel` there.
///
/// > Ordering: a notification goes to whoever waits longest. A thread that has just come may enter before it.
/// One whose condition does not hold hands its notification on to the next that waited at that time, so that waiters
/// with different conditions do not swallow each other's.
///
/// > Memory: what happened under the lock happens before what follows under it later.
///
/// - Complexity: O(1); `notifyAll` and `snapshot` are O(*waiters*). Two atomic operations when nobody is in the way.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "monitor")
public final class Monitor<State>: Traceable, @unchecked Sendable {
  /// What the monitor is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let lock = Lock()
  /// The mark of the thread that holds the lock, or 0.
  @usableFromInline let owner = Word(0)
  @usableFromInline let storage: UnsafeMutablePointer<State>
  /// Woken under the lock, to be unparked after it.
  private var pending: [ThreadParker] = []
  @usableFromInline var hasPending = false
  /// Has a lock of its own, taken inside and outside the other one, so that dumps need not wait for a body.
  private let line = Guarded(ThreadLine())
  private let registration = Registration()

  /// Makes a monitor around `state`.
  ///
  /// - Parameters:
  ///   - state: What the threads share.
  ///   - name: What dumps and errors call it; a named monitor is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ state: consuming sending State,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "Monitor", name: name, file: file, line: line)
    storage = .allocate(capacity: 1)
    storage.initialize(to: state)
    if name != nil { registration.ensure(self) }
  }

  deinit {
    storage.deinitialize(count: 1)
    storage.deallocate()
  }

  /// Runs `body` on the state while no other thread does.
  ///
  /// - Important: traps inside a body or condition of the same monitor, where it would wait for itself.
  /// - Parameter body: What to do; other threads wait for its end, so it should be quick.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  @inlinable
  public func withLock<Success: ~Copyable, Failure: Error>(
    _ body: (inout sending State) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    enter()
    defer { leave() }
    return try body(&storage.pointee)
  }

  /// Blocks the calling thread until `isReady` holds, and runs `body` on the state as it is then.
  ///
  /// - Important: traps in a task, and inside a body or condition of the same monitor.
  /// - Parameters:
  ///   - isReady: What has to hold; called under the lock, at the beginning and after notifications.
  ///   - body: What to do; other threads wait for its end.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  @available(
    *,
    noasync,
    message: "blocks a thread of the task pool; use a Channel or AsyncSemaphore"
  )
  @inlinable
  public func withLock<Success: ~Copyable, Failure: Error>(
    when isReady: (borrowing State) -> Bool,
    _ body: (inout sending State) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    checkBlocking()
    enter()
    if !isReady(storage.pointee) { _ = block(until: .never, isReady) }
    defer { leave() }
    return try body(&storage.pointee)
  }

  /// Does as `withLock(when:)` does, and waits no longer than until `deadline`.
  ///
  /// - Important: traps in a task, and inside a body or condition of the same monitor.
  /// - Parameters:
  ///   - isReady: What has to hold; called under the lock, at the beginning, after notifications and at the end.
  ///   - deadline: Until when to wait, on the machine's clock. One that has passed still finds a condition that holds.
  ///   - body: What to do; other threads wait for its end.
  /// - Returns: What `body` returns.
  /// - Throws: `DeadlineExceeded`, without calling `body`; what `body` throws.
  @available(
    *,
    noasync,
    message: "blocks a thread of the task pool; use a Channel or AsyncSemaphore"
  )
  @inlinable
  public func withLock<Success: ~Copyable>(
    when isReady: (borrowing State) -> Bool,
    deadline: Deadline,
    _ body: (inout sending State) throws -> sending Success
  ) throws -> sending Success {
    checkBlocking()
    enter()
    if !isReady(storage.pointee), !block(until: deadline, isReady) {
      throw DeadlineExceeded(operation: "withLock(when:) on \(identity)", deadline: deadline)
    }
    defer { leave() }
    return try body(&storage.pointee)
  }

  /// Lets the thread that waits longest look at the state again; also where it is called inside a body.
  public func notifyOne() {
    guard let parker = line.withLock({ $0.wakeFirst() }) else { return }
    wake([parker])
  }

  /// Lets all threads that wait look at the state again.
  public func notifyAll() {
    wake(line.withLock { $0.wakeAll() })
  }

  /// The monitor now: `held`, 0 or 1, `waiting`, and who they are.
  ///
  /// Does not wait for the lock, so a dump shows monitors whose threads hang.
  public func snapshot() -> Snapshot {
    let waiters = line.withLockUnobserved { $0.queue.parties }
    return Snapshot(
      of: identity,
      figures: ["held": owner.loadFast() == 0 ? 0 : 1, "waiting": waiters.count],
      waiters: waiters
    )
  }

  @inlinable @inline(__always)
  func enter() {
    let thread = Int(bitPattern: bakery_thread_mark())
    if owner.loadFast() == thread { stopNested() }
    lock.lockForLong()
    owner.store(thread)
  }

  @inlinable @inline(__always)
  func leave() {
    owner.store(0)
    if hasPending { leaveAndWake() } else { lock.unlock() }
  }

  @usableFromInline @inline(never)
  func leaveAndWake() {
    let parkers = pending
    pending = []
    hasPending = false
    lock.unlock()
    for parker in parkers { parker.unpark() }
  }

  /// Unparks now, or after the unlock if the calling thread holds the lock: it would only wake up to wait for it.
  private func wake(_ parkers: [ThreadParker]) {
    guard owner.loadFast() == Int(bitPattern: bakery_thread_mark()) else {
      for parker in parkers { parker.unpark() }
      return
    }
    pending += parkers
    hasPending = !pending.isEmpty
  }

  @usableFromInline
  func checkBlocking() {
    requireNoTask(
      "withLock(when:) on \(identity)",
      instead: "wait with a Channel or AsyncSemaphore, or do it in a BlockingPool"
    )
  }

  @usableFromInline @inline(never)
  func stopNested() -> Never {
    misuse("\(identity): used inside its own body and would wait for itself; hand the state down")
  }

  /// Waits under the lock, which is left meanwhile; false, and without the lock, when `deadline` has come.
  @usableFromInline @inline(never)
  func block(until deadline: Deadline, _ isReady: (borrowing State) -> Bool) -> Bool {
    leave()
    registration.ensure(self)
    let party = Party.thread("withLock(when:)")
    let parker = ThreadParker()
    var isOver = false
    Trace.record(.waiting, identity)
    enter()
    while !isReady(storage.pointee) {
      if isOver {
        leave()
        Trace.record(.gaveUp, identity)
        return false
      }
      let seen = parker.ticket
      let ticket = line.withLock { $0.wait(party, parker) }
      leave()
      parker.block(since: seen, until: deadline)
      enter()
      let signal = line.withLock { $0.leave(ticket) }
      isOver = signal == nil
      guard let signal, !isReady(storage.pointee) else { continue }
      if let next = line.withLock({ $0.passOn(signal) }) { wake([next]) }
    }
    return true
  }
}
