/// The working part of `BlockingPool`: the lock, the threads, and the decisions of `BlockingPoolState`.
final class BlockingPoolCore: WaitOwner, Traceable {
  /// Starts a thread of that name; 0, or the system's error number.
  typealias Starter = @Sendable (String, @escaping @Sendable () -> Void) -> Int32

  let identity: ObjectIdentity
  private let label: String
  private let starter: Starter
  private let idleTime: Duration
  private let state: Guarded<BlockingPoolState>
  private let end: ThreadEnd
  private let registration = Registration()

  init(
    threads: Int,
    capacity: Int,
    idle: Duration,
    label: String,
    identity: ObjectIdentity,
    starter: @escaping Starter = { startThreadIfPossible(named: $0, $1) }
  ) {
    self.identity = identity
    self.label = label
    self.starter = starter
    idleTime = idle
    state = Guarded(BlockingPoolState(threadsMaximum: threads, capacity: capacity))
    end = ThreadEnd(identity: identity)
    if identity.name != nil { registration.ensure(self) }
  }

  /// Returns when `job` has run, or throws when it will not.
  func run(_ job: BlockingJob, until deadline: Deadline) async throws {
    registration.ensure(self)
    let party = Party.current("run")
    switch state.withLock({ $0.submit(job, party) }) {
    case .unpark(let parker):
      parker.unpark()
    case .start(let number):
      try await startThread(number, deadline)
    case .wait(let ticket):
      try await wait(ticket, deadline)
    case .saturated:
      throw failure(.saturated)
    case .shutDown:
      throw failure(.shutDown)
    }
    Trace.record(.holding, identity)
    await job.waitForEnd()
    Trace.record(.done, identity)
  }

  private func wait(_ ticket: Ticket, _ deadline: Deadline) async throws {
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: .current("run"), until: deadline)
    guard !outcome.isGranted else { return }
    Trace.record(.gaveUp, identity)
    if outcome == .impossible { throw startFailure }
    throw outcome.failure("run", on: identity, until: deadline)
  }

  private func startThread(_ number: Int, _ deadline: Deadline) async throws {
    let error = starter("\(label)-\(number)") { self.work(number) }
    guard error != 0 else { return }
    var wakes = Wakes()
    let ticket = state.withLock { $0.startFailed(number, error, into: &wakes) }
    endIfGone()
    wakes.fire()
    guard let ticket else { throw startFailure }
    try await wait(ticket, deadline)
  }

  private var startFailure: ThreadStartFailure {
    ThreadStartFailure(name: label, code: state.withLock { $0.startError })
  }

  private func failure(_ reason: BlockingPoolFailure.Reason) -> BlockingPoolFailure {
    let state = state.withLock { $0 }
    return BlockingPoolFailure(
      reason: reason,
      pool: identity.description,
      threads: state.threadsMaximum,
      running: state.running.count,
      capacity: state.capacity,
      queued: state.queue.waiting
    )
  }

  /// The life of a thread of the pool.
  private func work(_ number: Int) {
    let parker = ThreadParker()
    var seen = parker.ticket
    var step = state.withLock { $0.next(number, parker) }
    loop: while true {
      switch step {
      case .run(let job, let wake):
        job.run()
        // The thread is free before its task goes on: what the task does next finds it so.
        seen = parker.ticket
        step = state.withLock { $0.next(number, parker) }
        job.finish()
        wake?.fire()
      case .idle:
        parker.block(since: seen, until: RealTime.now.advanced(by: idleTime))
        if parker.ticket == seen, state.withLock({ $0.endIdle(number) }) { break loop }
        // Given a job, or woken by the shutdown. A job given just now unparks in a moment, which ends no later wait.
        if parker.ticket == seen { parker.block(since: seen, until: .never) }
        seen = parker.ticket
        step = state.withLock { $0.next(number, parker) }
      case .end:
        break loop
      }
    }
    ThreadValues.end()
    state.withLock { $0.threadEnded() }
    endIfGone()
  }

  private func endIfGone() {
    if state.withLock({ $0.isGone }) { end.end() }
  }

  func shutDown() {
    let parkers = state.withLock { $0.shutDown() }
    for parker in parkers { parker.unpark() }
    Trace.record(.closed, identity)
    endIfGone()
  }

  func waitForEnd(until deadline: Deadline) async throws {
    try await end.wait("shutdown", until: deadline)
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    let (wake, job) = state.withLock { $0.abort(ticket, outcome) }
    wake?.fire()
    withExtendedLifetime(job) {}
  }

  func snapshot() -> Snapshot {
    let state = state.withLockUnobserved { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "threads": state.threads + state.ending,
        "running": state.running.count,
        "queued": state.queue.waiting,
      ],
      holders: state.runningParties,
      waiters: state.queue.parties + end.waiters
    )
  }
}
