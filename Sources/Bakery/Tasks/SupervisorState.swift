/// The decisions of `Supervisor`: pure, without a lock, a clock or a task.
///
/// What happens goes in, with the time where it matters; what is to be done comes out. A child goes through this:
/// ```
///              launch              ready            stop               late
///   waiting ───────────► starting ───────► running ──────► stopping ──────────► overdue
///      ▲                    │                 │       ▲        │                   │
///      │                    └── ended, stop ──┼───────┘        │ ended             │ ended
///      │ restart                              │ ended          ▼                   ▼
///      └──────────────────────────────────────┴──────────► forgotten ◄─────────────┘
/// ```
/// Invariant: children are in the order of their first start.
/// Invariant: a child is told to stop when those after it that have to stop too have ended, or are overdue.
/// Invariant: once the supervisor ends, nothing is launched.
struct SupervisorState: Sendable {
  enum Phase: Sendable { case waiting, starting, running, stopping, overdue }

  /// What becomes of a child when its current run has ended.
  enum Fate: Sendable { case decidedThen, restarts, leaves }

  enum BodyPhase: Sendable { case running, stopping, overdue, ended }

  struct Child: Sendable {
    let id: Int
    let name: String
    let restart: Supervisor.Restart
    var phase = Phase.waiting
    var fate = Fate.decidedThen
    /// The number of its current or last run, unique within the supervisor; 0 before the first.
    var run: UInt64 = 0
    /// Whether there is a task to run it.
    var isAttended = false
    /// Whether it ever said that it is ready: until then somebody waits for that.
    var hasStarted = false
    /// The restarts of the supervisor within the period, when this child was to be restarted for its own end.
    var attempt = 0
    var restarts = 0

    var isReadyToLaunch: Bool { phase == .waiting && isAttended }

    /// Whether it runs, and has not been given up.
    var isLive: Bool { [.starting, .running, .stopping].contains(phase) }
  }

  enum Action: Sendable {
    case launch(id: Int, run: UInt64, attempt: Int)
    case stop(id: Int, run: UInt64)
    /// The child is gone; whoever waits for its first start gets the error.
    case forget(id: Int, (any Error)?)
    case stopBody
    case refuseChildren
    case sayEmpty
  }

  let strategy: Supervisor.Strategy
  let intensity: Supervisor.Intensity
  let description: String
  private(set) var children: [Child] = []
  private(set) var body = BodyPhase.running
  /// From here on children end one after the other.
  private(set) var isEnding = false
  private(set) var escalation: SupervisionFailure?
  private(set) var restarts = 0
  private var recentRestarts: [Deadline] = []
  private var lastID = 0
  private var lastRun: UInt64 = 0

  init(strategy: Supervisor.Strategy, intensity: Supervisor.Intensity, description: String) {
    self.strategy = strategy
    self.intensity = intensity
    self.description = description
  }

  /// Takes a child into the list, at its end; `nil` if the supervisor ends.
  mutating func add(_ name: String, _ restart: Supervisor.Restart) -> Int? {
    guard !isEnding else { return nil }
    lastID += 1
    children.append(Child(id: lastID, name: name, restart: restart))
    return lastID
  }

  /// The child's task is there: it may be launched.
  mutating func attend(_ id: Int) -> [Action] {
    guard let index = children.firstIndex(where: { $0.id == id }) else { return [] }
    children[index].isAttended = true
    return advance()
  }

  /// The child says that it is ready; false if that is of no interest any more.
  mutating func ready(_ id: Int, _ run: UInt64) -> (isNews: Bool, actions: [Action]) {
    guard let index = index(id, run), children[index].phase == .starting else {
      return (false, [])
    }
    children[index].phase = .running
    children[index].hasStarted = true
    return (true, advance())
  }

  /// The child's run has ended, by itself or because it was stopped.
  mutating func ended(
    _ id: Int,
    _ run: UInt64,
    _ failure: (any Error)?,
    at now: Deadline
  ) -> [Action] {
    guard let index = index(id, run) else { return [] }
    let child = children[index]
    if isEnding || child.fate == .leaves {
      return forget(index, child.hasStarted ? nil : CancellationError()) + advance()
    }
    if child.fate == .restarts {
      children[index].phase = .waiting
      children[index].fate = .decidedThen
      children[index].attempt = 0
      return advance()
    }
    guard child.hasStarted else {
      return forget(index, failure ?? self.failure(.endedBeforeStart, child.name)) + advance()
    }
    guard child.restart.follows(failure) else { return forget(index, nil) + advance() }
    return restart(index, failure, at: now) + advance()
  }

  /// The child was stopped and has not ended in time.
  mutating func late(_ run: UInt64) -> [Action] {
    guard let index = children.firstIndex(where: { $0.run == run && $0.phase == .stopping }) else {
      return []
    }
    children[index].phase = .overdue
    var actions: [Action] = []
    if children[index].fate == .restarts, !isEnding {
      actions += escalate(failure(.childDidNotStop, children[index].name))
    }
    return actions + advance()
  }

  /// Nobody wants the child any more; does nothing if it is not there.
  mutating func withdraw(_ id: Int) -> [Action] {
    guard let index = children.firstIndex(where: { $0.id == id }) else { return [] }
    children[index].fate = .leaves
    return advance()
  }

  /// The child's task has ended without a turn, because everything is cancelled.
  mutating func left(_ id: Int) -> [Action] {
    guard let index = children.firstIndex(where: { $0.id == id }) else { return [] }
    return forget(index, CancellationError()) + advance()
  }

  mutating func bodyEnded() -> [Action] {
    body = .ended
    return end() + advance()
  }

  mutating func bodyIsLate() -> [Action] {
    guard body == .stopping else { return [] }
    body = .overdue
    return advance()
  }

  /// The supervisor's task is cancelled, and with it the body and all children.
  mutating func cancelled() -> [Action] { end() + advance() }

  /// Whether that run was told to stop and has time left to do so; 0 stands for the body.
  func isStopping(_ run: UInt64) -> Bool {
    guard run > 0 else { return body == .stopping }
    return children.contains { $0.run == run && $0.phase == .stopping }
  }

  private func index(_ id: Int, _ run: UInt64) -> Int? {
    children.firstIndex { $0.id == id && $0.run == run }
  }

  private func failure(
    _ reason: SupervisionFailure.Reason,
    _ child: String,
    _ underlying: (any Error)? = nil
  ) -> SupervisionFailure {
    SupervisionFailure(
      reason: reason,
      supervisor: description,
      child: child,
      intensity: intensity,
      underlying: underlying
    )
  }

  private mutating func end() -> [Action] {
    guard !isEnding else { return [] }
    isEnding = true
    return [.refuseChildren]
  }

  private mutating func escalate(_ failure: SupervisionFailure) -> [Action] {
    escalation = failure
    return end()
  }

  private mutating func forget(_ index: Int, _ error: (any Error)?) -> [Action] {
    let action = Action.forget(id: children.remove(at: index).id, error)
    return children.isEmpty ? [action, .sayEmpty] : [action]
  }

  /// Restarts a child for its own end, and those that the strategy says, unless that is once too often.
  private mutating func restart(
    _ index: Int,
    _ underlying: (any Error)?,
    at now: Deadline
  ) -> [Action] {
    recentRestarts.removeAll { now.duration(since: $0) > intensity.period }
    guard recentRestarts.count < intensity.restarts else {
      let failure = failure(.tooManyRestarts, children[index].name, underlying)
      return escalate(failure) + forget(index, nil)
    }
    recentRestarts.append(now)
    restarts += 1
    children[index].restarts += 1
    children[index].attempt = recentRestarts.count
    children[index].phase = .waiting
    let others: Range<Int> =
      switch strategy {
      case .oneForOne: 0..<0
      case .allForOne: children.indices
      case .restForOne: index..<children.count
      }
    for other in others where other != index && children[other].isLive {
      // A child for whose first start somebody waits is started again; other temporary ones never are.
      let isLast = children[other].restart == .temporary && children[other].hasStarted
      if isLast || children[other].fate == .leaves {
        children[other].fate = .leaves
      } else {
        children[other].fate = .restarts
      }
    }
    return []
  }

  /// Does what can be done now: the next stop, the next launches.
  private mutating func advance() -> [Action] {
    var actions: [Action] = []
    if isEnding {
      if body == .running {
        body = .stopping
        actions.append(.stopBody)
      }
      // The body uses the children: they go after it.
      if body != .stopping {
        for index in children.indices { children[index].fate = .leaves }
      }
    }
    for index in children.indices.reversed() where children[index].phase == .waiting {
      guard isEnding || children[index].fate == .leaves else { continue }
      actions += forget(index, CancellationError())
    }
    if let last = children.lastIndex(where: { $0.isLive && $0.fate != .decidedThen }),
      children[last].phase != .stopping
    {
      children[last].phase = .stopping
      actions.append(.stop(id: children[last].id, run: children[last].run))
    }
    for index in nextLaunches { actions.append(launch(index)) }
    return actions
  }

  private var nextLaunches: [Int] {
    guard strategy != .oneForOne else {
      return children.indices.filter { children[$0].isReadyToLaunch }
    }
    // One after the other, when nothing is left that has to stop first.
    guard !children.contains(where: { $0.isLive && $0.fate != .decidedThen }) else { return [] }
    let next = children.firstIndex { $0.fate == .decidedThen && $0.phase != .running }
    guard let next, children[next].isReadyToLaunch else { return [] }
    return [next]
  }

  private mutating func launch(_ index: Int) -> Action {
    lastRun += 1
    children[index].phase = .starting
    children[index].run = lastRun
    return .launch(id: children[index].id, run: lastRun, attempt: children[index].attempt)
  }
}

extension Supervisor.Restart {
  /// Whether a child of this kind is restarted after such an end.
  fileprivate func follows(_ failure: (any Error)?) -> Bool {
    switch self {
    case .permanent: true
    case .transient: failure != nil
    case .temporary: false
    }
  }
}
