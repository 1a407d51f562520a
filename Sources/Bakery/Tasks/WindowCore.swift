/// The items in flight between a source and who receives the outputs: the lock, and the waiting.
// Safe because `state` is touched only under `lock`.
@usableFromInline
final class WindowCore<Output: Sendable>: WaitOwner, Traceable, @unchecked Sendable {
  @usableFromInline let identity: ObjectIdentity
  @usableFromInline let lock = Lock()
  /// Behind a pointer, so that inlined code pays no exclusivity checks; owned by this object.
  @usableFromInline let state: UnsafeMutablePointer<WindowState<Output>>
  @usableFromInline let spinner = Spinner()
  private let width: Int
  /// The stage that the window belongs to.
  @usableFromInline let meter: StageMeter?
  private let failure = Guarded<(any Error)?>(nil)
  private let registration = Registration()

  @usableFromInline
  init(
    width: Int,
    order: GatherOrder,
    identity: ObjectIdentity,
    meter: StageMeter? = nil
  ) {
    self.width = width
    self.identity = identity
    self.meter = meter
    let (twice, overflow) = width.multipliedReportingOverflow(by: 2)
    state = .allocate(capacity: 1)
    state.initialize(to: WindowState(capacity: overflow ? .max : twice, order: order))
    if identity.name != nil { registration.ensure(self) }
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// Runs a decision under the lock and fires its wakes after it.
  @inlinable @inline(__always)
  func decide<Decision>(_ body: (inout WindowState<Output>, inout Wakes) -> Decision) -> Decision {
    var wakes = Wakes()
    lock.lock()
    let before = state.pointee.decisions
    let decision = body(&state.pointee, &wakes)
    if state.pointee.decisions != before { spinner.didDecide() }
    lock.unlock()
    wakes.fire()
    return decision
  }

  /// Leaves an output and waits for the turn to ask the source; false when no more inputs are to be taken.
  @inlinable @inline(__always)
  func turn(after output: (index: Int, output: Output)) async throws -> Bool {
    let seen = spinner.seen
    let turn = decide { state, wakes in
      state.place(output.output, of: output.index, &wakes)
      return state.turn(.arriving("take"))
    }
    if turn == .take { return true }
    return try await finish(turn, since: seen)
  }

  /// The first turn of a worker.
  @usableFromInline
  func arrive() async throws -> Bool {
    let seen = spinner.seen
    return try await finish(decide { state, _ in state.arrive(.arriving("take")) }, since: seen)
  }

  /// Waits until one more worker has something to take; false when that will not be.
  @usableFromInline
  func needsWorker() async throws -> Bool {
    let seen = spinner.seen
    switch decide({ state, _ in state.needsWorker(.arriving("start")) }) {
    case .take: return true
    case .end: return false
    case .wait(let ticket): return try await isCalled(ticket, since: seen)
    }
  }

  @usableFromInline
  func finish(_ turn: WindowState<Output>.Turn, since seen: Int) async throws -> Bool {
    var (turn, seen) = (turn, seen)
    while true {
      switch turn {
      case .take: return true
      case .end: return false
      case .wait(let ticket):
        guard try await isCalledMetered(ticket, since: seen) else { return false }
        seen = spinner.seen
        turn = decide { state, _ in state.arrive(.arriving("take")) }
      }
    }
  }

  private func isCalledMetered(_ ticket: Ticket, since seen: Int) async throws -> Bool {
    guard let meter else { return try await isCalled(ticket, since: seen) }
    let isFull = decide { state, _ in state.inFlight >= state.capacity }
    return try await meter.waiting(isFull ? .blocked : .starved) {
      try await isCalled(ticket, since: seen)
    }
  }

  /// Waits in the line of workers; false when there is nothing more to do.
  private func isCalled(_ ticket: Ticket, since seen: Int) async throws -> Bool {
    registration.ensure(self)
    let early = spinner.outcome(since: seen) { decide { state, _ in state.takeOutcome(ticket) } }
    let outcome =
      if let early { early } else {
        await suspend(ticket, as: .current("take"), until: .never)
      }
    if outcome == .closed { return false }
    return try outcome.grantedValue("take", on: identity, until: .never) == 0
  }

  /// The source was asked; returns the index of the input if there is one to work on.
  @inlinable @inline(__always)
  func didTake(_ hasInput: Bool) -> Int? {
    decide { state, wakes in state.didTake(hasInput, &wakes) }
  }

  /// The next output; `nil` after the last one.
  @inlinable @inline(__always)
  func receive(until deadline: Deadline) async throws -> Output? {
    let seen = spinner.seen
    switch decide({ state, wakes in state.receive(.arriving("receive"), &wakes) }) {
    case .output(let output):
      if !Mode.isPlain { Trace.record(.received, identity) }
      return output
    case .wait(let ticket): return try await waitToReceive(ticket, until: deadline, since: seen)
    case .end:
      try throwFailure()
      return nil
    }
  }

  /// The next output if it is ready.
  @inlinable
  func tryReceive() -> Output? {
    guard case .output(let output) = decide({ state, wakes in state.receive(nil, &wakes) }) else {
      return nil
    }
    if !Mode.isPlain { Trace.record(.received, identity) }
    return output
  }

  @inlinable @inline(never)
  func waitToReceive(
    _ ticket: Ticket,
    until deadline: Deadline,
    since seen: Int
  ) async throws -> Output? {
    willWait()
    var outcome = spinner.outcome(since: seen) { decide { state, _ in state.takeOutcome(ticket) } }
    if outcome == nil {
      outcome = await suspend(ticket, as: .current("receive"), until: deadline)
    }
    Trace.record(outcome?.isGranted == true ? .received : .gaveUp, identity)
    switch outcome {
    case .granted: return decide { state, _ in state.collect(ticket) }
    case .cancelled, .timedOut, .impossible, nil:
      throw (outcome ?? .cancelled).failure("receive", on: identity, until: deadline)
    case .closed:
      try throwFailure()
      return nil
    }
  }

  @usableFromInline
  func willWait() {
    registration.ensure(self)
    Trace.record(.waiting, identity)
  }

  /// Ends the work: workers take nothing more, receivers get the first error given here, or the end.
  @usableFromInline
  func stop(_ error: (any Error)?) {
    if let error { failure.withLock { if $0 == nil { $0 = error } } }
    decide { state, wakes in state.stop(&wakes) }
  }

  @usableFromInline
  func throwFailure() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  @usableFromInline
  func join() { decide { state, _ in state.join() } }

  @usableFromInline
  func leave() { decide { state, wakes in state.leave(&wakes) } }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    decide { state, _ in state.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    decide { state, wakes in wakes.add(state.abort(ticket, outcome)) }
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let counts = decide { state, _ in
      (
        taken: state.taken, finished: state.finished, received: state.received,
        workers: state.workers.parties, receivers: state.receivers.parties
      )
    }
    return Snapshot(
      of: identity,
      figures: [
        "width": width,
        "taken": counts.taken,
        "under way": counts.taken - counts.finished,
        "ready": counts.finished - counts.received,
        "received": counts.received,
      ],
      waiters: counts.workers + counts.receivers
    )
  }
}
