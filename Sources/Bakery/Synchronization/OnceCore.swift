/// The part of `AsyncOnce` that does not depend on the value: the fast path, the lock, and the decisions of `OnceState`.
///
/// Waiters do not look before they suspend (`Spinner`): what is worth computing once takes longer than a look.
@usableFromInline
final class OnceCore: WaitOwner, Traceable {
  /// What a caller has to do.
  @usableFromInline
  enum Role {
    /// Run its body, and call `complete` or `fail`.
    case lead
    /// Read the value.
    case read
  }

  @usableFromInline let identity: ObjectIdentity
  /// 1 once the value is there; written under `state`'s lock, after the value.
  @usableFromInline let word = Word(0)
  private let state = Guarded(OnceState())
  private let registration = Registration()
  private let remembersFailure: Bool

  init(remembersFailure: Bool, identity: ObjectIdentity) {
    self.identity = identity
    self.remembersFailure = remembersFailure
    if identity.name != nil { registration.ensure(self) }
  }

  /// False also when the slow path has to tell, because somebody observes the toolkit.
  @inlinable @inline(__always)
  var isComputedFast: Bool { Mode.isPlain && word.loadFast() != 0 }

  @inlinable @inline(__always)
  var isComputed: Bool { Mode.isPlain ? word.loadFast() != 0 : isComputedSlowly() }

  @usableFromInline @inline(never)
  func isComputedSlowly() -> Bool {
    state.withLock { if case .computed = $0.phase { true } else { false } }
  }

  /// Waits until there is a value or the lead, or throws what is remembered.
  ///
  /// Who comes is named at once, not when it suspends: a leader that comes again has to be known.
  @usableFromInline @inline(never)
  func begin(_ deadline: Deadline) async throws -> Role {
    while true {
      let party = Party.current("value")
      switch state.withLock({ $0.begin(party) }) {
      case .computed:
        Trace.record(.holding, identity)
        return .read
      case .failed(let error):
        Trace.record(.gaveUp, identity)
        throw error
      case .lead:
        Trace.record(.holding, identity)
        return .lead
      case .reentered:
        misuse(
          "\(identity): the body that computes the value asks for it, and would wait for itself; "
            + "hand it what it needs instead"
        )
      case .wait(let ticket):
        registration.ensure(self)
        Trace.record(.waiting, identity)
        let outcome = await suspend(ticket, as: party, until: deadline)
        if !outcome.isGranted { Trace.record(.gaveUp, identity) }
        let grant = try outcome.grantedValue("value", on: identity, until: deadline)
        if grant == OnceState.Grant.lead {
          Trace.record(.holding, identity)
          return .lead
        }
      // Now it is decided, and the next round says how.
      }
    }
  }

  /// The leader has stored the value.
  @usableFromInline @inline(never)
  func complete() {
    let wakes = state.withLock { state in
      let wakes = state.complete()
      word.store(1)
      return wakes
    }
    Trace.record(.done, identity)
    wakes.fire()
  }

  /// The leader's body threw `error`.
  ///
  /// What a cancelled task throws says that it was cancelled, however it says it, and nothing about the value.
  @usableFromInline @inline(never)
  func fail(_ error: any Error) {
    let isRemembered = remembersFailure && !(error is CancellationError) && !Task.isCancelled
    let wakes = state.withLock { $0.fail(remembered: isRemembered ? error : nil) }
    Trace.record(.done, identity)
    wakes.fire()
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
    let (isComputed, hasFailed) =
      switch state.phase {
      case .computed: (1, 0)
      case .failed: (0, 1)
      case .idle, .computing: (0, 0)
      }
    return Snapshot(
      of: identity,
      figures: [
        "computed": isComputed, "failed": hasFailed, "attempts": state.attempts,
        "waiting": state.queue.waiting,
      ],
      holders: state.leader.map { [$0] } ?? [],
      waiters: state.queue.parties
    )
  }
}
