/// The working part of `AsyncMutex`: the fast paths, the lock, and the decisions of `MutexState`.
@usableFromInline
final class MutexCore: WaitOwner, Traceable {
  @usableFromInline let identity: ObjectIdentity
  /// See `MutexWord`.
  ///
  /// While bit 0 is set only the holder of `state`'s lock changes the word.
  @usableFromInline let word = Word(0)
  @usableFromInline let scopes = ScopeHolders()
  private let state = Guarded(MutexState())
  private let registration = Registration()
  private let spinner = Spinner()

  init(identity: ObjectIdentity) {
    self.identity = identity
    if identity.name != nil { registration.ensure(self) }
  }

  @inlinable @inline(__always)
  func lockFast() -> Bool { Mode.isUntouched ? takeFree() : lockInTurn() }

  @inlinable @inline(__always)
  func takeFree() -> Bool {
    var current = word.loadFast()
    while current == 0 {
      if word.replaceFast(&current, with: MutexWord.locked) { return true }
    }
    return current & MutexWord.called != 0 && borrow()
  }

  @inlinable @inline(__always)
  func unlock() {
    if Mode.isUntouched ? giveBackUnwanted() : unlockInTurn() { return }
    unlockSlowly()
  }

  @inlinable @inline(__always)
  func giveBackUnwanted() -> Bool {
    var current = MutexWord.locked
    repeat {
      if word.replaceFast(&current, with: 0) { return true }
    } while current == MutexWord.locked
    return current & MutexWord.called != 0 && returnLoan()
  }

  /// Takes the lock before the task that was called, whose wait then has one loan less.
  @usableFromInline @inline(never)
  func borrow() -> Bool {
    var current = word.loadFast()
    while MutexWord.isLendable(current) {
      let lent = (current | MutexWord.locked) - 1 << MutexWord.loansShift
      if word.replaceFast(&current, with: lent) { return true }
    }
    return false
  }

  /// Gives it back while that task is still on its way; after the last loan it is that task's instead.
  @usableFromInline @inline(never)
  func returnLoan() -> Bool {
    var current = word.loadFast()
    while MutexWord.isLent(current) {
      if word.replaceFast(&current, with: current & ~MutexWord.locked) { return true }
    }
    return false
  }

  /// The fast paths under a tester, which wants to know who holds what.
  @usableFromInline @inline(never)
  func lockInTurn() -> Bool {
    SchedulingPoint.tryFastPath(.holding, of: identity) { takeFree() }
  }

  @usableFromInline @inline(never)
  func unlockInTurn() -> Bool {
    SchedulingPoint.tryFastPath(.done, of: identity) { giveBackUnwanted() }
  }

  @usableFromInline @inline(never)
  func lockSlowly(_ deadline: Deadline) async throws {
    if lockByLooking() { return }
    let seen = spinner.seen
    guard let ticket = takeOrLineUp() else { return }
    let outcome =
      if let early = look(for: ticket, since: seen) { early } else {
        await suspend(ticket, as: .current("lock"), until: deadline)
      }
    guard outcome == .granted(MutexState.call) else { return try finish(outcome, "lock", deadline) }
    let end =
      if let early = arrive(ticket) { early } else {
        await suspend(ticket, as: .current("lock"), until: deadline)
      }
    try finish(end, "lock", deadline)
  }

  @usableFromInline @inline(never)
  func lockUncancellablySlowly() async {
    if lockByLooking() { return }
    let seen = spinner.seen
    guard let ticket = takeOrLineUp() else { return }
    if look(for: ticket, since: seen) == nil {
      let outcome = await suspendUncancellable(ticket, as: .current("lock"))
      if outcome == .granted(MutexState.call), arrive(ticket) == nil {
        _ = await suspendUncancellable(ticket, as: .current("lock"))
      }
    }
    Trace.record(.holding, identity)
  }

  /// How the wait of the calling task, which was called, has ended; `nil` if it has to suspend again, which it does at most once.
  private func arrive(_ ticket: Ticket) -> WaitOutcome? {
    let (now, seen) = (Mode.recordingTime, spinner.seen)
    return withState { $0.arrive(ticket, recordingAt: now) } ?? look(for: ticket, since: seen)
  }

  @usableFromInline @inline(never)
  func tryLockSlowly() -> Bool {
    let party = Party.arriving("lock")
    let isTaken = withState { $0.tryLock(party, recordsHolder: Mode.recordsHolders) }
    if isTaken { Trace.record(.holding, identity) }
    return isTaken
  }

  @usableFromInline @inline(never)
  func unlockSlowly() {
    let now = Mode.recordingTime
    let wakes = withState { $0.unlock(recordingAt: now) }
    Trace.record(.done, identity)
    wakes.fire()
  }

  /// Gives the lock back until some scope has changed the value, and takes it again; without it if it throws.
  @usableFromInline @inline(never)
  func waitForChange(_ deadline: Deadline) async throws {
    let ticket = startWaiting(for: MutexState.change)
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("withLock(when:)"), until: deadline)
    try finish(outcome, "withLock(when:)", deadline)
  }

  /// Takes the lock if it becomes free in a moment and nobody is in line but a task that was called.
  ///
  /// A line that has formed does not end while tasks come back to it: each section then costs a suspension. Most
  /// sections end sooner than a task could suspend.
  private func lockByLooking() -> Bool {
    guard Mode.isPlain else { return false }
    let isTaken = spinner.look {
      var current = word.loadFast()
      if current == 0 { return word.replaceFast(&current, with: MutexWord.locked) }
      if MutexWord.isLendable(current) { return borrow() }
      return current == MutexWord.locked || MutexWord.isLent(current) ? false : nil
    }
    if isTaken { Trace.record(.holding, identity) }
    return isTaken
  }

  private func takeOrLineUp() -> Ticket? {
    let party = Party.arriving("lock")
    switch withState({ $0.lock(party, recordsHolder: Mode.recordsHolders) }) {
    case .granted:
      Trace.record(.holding, identity)
      return nil
    case .wait(let ticket):
      scopes.requireAbsent(
        "\(identity) is locked by \(TaskIdentity.current) already, which would wait for itself for ever; "
          + "do not lock it again inside its own scope: pass the value on instead"
      )
      registration.ensure(self)
      Trace.record(.waiting, identity)
      return ticket
    }
  }

  private func look(for ticket: Ticket, since seen: Int) -> WaitOutcome? {
    spinner.outcome(since: seen) { withState { $0.takeOutcome(ticket) } }
  }

  private func finish(
    _ outcome: WaitOutcome,
    _ operation: StaticString,
    _ deadline: Deadline
  ) throws {
    Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
    try outcome.grantedValue(operation, on: identity, until: deadline)
  }

  /// Tickets of the line for the lock are plain, those of waits for a change are marked.
  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    guard !waiter.ticket.isMarked else { return attach(waiter, of: MutexState.change) }
    return withState { $0.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    guard !ticket.isMarked else { return abort(ticket, of: MutexState.change, outcome) }
    let now = Mode.recordingTime
    withState { $0.abort(ticket, outcome, recordingAt: now) }.fire()
  }

  private func withState<Success>(
    _ body: (inout MutexState) -> sending Success
  ) -> sending Success {
    state.withLock(taking: word, telling: spinner, body)
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let state = withState { $0 }
    let changes = state.queue(of: MutexState.change)
    return Snapshot(
      of: identity,
      figures: [
        "locked": state.isLocked ? 1 : 0,
        "waiting": state.line.waiting + changes.waiting,
        "suspended": state.suspended,
      ],
      holders: state.holder.map { [$0] } ?? [],
      waiters: state.line.parties + changes.parties
    )
  }
}

/// Conditions, whose waits the mutex decides because they end with its lock.
extension MutexCore {
  func makeCondition() -> Int { withState { $0.makeCondition() } }

  func removeCondition(_ number: Int) { withState { $0.removeCondition(number) } }

  func queue(of condition: Int) -> WaitQueue { withState { $0.queue(of: condition) } }

  /// Takes a place in the condition's line and gives the lock back.
  func startWaiting(for condition: Int) -> Ticket {
    let (party, now) = (Party.arriving("wait"), Mode.recordingTime)
    let (ticket, wakes) = withState { $0.wait(for: condition, party, recordingAt: now) }
    registration.ensure(self)
    Trace.record(.done, identity)
    wakes.fire()
    return ticket
  }

  func notify(_ condition: Int, limit: Int) {
    let now = Mode.recordingTime
    withState { $0.notify(condition, limit: limit, recordingAt: now) }.fire()
  }

  func attach(_ waiter: Waiter, of condition: Int) -> WaitOutcome? {
    withState { $0.attach(waiter, of: condition) }
  }

  func abort(_ ticket: Ticket, of condition: Int, _ outcome: WaitOutcome) {
    let now = Mode.recordingTime
    withState { $0.abort(ticket, of: condition, outcome, recordingAt: now) }.fire()
  }
}
