/// The part of a watch that does not depend on the element: lock, decisions, waiting.
// Safe because `state` and `spare` are touched only under `lock`.
@usableFromInline
class WatchGate: WaitOwner, Traceable, @unchecked Sendable {
  @usableFromInline let identity: ObjectIdentity
  @usableFromInline let lock = Lock()
  /// Unchecked, because the lock excludes what the check would look for.
  @exclusivity(unchecked) @usableFromInline final var state = WatchState()
  /// An empty array for the next batch of wakes.
  private var spare = WakeBatch()
  private let registration = Registration()
  @usableFromInline let spinner = Spinner()

  @usableFromInline
  init(identity: ObjectIdentity) {
    self.identity = identity
    if identity.name != nil { registration.ensure(self) }
  }

  final func subscribe() -> Int {
    lock.lock()
    defer { lock.unlock() }
    return state.subscribe()
  }

  final func unsubscribe() {
    lock.lock()
    state.unsubscribe()
    // While others remain nothing happened that anybody waits for.
    var batch = state.isObserved ? WakeBatch() : batchLocked()
    lock.unlock()
    fire(&batch)
  }

  final func close() {
    lock.lock()
    let isFirst = state.close()
    var batch = batchLocked()
    lock.unlock()
    fire(&batch)
    if isFirst { Trace.record(.closed, identity) }
  }

  final var isObserved: Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.isObserved
  }

  @usableFromInline
  final func hasChanged(since seen: Int) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.version != seen
  }

  final func isFinished(at seen: Int) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.isClosed && state.version == seen
  }

  /// The wakes of all who wait for what just happened; called under the lock, to be given to `fire` after it.
  @usableFromInline
  final func batchLocked() -> WakeBatch {
    var batch = WakeBatch()
    guard state.hasNews else { return batch }
    swap(&batch, &spare)
    state.wakeAll(into: &batch)
    spinner.didDecide()
    return batch
  }

  /// Resumes them, and keeps the array for the next time.
  @usableFromInline
  final func fire(_ batch: inout WakeBatch) {
    guard batch.hasRoom else { return }
    batch.fire()
    lock.lock()
    spare.keepLarger(&batch)
    lock.unlock()
  }

  @usableFromInline
  final func attach(_ waiter: Waiter) -> WaitOutcome? {
    lock.lock()
    defer { lock.unlock() }
    return state.attach(waiter)
  }

  @usableFromInline
  final func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    lock.lock()
    let wake = state.abort(ticket, outcome)
    spinner.didDecide()
    lock.unlock()
    wake?.fire()
  }

  /// Waits until there is a version to look at, or the end.
  @usableFromInline
  final func waitForChange(_ ticket: Ticket, until deadline: Deadline, since seen: Int) async throws
  {
    registration.ensure(self)
    Trace.record(.waiting, identity)
    let early = spinner.outcome(since: seen) {
      lock.lock()
      defer { lock.unlock() }
      return state.takeOutcome(ticket)
    }
    let outcome =
      if let early { early } else {
        await suspend(ticket, as: .current("changed"), until: deadline)
      }
    guard !outcome.isGranted else { return }
    Trace.record(.gaveUp, identity)
    throw outcome.failure("changed", on: identity, until: deadline)
  }

  final func waitUntilUnobserved(_ deadline: Deadline) async throws {
    lock.lock()
    let ticket = state.watch(.arriving("waitUntilUnobserved"))
    lock.unlock()
    guard let ticket else { return }
    registration.ensure(self)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("waitUntilUnobserved"), until: deadline)
    Trace.record(outcome.isGranted ? .done : .gaveUp, identity)
    try outcome.grantedValue("waitUntilUnobserved", on: identity, until: deadline)
  }

  @usableFromInline
  final func snapshot() -> Snapshot {
    lock.lock()
    let state = state
    lock.unlock()
    return Snapshot(
      of: identity,
      figures: [
        "version": state.version,
        "receivers": state.receivers,
        "receivers waiting": state.queue.waiting,
        "senders waiting": state.watchers.waiting,
        "closed": state.isClosed ? 1 : 0,
      ],
      waiters: state.queue.parties + state.watchers.parties
    )
  }
}

/// A watch: the gate's decisions, carried out on the value.
// Safe because `element` is touched only under the gate's `lock`.
@usableFromInline
final class WatchCore<Element: Sendable>: WatchGate, @unchecked Sendable {
  @exclusivity(unchecked) @usableFromInline var element: Element

  @inlinable
  init(_ element: Element, identity: ObjectIdentity) {
    self.element = element
    super.init(identity: identity)
  }

  @inlinable
  deinit {}

  /// Replaces the value if nobody waits; the old one is let go after the unlock.
  @inlinable @inline(__always)
  func sendFast(_ element: Element) -> Bool {
    guard Mode.isPlain else { return false }
    lock.lockFast()
    guard state.canStoreQuietly else {
      lock.unlock()
      return false
    }
    var old = element
    swap(&old, &self.element)
    state.version &+= 1
    lock.unlock()
    withExtendedLifetime(old) {}
    return true
  }

  /// Replaces the value, and wakes all who wait.
  @inlinable @inline(never)
  func sendSlowly(_ element: Element, over seen: Int? = nil) -> WatchState.CommitStep {
    var old = element
    lock.lock()
    let step = state.store(over: seen)
    var batch = WakeBatch()
    if case .store = step {
      swap(&old, &self.element)
      batch = batchLocked()
    }
    lock.unlock()
    withExtendedLifetime(old) {}
    if case .store = step { Trace.record(.sent, identity) }
    fire(&batch)
    return step
  }

  /// The value with its version.
  @inlinable
  func current() -> (Element, version: Int) {
    lock.lock()
    defer { lock.unlock() }
    return (element, state.version)
  }

  @inlinable @inline(__always)
  func changedFast(_ seen: inout Int) -> Element? {
    guard Mode.isPlain else { return nil }
    lock.lockFast()
    guard state.version != seen else {
      lock.unlock()
      return nil
    }
    seen = state.version
    let element = element
    lock.unlock()
    return element
  }

  /// The value if it is new, or a place in line when there is a `party` to wait, or why not.
  @inlinable @inline(never)
  func changedSlowly(_ seen: inout Int, _ party: Party?) -> (Element?, WatchState.LookStep) {
    lock.lock()
    let step = state.look(&seen, party)
    var new: Element?
    if case .new = step { new = element }
    lock.unlock()
    if new != nil { Trace.record(.received, identity) }
    return (new, step)
  }
}
