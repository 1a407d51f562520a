/// The working part of `AsyncLatch` and `AsyncEvent`: the fast path, the lock, and the decisions of `LatchState`.
///
/// Waiters do not look before they suspend (`Spinner`): a look learns from earlier waits on the same object, and
/// here there is only one opening to wait for.
@usableFromInline
final class LatchCore: WaitOwner, Traceable {
  @usableFromInline let identity: ObjectIdentity
  /// What remains, for those who only look; written under `state`'s lock.
  @usableFromInline let word: Word
  private let state: Guarded<LatchState>
  private let registration = Registration()
  private let isEvent: Bool

  init(count: Int, isEvent: Bool, identity: ObjectIdentity) {
    self.identity = identity
    self.isEvent = isEvent
    word = Word(count)
    state = Guarded(LatchState(count: count))
    if identity.name != nil { registration.ensure(self) }
  }

  /// False also when the slow path has to tell, because somebody observes the toolkit.
  @inlinable @inline(__always)
  var isOpenFast: Bool { Mode.isPlain && word.loadFast() == 0 }

  @inlinable @inline(__always)
  var remaining: Int { Mode.isPlain ? word.loadFast() : remainingSlowly() }

  @usableFromInline @inline(never)
  func remainingSlowly() -> Int { state.withLock { $0.remaining } }

  @usableFromInline @inline(never)
  func waitSlowly(_ operation: StaticString, _ deadline: Deadline) async throws {
    let party = Party.arriving(operation)
    guard case .wait(let ticket) = state.withLock({ $0.wait(party) }) else {
      return Trace.record(.holding, identity)
    }
    registration.ensure(self)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current(operation), until: deadline)
    Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
    try outcome.grantedValue(operation, on: identity, until: deadline)
  }

  /// Counts down; traps when so many do not remain.
  func countDown(by number: Int) {
    require(number >= 0, "\(identity): countDown needs a number of at least 0, got \(number)")
    let (wakes, remaining) = state.withLock { state in
      let wakes = state.countDown(by: number)
      word.store(state.remaining)
      return (wakes, state.remaining)
    }
    guard let wakes else {
      misuse("\(identity): countDown(by: \(number)) goes below zero, only \(remaining) remain")
    }
    Trace.record(.done, identity, count: number)
    wakes.fire()
  }

  /// Counts down what remains; false when nothing did.
  func open() -> Bool {
    let wakes: Wakes? = state.withLock { state in
      guard state.remaining > 0 else { return nil }
      let wakes = state.countDown(by: state.remaining)
      word.store(0)
      return wakes
    }
    guard let wakes else { return false }
    Trace.record(.done, identity)
    wakes.fire()
    return true
  }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    state.withLock { $0.abort(ticket, outcome) }?.fire()
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let state = state.withLock { $0 }
    guard isEvent else {
      return Snapshot(
        of: identity,
        figures: [
          "count": state.count, "remaining": state.remaining, "waiting": state.queue.waiting,
        ],
        waiters: state.queue.parties
      )
    }
    return Snapshot(
      of: identity,
      figures: ["set": state.remaining == 0 ? 1 : 0, "waiting": state.queue.waiting],
      waiters: state.queue.parties
    )
  }
}
