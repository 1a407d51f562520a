/// The working part of `AdaptiveLimiter`: the lock, and the carrying out of what `AdaptiveState` decides.
@usableFromInline
final class AdaptiveCore: Traceable, TimerTarget {
  @usableFromInline let identity: ObjectIdentity
  /// Where latencies are measured, for good: instants of several timelines could not be compared.
  let time: any TimeSource
  private let state: Guarded<(limits: AdaptiveState, alarm: Deadline)>
  private let registration = Registration()

  init(_ estimator: any LimitEstimator, waiting: ClosedRange<Int>, identity: ObjectIdentity) {
    self.identity = identity
    time = Seams.time
    let limits = AdaptiveState(estimator, waiting: waiting, at: time.now)
    state = Guarded((limits, .never))
    if identity.name != nil { registration.ensure(self) }
  }

  var limit: Int { state.withLock { $0.limits.limit } }

  func tryAcquire(_ count: Int, _ priority: AdaptiveLimiter.Priority) -> UInt64? {
    let party = Party.arriving("acquire", count: count)
    let (now, records) = (time.now, Mode.recordsHolders)
    let token = state.withLock {
      $0.limits.tryAcquire(party, priority, at: now, recordsHolder: records)
    }
    if token != nil { Trace.record(.holding, identity, count: count) }
    return token
  }

  func acquire(_ count: Int, in line: AdaptiveLine, until deadline: Deadline) async throws -> UInt64
  {
    if let token = tryAcquire(count, line.priority) { return token }
    let party = Party.arriving("acquire", count: count)
    let (now, chance, records) = (time.now, Seams.choice(), Mode.recordsHolders)
    let (admission, wakes) = state.withLock {
      $0.limits.acquire(party, line.priority, at: now, chance: chance, recordsHolder: records)
    }
    wakes.fire()
    switch admission {
    case .granted(let token):
      Trace.record(.holding, identity, count: count)
      return token
    case .refused:
      throw exceeded(line.priority)
    case .wait(let ticket):
      registration.ensure(self)
      Trace.record(.waiting, identity, count: count)
      let party = Party.current("acquire", count: count)
      let outcome = await line.suspend(ticket, as: party, until: deadline)
      Trace.record(outcome.isGranted ? .holding : .gaveUp, identity, count: count)
      switch outcome {
      case .granted(let token): return token
      case .cancelled, .timedOut:
        throw outcome.failure("acquire", on: identity, until: deadline)
      case .closed, .impossible: throw exceeded(line.priority)
      }
    }
  }

  func release(_ count: Int, _ token: UInt64, _ outcome: Permit.Outcome) {
    decide { $0.release(count, token: token, outcome, at: $1, recordsHolder: $2) }
    Trace.record(.done, identity, count: count)
  }

  func abort(_ ticket: Ticket, _ priority: AdaptiveLimiter.Priority, _ outcome: WaitOutcome) {
    decide { $0.abort(ticket, priority, outcome, at: $1, recordsHolder: $2) }
  }

  func attach(_ waiter: Waiter, _ priority: AdaptiveLimiter.Priority) -> WaitOutcome? {
    state.withLock { $0.limits.attach(waiter, priority) }
  }

  @usableFromInline
  func timerFired(tag: UInt64) {
    decide { $0.timePassed(until: $1, recordsHolder: $2) }
  }

  /// Takes a decision under the lock; afterwards wakes whom it woke and sets the alarm that it asked for.
  ///
  /// An alarm that is no longer due does nothing when it comes, so none is cancelled.
  private func decide(_ decision: (inout AdaptiveState, Deadline, Bool) -> Wakes) {
    let (now, records) = (time.now, Mode.recordsHolders)
    let (wakes, alarm) = state.withLock { state -> (Wakes, Deadline) in
      let wakes = decision(&state.limits, now, records)
      let alarm = state.limits.estimator.alarm
      guard alarm != state.alarm else { return (wakes, .never) }
      state.alarm = alarm
      return (wakes, alarm)
    }
    wakes.fire()
    if alarm != .never { _ = time.schedule(self, tag: 0, at: alarm) }
  }

  private func exceeded(_ priority: AdaptiveLimiter.Priority) -> LimitExceeded {
    let (limit, waiting) = state.withLock { ($0.limits.limit, $0.limits.waiting) }
    return LimitExceeded(
      limiter: identity.description,
      limit: limit,
      waiting: waiting,
      priority: priority
    )
  }

  var measures: AdaptiveLimiter.Measures {
    let state = state.withLock { $0.limits }
    let (short, long) = state.estimator.latencies
    return AdaptiveLimiter.Measures(
      limit: state.estimator.settled,
      inFlight: state.inFlight,
      waiting: state.waiting,
      refused: state.refused,
      latency: short.map { .nanoseconds(Int64($0)) },
      baseline: long.map { .nanoseconds(Int64($0)) },
      lastChange: state.lastChange
    )
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let state = state.withLock { $0.limits }
    return Snapshot(
      of: identity,
      figures: [
        "limit": state.estimator.settled,
        "in flight": state.inFlight,
        "waiting": state.waiting,
        "refused": state.refused,
      ],
      holders: state.recordedHolders,
      waiters: state.waiters
    )
  }
}

/// One class of an `AdaptiveLimiter`: whose line a wait's ticket is from.
final class AdaptiveLine: WaitOwner {
  let priority: AdaptiveLimiter.Priority
  private let core: AdaptiveCore

  init(_ priority: AdaptiveLimiter.Priority, of core: AdaptiveCore) {
    self.priority = priority
    self.core = core
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? { core.attach(waiter, priority) }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) { core.abort(ticket, priority, outcome) }
}
