/// The working part of `AsyncRWLock`: the fast paths, the lock, and the decisions of `RWLockState`.
@usableFromInline
final class RWLockCore: WaitOwner, Traceable {
  @usableFromInline let identity: ObjectIdentity
  /// Readers times four, plus two while a writer is in, plus one while all must take the slow path.
  ///
  /// While that last bit is set only the holder of `state`'s lock changes the word.
  @usableFromInline let word = Word(0)
  @usableFromInline let scopes = ScopeHolders()
  private let state = Guarded(RWLockState())
  private let registration = Registration()
  private let spinner = Spinner()

  init(identity: ObjectIdentity) {
    self.identity = identity
    if identity.name != nil { registration.ensure(self) }
  }

  @inlinable @inline(__always)
  func readFast() -> Bool { Mode.isUntouched ? takeToRead() : lockInTurn(isWriter: false) }

  @inlinable @inline(__always)
  func writeFast() -> Bool { Mode.isUntouched ? takeToWrite() : lockInTurn(isWriter: true) }

  @inlinable @inline(__always)
  func takeToRead() -> Bool {
    var current = word.loadFast()
    while current & 3 == 0 {
      if word.replaceFast(&current, with: current &+ 4) { return true }
    }
    return false
  }

  @inlinable @inline(__always)
  func takeToWrite() -> Bool {
    var current = word.loadFast()
    while current == 0 {
      if word.replaceFast(&current, with: 2) { return true }
    }
    return false
  }

  @inlinable @inline(__always)
  func endRead(_ token: UInt64) {
    scopes.leave()
    if token == 0, Mode.isUntouched ? stopReading() : unlockInTurn(isWriter: false) { return }
    unlockSlowly(isWriter: false, token)
  }

  @inlinable @inline(__always)
  func endWrite(_ token: UInt64) {
    scopes.leave()
    if token == 0, Mode.isUntouched ? stopWriting() : unlockInTurn(isWriter: true) { return }
    unlockSlowly(isWriter: true, token)
  }

  @inlinable @inline(__always)
  func stopReading() -> Bool {
    var current = word.loadFast()
    while current & 1 == 0 {
      if word.replaceFast(&current, with: current &- 4) { return true }
    }
    return false
  }

  @inlinable @inline(__always)
  func stopWriting() -> Bool {
    var current = 2
    repeat {
      if word.replaceFast(&current, with: 0) { return true }
    } while current == 2
    return false
  }

  /// The fast paths under a tester, which wants to know who holds what.
  @usableFromInline @inline(never)
  func lockInTurn(isWriter: Bool) -> Bool {
    SchedulingPoint.tryFastPath(.holding, of: identity) { isWriter ? takeToWrite() : takeToRead() }
  }

  @usableFromInline @inline(never)
  func unlockInTurn(isWriter: Bool) -> Bool {
    SchedulingPoint.tryFastPath(.done, of: identity) { isWriter ? stopWriting() : stopReading() }
  }

  @usableFromInline @inline(never)
  func lockSlowly(isWriter: Bool, _ deadline: Deadline) async throws -> UInt64 {
    let operation: StaticString = isWriter ? "withWriteLock" : "withReadLock"
    let seen = spinner.seen
    let party = Party.arriving(operation)
    let access: RWLockState.Access = isWriter ? .write : .read
    switch withState({ $0.lock(access, party, recordsHolder: Mode.recordsHolders) }) {
    case .granted(let token):
      Trace.record(.holding, identity)
      return token
    case .wait(let ticket):
      scopes.requireAbsent(
        "\(identity): \(operation) of \(TaskIdentity.current) waits for a scope of the task's own and would for ever; "
          + "do not lock it again inside: to write what was read, leave the read scope and look again under the write lock"
      )
      registration.ensure(self)
      Trace.record(.waiting, identity)
      let early = spinner.outcome(since: seen) { withState { $0.takeOutcome(ticket) } }
      let outcome =
        if let early { early } else {
          await suspend(ticket, as: .current(operation), until: deadline)
        }
      Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
      return try outcome.grantedValue(operation, on: identity, until: deadline)
    }
  }

  @usableFromInline @inline(never)
  func tryLockSlowly(isWriter: Bool) -> UInt64? {
    let party = Party.arriving(isWriter ? "withWriteLock" : "withReadLock")
    let access: RWLockState.Access = isWriter ? .write : .read
    let token = withState { $0.tryLock(access, party, recordsHolder: Mode.recordsHolders) }
    if token != nil { Trace.record(.holding, identity) }
    return token
  }

  @usableFromInline @inline(never)
  func unlockSlowly(isWriter: Bool, _ token: UInt64) {
    let now = Mode.recordingTime
    let access: RWLockState.Access = isWriter ? .write : .read
    let wakes = withState { $0.unlock(access, token: token, recordingAt: now) }
    Trace.record(.done, identity)
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
    _ body: (inout RWLockState) -> sending Success
  ) -> sending Success {
    state.withLock(taking: word, telling: spinner, body)
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let state = withState { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "readers": state.readers,
        "writers": state.isWriting ? 1 : 0,
        "readers waiting": state.waitingReaders.waiting,
        "writers waiting": state.waitingWriters.waiting,
      ],
      holders: state.recordedHolders,
      waiters: state.waitingReaders.parties + state.waitingWriters.parties
    )
  }
}
