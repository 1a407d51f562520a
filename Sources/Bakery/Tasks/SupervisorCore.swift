/// The working part of `Supervisor`: the lock, the decisions of `SupervisorState`, and the tasks that carry them out.
///
/// Each child has a task of its own, which waits for its turn, runs the child in a child task, says how that ended, and
/// waits for the next turn. So a restart needs no task that watches others, and everything is a child of the caller.
final class SupervisorCore: Traceable, TimerTarget {
  /// A turn of a child.
  struct Launch: Sendable {
    let run: UInt64
    let attempt: Int
    let task: ScopedBody
  }

  private struct Entry {
    let child: SupervisedChild
    var task: ScopedBody?
    /// Runs out when the child was told to stop and has not.
    var timer: TimerID?
    /// Since when it runs, or stops.
    var since: Deadline
  }

  private struct State {
    var decisions: SupervisorState
    var entries: [Int: Entry] = [:]
    /// Set when no child is left; the next child brings the next event.
    var empty: AsyncEvent
    var bodyTimer: TimerID?
  }

  /// What a decision does outside the lock.
  private enum Effect: Sendable {
    case launch(SupervisedChild, Launch, oldTimer: TimerID?)
    case stop(ScopedBody, run: UInt64)
    case forget(SupervisedChild, (any Error)?, oldTimer: TimerID?)
    case refuseChildren
    case sayEmpty(AsyncEvent)
  }

  let identity: ObjectIdentity
  private let backoff: Schedule
  private let stopTimeout: Duration
  private let time = Seams.time
  private let bodyTask = ScopedBody()
  private let arrivals = Channel<SupervisedChild>(capacity: 1)
  private let state: Guarded<State>
  private let registration = Registration()

  init(
    _ decisions: SupervisorState,
    backoff: Schedule,
    stopTimeout: Duration,
    identity: ObjectIdentity
  ) {
    self.identity = identity
    self.backoff = backoff
    self.stopTimeout = stopTimeout
    let empty = AsyncEvent(file: identity.file, line: identity.line)
    empty.set()
    state = Guarded(State(decisions: decisions, empty: empty))
    if identity.name != nil { registration.ensure(self) }
  }

  var escalation: SupervisionFailure? { state.withLock { $0.decisions.escalation } }

  /// Runs `body` as the supervisor's own, and returns when it and all children have ended.
  func outcome<Success: ~Copyable>(
    of body: nonisolated(nonsending) () async throws -> Success
  ) async -> Result<Success, any Error> {
    async let children: Void = runChildren()
    let result = await bodyTask.outcome(body)
    perform { $0.bodyEnded() }
    if let timer = state.withLock({ $0.bodyTimer }) { time.cancel(timer) }
    await children
    return result
  }

  @concurrent
  private func runChildren() async {
    await withDiscardingTaskGroup { group in
      while let child = try? await arrivals.receiver.receive() {
        group.addTask(name: child.name) { await self.attend(child) }
      }
      // Otherwise the body has ended.
      if Task.isCancelled { perform { $0.cancelled() } }
    }
  }

  /// A child's task, from its first turn to its last.
  private func attend(_ child: SupervisedChild) async {
    perform { $0.attend(child.id) }
    while let launch = try? await child.launches.receiver.receive() {
      var failure: (any Error)?
      await launch.task.run {
        do {
          try await self.pause(launch)
          try await child.body(self, child.id, launch.run)
        } catch {
          failure = error
        }
      }
      Trace.record(.done, identity)
      if Task.isCancelled { perform { $0.cancelled() } }
      perform { [failure, now = time.now] in $0.ended(child.id, launch.run, failure, at: now) }
    }
    // Cancelled before its turn came; otherwise it is forgotten already.
    perform { $0.left(child.id) }
  }

  private func pause(_ launch: Launch) async throws {
    try Task.checkCancellation()
    guard launch.attempt > 0, let delay = backoff.delay(afterAttempt: launch.attempt) else {
      return
    }
    let isOver = await sleep(until: .after(delay), as: "restart", count: launch.attempt)
    if !isOver { throw CancellationError() }
  }

  /// Adds a child, which starts as soon as the strategy allows.
  func add(
    _ name: String,
    _ restart: Supervisor.Restart,
    _ body: @escaping SupervisedChild.Body,
    refuse: @escaping @Sendable (any Error) -> Void
  ) async throws -> Int {
    registration.ensure(self)
    let launches = Channel<Launch>(capacity: 1, file: identity.file, line: identity.line)
    let child: SupervisedChild? = state.withLock { state in
      let wasEmpty = state.decisions.children.isEmpty
      guard let id = state.decisions.add(name, restart) else { return nil }
      let child = SupervisedChild(
        id: id,
        name: name,
        launches: launches,
        body: body,
        refuse: refuse
      )
      state.entries[id] = Entry(child: child, since: .never)
      if wasEmpty { state.empty = AsyncEvent(file: identity.file, line: identity.line) }
      return child
    }
    guard let child else { throw CancellationError() }
    do {
      try await arrivals.sender.send(child)
    } catch {
      withdraw(child.id)
      throw CancellationError()
    }
    return child.id
  }

  func withdraw(_ id: Int) {
    perform { $0.withdraw(id) }
  }

  /// The child is ready; false if that is of no interest any more.
  func ready(_ id: Int, _ run: UInt64) -> Bool {
    var isNews = false
    perform { state in
      let (news, actions) = state.ready(id, run)
      isNews = news
      return actions
    }
    if isNews { Trace.record(.holding, identity) }
    return isNews
  }

  /// A run was told to stop and has not ended in time; 0 stands for the body.
  func timerFired(tag: UInt64) {
    perform { tag == 0 ? $0.bodyIsLate() : $0.late(tag) }
  }

  func waitUntilEmpty(_ deadline: Deadline) async throws {
    registration.ensure(self)
    let empty = state.withLock { $0.empty }
    try await empty.wait(deadline: deadline)
  }

  private func perform(_ decide: (inout SupervisorState) -> [SupervisorState.Action]) {
    let now = time.approximateNow
    let effects: [Effect] = state.withLock { state in
      decide(&state.decisions).compactMap { effect(of: $0, in: &state, at: now) }
    }
    for effect in effects { carryOut(effect) }
  }

  /// Under the lock: a decision about numbers becomes one about objects.
  private func effect(
    of action: SupervisorState.Action,
    in state: inout State,
    at now: Deadline
  ) -> Effect? {
    switch action {
    case .launch(let id, let run, let attempt):
      guard let entry = state.entries[id] else { return nil }
      let task = ScopedBody()
      state.entries[id] = Entry(child: entry.child, task: task, since: now)
      return .launch(
        entry.child,
        Launch(run: run, attempt: attempt, task: task),
        oldTimer: entry.timer
      )
    case .stop(let id, let run):
      state.entries[id]?.since = now
      return state.entries[id]?.task.map { .stop($0, run: run) }
    case .forget(let id, let error):
      return state.entries.removeValue(forKey: id).map {
        .forget($0.child, error, oldTimer: $0.timer)
      }
    case .stopBody: return .stop(bodyTask, run: 0)
    case .refuseChildren: return .refuseChildren
    case .sayEmpty: return .sayEmpty(state.empty)
    }
  }

  private func carryOut(_ effect: Effect) {
    switch effect {
    case .launch(let child, let launch, let timer):
      if let timer { time.cancel(timer) }
      // There is room: the child's task has taken the turn before.
      try? child.launches.sender.trySend(launch)
    case .stop(let task, let run):
      task.cancel()
      startTimer(run)
    case .forget(let child, let error, let timer):
      if let timer { time.cancel(timer) }
      child.launches.sender.close()
      if let error { child.refuse(error) }
    case .refuseChildren: arrivals.sender.close()
    case .sayEmpty(let event): event.set()
    }
  }

  private func startTimer(_ run: UInt64) {
    let deadline = time.now.advanced(by: stopTimeout)
    guard deadline != .never else { return }
    let timer = time.schedule(self, tag: run, at: deadline)
    let isWanted = state.withLock { state in
      guard state.decisions.isStopping(run) else { return false }
      if run == 0 {
        state.bodyTimer = timer
      } else if let child = state.decisions.children.first(where: { $0.run == run }) {
        state.entries[child.id]?.timer = timer
      }
      return true
    }
    if !isWanted { time.cancel(timer) }
  }

  func snapshot() -> Snapshot {
    let (decisions, since) = state.withLock { ($0.decisions, $0.entries.mapValues(\.since)) }
    func count(_ phase: SupervisorState.Phase) -> Int {
      decisions.children.count { $0.phase == phase }
    }
    return Snapshot(
      of: identity,
      figures: [
        "children": decisions.children.count,
        "waiting": count(.waiting), "starting": count(.starting), "running": count(.running),
        "stopping": count(.stopping), "overdue": count(.overdue), "restarts": decisions.restarts,
      ],
      holders: decisions.children.map { child in
        Party(
          task: TaskIdentity(number: UInt64(child.id), name: child.name),
          operation: child.phase.name,
          count: child.restarts,
          since: since[child.id] ?? .never
        )
      }
    )
  }
}

/// What the supervisor keeps of a child.
struct SupervisedChild: Sendable {
  typealias Body =
    @concurrent @Sendable (SupervisorCore, SupervisedChild.ID, UInt64) async throws -> Void
  typealias ID = Int

  let id: ID
  let name: String
  /// Its turns to run; closed when there will be none.
  let launches: Channel<SupervisorCore.Launch>
  let body: Body
  /// Tells whoever waits for the first start that it failed.
  let refuse: @Sendable (any Error) -> Void
}

extension SupervisorState.Phase {
  fileprivate var name: StaticString {
    switch self {
    case .waiting: "waiting"
    case .starting: "starting"
    case .running: "running"
    case .stopping: "stopping"
    case .overdue: "overdue"
    }
  }
}
