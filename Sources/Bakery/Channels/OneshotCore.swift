/// The part of a oneshot that does not depend on the element: lock, decisions, waiting.
///
/// A wait does not look before it suspends, as those of long-lived objects do: whether looking pays is learnt from the
/// waits before, and a oneshot has none.
// Safe because `state` is touched only under `lock`.
@usableFromInline
class OneshotGate: WaitOwner, Traceable, @unchecked Sendable {
  @usableFromInline let identity: ObjectIdentity
  @usableFromInline let lock = Lock()
  /// Part of the object, because oneshots are made by the million and one allocation less counts; unchecked, because
  /// the lock excludes what the check would look for.
  @exclusivity(unchecked) @usableFromInline final var state = OneshotState()
  private let registration = Registration()

  @usableFromInline
  init(identity: ObjectIdentity) {
    self.identity = identity
    if identity.name != nil { registration.ensure(self) }
  }

  @usableFromInline
  final func close(as final: OneshotState.Phase) {
    var wakes = Wakes()
    lock.lock()
    let isFirst = state.close(as: final, into: &wakes)
    lock.unlock()
    wakes.fire()
    if isFirst { Trace.record(.closed, identity) }
  }

  @usableFromInline final var phase: OneshotState.Phase {
    lock.lock()
    defer { lock.unlock() }
    return state.phase
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
    lock.unlock()
    wake?.fire()
  }

  /// Waits to be granted the value.
  @usableFromInline
  final func waitToReceive(_ ticket: Ticket, until deadline: Deadline) async throws {
    registration.ensure(self)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("receive"), until: deadline)
    Trace.record(outcome.isGranted ? .received : .gaveUp, identity)
    switch outcome {
    case .granted: return
    case .closed, .impossible: throw failure()
    case .cancelled, .timedOut: throw outcome.failure("receive", on: identity, until: deadline)
    }
  }

  final func waitUntilClosed(_ deadline: Deadline) async throws {
    lock.lock()
    let ticket = state.watch(.arriving("waitUntilClosed"))
    lock.unlock()
    guard let ticket else { return }
    registration.ensure(self)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("waitUntilClosed"), until: deadline)
    Trace.record(outcome.isGranted ? .done : .gaveUp, identity)
    try outcome.grantedValue("waitUntilClosed", on: identity, until: deadline)
  }

  /// Why no value comes, once none can.
  @usableFromInline
  final func failure() -> OneshotFailure {
    let reason: OneshotFailure.Reason =
      switch phase {
      case .abandoned: .abandoned
      case .closed: .closed
      case .pending, .sent, .taken: .taken
      }
    return OneshotFailure(reason: reason, oneshot: identity.description)
  }

  @usableFromInline
  final func snapshot() -> Snapshot {
    lock.lock()
    let state = state
    lock.unlock()
    let (isSent, isEnded) =
      switch state.phase {
      case .pending: (false, false)
      case .sent, .taken: (true, false)
      case .abandoned, .closed: (false, true)
      }
    return Snapshot(
      of: identity,
      figures: [
        "sent": isSent ? 1 : 0,
        "taken": state.phase == .taken ? 1 : 0,
        "receivers waiting": state.receivers.waiting,
        "senders waiting": state.watchers.waiting,
        "closed": isEnded ? 1 : 0,
      ],
      waiters: state.receivers.parties + state.watchers.parties
    )
  }

  /// Decides a send with waiting tasks under the lock; the wakes are to be fired after it.
  @usableFromInline
  final func sendLocked(_ store: () -> Void) -> Bool {
    var wakes = Wakes()
    lock.lock()
    let step = state.send(into: &wakes)
    if case .store = step { store() }
    lock.unlock()
    guard case .store = step else { return false }
    Trace.record(.sent, identity)
    wakes.fire()
    return true
  }
}

/// A oneshot: the gate's decisions, carried out on the value.
// Safe because `element` is touched only under the gate's `lock`.
@usableFromInline
final class OneshotCore<Element: Sendable>: OneshotGate, @unchecked Sendable {
  /// There while the phase is `sent`, and from `taken` until the task that was granted it fetches it.
  @exclusivity(unchecked) @usableFromInline var element: Element?

  @inlinable
  override init(identity: ObjectIdentity) {
    super.init(identity: identity)
  }

  @inlinable
  deinit {}

  @inlinable @inline(__always)
  func sendFast(_ element: Element) -> Bool {
    guard Mode.isPlain else { return false }
    lock.lockFast()
    guard state.canStoreQuietly else {
      lock.unlock()
      return false
    }
    state.phase = .sent
    self.element = element
    lock.unlock()
    return true
  }

  @inlinable @inline(__always)
  func receiveFast() -> Element? {
    guard Mode.isPlain else { return nil }
    lock.lockFast()
    guard state.phase == .sent else {
      lock.unlock()
      return nil
    }
    state.phase = .taken
    let element = self.element.take()
    lock.unlock()
    return element
  }

  @inlinable @inline(never)
  func sendSlowly(_ element: Element) -> Bool {
    sendLocked { self.element = element }
  }

  /// Receives at once, or takes a place in line when there is a `party` to wait, or says why not.
  @inlinable @inline(never)
  func receiveSlowly(_ party: Party?) -> (Element?, OneshotState.ReceiveStep) {
    lock.lock()
    let step = state.receive(party)
    var element: Element?
    if case .take = step { element = self.element.take() }
    lock.unlock()
    if element != nil { Trace.record(.received, identity) }
    return (element, step)
  }

  /// Fetches what a granted wait was given.
  @inlinable
  func collect() -> Element {
    lock.lock()
    let element = self.element.take()
    lock.unlock()
    guard let element else {
      misuse("Oneshot lost the value of a granted wait: please report this as a bug of Bakery")
    }
    return element
  }

  /// Lets go of a value that nobody can receive any more, after the unlock: its end is somebody's code.
  @inlinable
  func discard() {
    lock.lock()
    let element = state.discard() ? self.element.take() : nil
    lock.unlock()
    withExtendedLifetime(element) {}
  }
}
