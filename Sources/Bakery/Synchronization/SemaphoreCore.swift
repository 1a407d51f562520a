/// The working part of `AsyncSemaphore` and `Bulkhead`: the fast paths, the lock, and the decisions of `SemaphoreState`.
@usableFromInline
final class SemaphoreCore: WaitOwner, Traceable {
  @usableFromInline let identity: ObjectIdentity
  /// Free permits times two, plus one while newcomers and releases must take the slow path.
  ///
  /// While that bit is set only the holder of `state`'s lock changes the word.
  @usableFromInline let word: Word
  private let state: Guarded<SemaphoreState>
  private let registration = Registration()
  private let spinner = Spinner()

  init(limit: Int, longestLine: Int = .max, identity: ObjectIdentity) {
    self.identity = identity
    word = Word(limit << 1)
    state = Guarded(SemaphoreState(limit: limit, longestLine: longestLine))
    if identity.name != nil { registration.ensure(self) }
  }

  @inlinable @inline(__always)
  func takeFast(_ count: Int) -> Bool {
    guard count > 0 else { return false }
    return Mode.isUntouched ? takeFree(count) : takeInTurn(count)
  }

  @inlinable @inline(__always)
  func takeFree(_ count: Int) -> Bool {
    var current = word.loadFast()
    while current & 1 == 0, current >> 1 >= count {
      if word.replaceFast(&current, with: current &- count &<< 1) { return true }
    }
    return false
  }

  @inlinable @inline(__always)
  func give(_ count: Int, _ token: UInt64) {
    if token == 0, Mode.isUntouched ? giveUnwanted(count) : giveInTurn(count) { return }
    giveSlowly(count, token)
  }

  @inlinable @inline(__always)
  func giveUnwanted(_ count: Int) -> Bool {
    var current = word.loadFast()
    while current & 1 == 0 {
      if word.replaceFast(&current, with: current &+ count &<< 1) { return true }
    }
    return false
  }

  /// The fast paths under a tester, which wants to know who holds what.
  @usableFromInline @inline(never)
  func takeInTurn(_ count: Int) -> Bool {
    SchedulingPoint.tryFastPath(.holding, of: identity, count: count) { takeFree(count) }
  }

  @usableFromInline @inline(never)
  func giveInTurn(_ count: Int) -> Bool {
    SchedulingPoint.tryFastPath(.done, of: identity, count: count) { giveUnwanted(count) }
  }

  @usableFromInline @inline(never)
  func acquireSlowly(_ count: Int, _ deadline: Deadline) async throws -> UInt64 {
    require(count >= 1, "\(identity): acquire needs a count of at least 1, got \(count)")
    let seen = spinner.seen
    let party = Party.arriving("acquire", count: count)
    switch withState({ $0.acquire(party, recordsHolder: Mode.recordsHolders) }) {
    case .granted(let token):
      Trace.record(.holding, identity, count: count)
      return token
    case .impossible: throw failure(.impossible, count)
    case .closed, .lost: throw failure(.closed, count)
    case .saturated: throw saturation()
    case .wait(let ticket):
      registration.ensure(self)
      Trace.record(.waiting, identity, count: count)
      let outcome = await outcome(of: ticket, count, until: deadline, since: seen)
      Trace.record(outcome.isGranted ? .holding : .gaveUp, identity, count: count)
      switch outcome {
      case .granted(let token): return token
      case .cancelled, .timedOut:
        throw outcome.failure("acquire", on: identity, until: deadline)
      case .closed: throw failure(.closed, count)
      case .impossible: throw failure(.impossible, count)
      }
    }
  }

  private func outcome(
    of ticket: Ticket,
    _ count: Int,
    until deadline: Deadline,
    since seen: Int
  ) async -> WaitOutcome {
    let early = spinner.outcome(since: seen) { withState { $0.takeOutcome(ticket) } }
    if let early { return early }
    return await suspend(ticket, as: .current("acquire", count: count), until: deadline)
  }

  @usableFromInline @inline(never)
  func tryAcquireSlowly(_ count: Int) -> UInt64? {
    require(count >= 1, "\(identity): tryAcquire needs a count of at least 1, got \(count)")
    let party = Party.arriving("acquire", count: count)
    let token = withState { $0.tryAcquire(party, recordsHolder: Mode.recordsHolders) }
    if token != nil { Trace.record(.holding, identity, count: count) }
    return token
  }

  @usableFromInline @inline(never)
  func giveSlowly(_ count: Int, _ token: UInt64) {
    let now = Mode.recordingTime
    let wakes = withState { $0.release(count, token: token, recordingAt: now) }
    Trace.record(.done, identity, count: count)
    wakes.fire()
  }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    withState { $0.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    let now = Mode.recordingTime
    withState { $0.abort(ticket, outcome, recordingAt: now) }.fire()
  }

  private func withState<Success>(
    _ body: (inout SemaphoreState) -> sending Success
  ) -> sending Success {
    state.withLock(taking: word, telling: spinner, body)
  }

  func failure(_ reason: SemaphoreFailure.Reason, _ count: Int) -> SemaphoreFailure {
    let limit = state.withLock { $0.limit }
    return SemaphoreFailure(
      reason: reason,
      semaphore: identity.description,
      count: count,
      limit: limit
    )
  }

  private func saturation() -> BulkheadFull {
    let (limit, waiting) = state.withLock { ($0.limit, $0.waiting) }
    return BulkheadFull(bulkhead: identity.description, limit: limit, waiting: waiting)
  }

  /// Takes, or says why never, for a clause of a select; `nil` if it would have to wait.
  func admit(_ count: Int) -> SemaphoreState.Admission? {
    if takeFast(count) { return .granted(token: 0) }
    let party = Party.arriving("acquire", count: count)
    let admission = withState { $0.admit(party, recordsHolder: Mode.recordsHolders) }
    if case .granted? = admission { Trace.record(.holding, identity, count: count) }
    return admission
  }

  /// The same with a place in line if it has to wait.
  func acquire(_ party: Party, for entry: SelectEntry) -> SemaphoreState.Admission {
    let admission = withState {
      $0.acquire(party, recordsHolder: Mode.recordsHolders, for: entry)
    }
    switch admission {
    case .granted: Trace.record(.holding, identity, count: party.count)
    case .wait:
      registration.ensure(self)
      Trace.record(.waiting, identity, count: party.count)
    case .impossible, .closed, .saturated, .lost: break
    }
    return admission
  }

  /// Takes a clause of a select out of the line, granted or not.
  func leave(_ ticket: Ticket, _ outcome: WaitOutcome, count: Int) {
    let now = Mode.recordingTime
    withState { $0.leave(ticket, recordingAt: now) }.fire()
    Trace.record(outcome.isGranted ? .holding : .gaveUp, identity, count: count)
  }

  func resize(to limit: Int) {
    let now = Mode.recordingTime
    withState { $0.resize(to: limit, recordingAt: now) }.fire()
  }

  func close() {
    withState { $0.close() }.fire()
    Trace.record(.closed, identity)
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let state = withState { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "limit": state.limit,
        "available": state.available,
        "waiting": state.queue.waiting,
      ],
      holders: state.recordedHolders,
      waiters: state.queue.parties
    )
  }
}
