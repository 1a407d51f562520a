/// Keeps tasks running: starts them in order, restarts those that end, and gives up when that happens too often.
///
/// `withSupervisor` makes one. Terms and rules are those of Erlang/OTP's `supervisor`: strategies, kinds of restart, and
/// an intensity above which restarting is no help any more. Supervisors nest: one that gives up fails, like any
/// child, and the supervisor around it restarts the whole.
///
/// The children are child tasks of `withSupervisor`, so they cannot outlive it, and Swift cannot stop a task by force. A
/// child that ignores its cancellation is waited for. When it is `stopTimeout` late the others are stopped without
/// waiting for it, dumps show it as overdue, and if it was to be restarted, the supervisor gives up.
///
/// - Complexity: O(*children*) for each start, end and restart.
///
/// @Snippet(path: "bakery/Snippets/SuperviseTasks", slice: "supervisor")
public final class Supervisor: Sendable {
  /// Who is restarted when one child is.
  public enum Strategy: Hashable, Sendable {
    /// That child.
    case oneForOne
    /// All: they are stopped in reverse order and started in order. For children that are useless without each other.
    case allForOne
    /// That child and those started after it. For children that build upon those before them.
    case restForOne
  }

  /// After what end a child is restarted.
  public enum Restart: Hashable, Sendable {
    /// After any.
    case permanent
    /// After an error; a child that returns has done its work.
    case transient
    /// Never, also not for the sake of others.
    case temporary
  }

  /// How many restarts are too many: more than `restarts` within `period`.
  public struct Intensity: Hashable, Sendable {
    /// How many restarts there may be within the period.
    public let restarts: Int
    /// How long a restart counts.
    public let period: Duration

    /// Makes an intensity.
    ///
    /// - Important: traps when a number is negative.
    public init(_ restarts: Int, within period: Duration) {
      require(restarts >= 0, "Supervisor.Intensity needs 0 restarts or more, got \(restarts)")
      require(period >= .zero, "Supervisor.Intensity needs a period of at least 0, got \(period)")
      self.restarts = restarts
      self.period = period
    }
  }

  /// How a child says that it has started: `started(value)`.
  public struct Started<Value: Sendable>: Sendable {
    let core: SupervisorCore
    let child: Int
    let run: UInt64
    let answer: Oneshot<Result<Value, any Error>>.Sender

    /// Says that the child is ready; whoever started it goes on, with the value.
    ///
    /// Only the first call of each run counts. The value of a child that was restarted goes to nobody: what
    /// others need to know of the new run belongs into a `Watch`.
    public func callAsFunction(_ value: Value) {
      if core.ready(child, run) { try? answer.send(.success(value)) }
    }
  }

  /// What the supervisor is called and where it was made.
  public let identity: ObjectIdentity

  let core: SupervisorCore

  init(
    _ strategy: Strategy,
    _ intensity: Intensity,
    backoff: Schedule,
    stopTimeout: Duration,
    identity: ObjectIdentity
  ) {
    require(
      backoff.attemptsMaximum == .max && backoff.duration == nil,
      "\(identity) needs a backoff without attempts or duration, because its intensity limits restarts; got \(backoff)"
    )
    require(
      stopTimeout >= .zero,
      "\(identity) needs a stopTimeout of at least 0, got \(stopTimeout)"
    )
    self.identity = identity
    core = SupervisorCore(
      SupervisorState(strategy: strategy, intensity: intensity, description: "\(identity)"),
      backoff: backoff,
      stopTimeout: stopTimeout,
      identity: identity
    )
  }

  /// Starts a child and waits until it says that it is ready.
  ///
  /// The child gets the means to say so; until it does, it counts as starting, and its end is not followed by a
  /// restart but thrown here. Under `allForOne` and `restForOne` it starts when all children before it are
  /// ready; there a child must not wait for the start of another before it is ready itself.
  ///
  /// > Ordering: children start in the order of the calls, and stop in the reverse order.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The child is stopped
  /// then, and so it is after the deadline; the supervisor waits for it.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call the child; it is the name of its task.
  ///   - restart: After what end it is restarted.
  ///   - deadline: Until when to wait for its first start.
  ///   - body: The child; runs in a child task, again for each restart.
  /// - Returns: What the child said.
  /// - Throws: What the child threw before it was ready; `SupervisionFailure` when it returned before; `DeadlineExceeded`;
  ///   `CancellationError`, also when the supervisor ends.
  ///
  /// @Snippet(path: "bakery/Snippets/SuperviseTasks", slice: "started")
  @discardableResult
  public func start<Value: Sendable>(
    _ name: String,
    restart: Restart = .permanent,
    deadline: Deadline = .never,
    _ body: @escaping @concurrent @Sendable (Started<Value>) async throws -> Void
  ) async throws -> Value {
    let answer = Oneshot<Result<Value, any Error>>(file: identity.file, line: identity.line)
    let sender = answer.sender
    let child = try await core.add(name, restart) { core, child, run in
      try await body(Started(core: core, child: child, run: run, answer: sender))
    } refuse: {
      try? sender.send(.failure($0))
    }
    let result: Result<Value, any Error>
    do {
      result = try await answer.receiver.receive(deadline: deadline)
    } catch {
      core.withdraw(child)
      guard error is DeadlineExceeded else { throw error }
      throw DeadlineExceeded(operation: "start of \"\(name)\" by \(identity)", deadline: deadline)
    }
    return try result.get()
  }

  /// Starts a child that is ready as soon as it runs.
  ///
  /// As `start(_:restart:deadline:_:)` otherwise.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The child is stopped
  /// then; the supervisor waits for it.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call the child; it is the name of its task.
  ///   - restart: After what end it is restarted.
  ///   - body: The child; runs in a child task, again for each restart.
  /// - Throws: `CancellationError`, also when the supervisor ends.
  public func start(
    _ name: String,
    restart: Restart = .permanent,
    _ body: @escaping @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await start(name, restart: restart) { (started: Started<Void>) in
      started(())
      try await body()
    }
  }

  /// Waits until no child is left, because those that there were have done their work.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation.
  ///
  /// - Parameter deadline: Until when to wait.
  /// - Throws: `CancellationError`, also when the supervisor gives up; `DeadlineExceeded`.
  public func wait(deadline: Deadline = .never) async throws {
    try await core.waitUntilEmpty(deadline)
  }

  /// The supervisor now: how many `children` it has, how many of them are `waiting` for their turn, `starting`, `running`,
  /// `stopping` and `overdue`, and how many `restarts` there were.
  ///
  /// The children are its holders: what each does, how often it was restarted, and since when this run goes on.
  public func snapshot() -> Snapshot { core.snapshot() }
}

extension Supervisor.Started where Value == Void {
  /// Says that the child is ready; whoever started it goes on.
  public func callAsFunction() { self(()) }
}

/// Why a supervisor gave up, or a child did not start.
public struct SupervisionFailure: Error, CustomStringConvertible {
  /// The kinds of failure.
  public enum Reason: Hashable, Sendable {
    /// There were more restarts within the period than the intensity allows.
    case tooManyRestarts
    /// A child that had to be restarted with others ignored its cancellation.
    case childDidNotStop
    /// A child returned before it said that it had started.
    case endedBeforeStart
  }

  /// Why.
  public let reason: Reason
  /// Which supervisor.
  public let supervisor: String
  /// The child that was one too many, or did not stop, or did not start.
  public let child: String
  /// How many restarts were allowed.
  public let intensity: Supervisor.Intensity
  /// The error with which the child ended, if it ended with one.
  public let underlying: (any Error)?

  /// What happened and where to look.
  public var description: String {
    switch reason {
    case .tooManyRestarts:
      "\(supervisor) gave up: \"\(child)\" needs a restart, which would be more than \(intensity.restarts) within "
        + "\(intensity.period.seconds); it ended with \(underlying.map { "\($0)" } ?? "no error")"
    case .childDidNotStop:
      "\(supervisor) gave up: \"\(child)\" has to be restarted and does not end after its cancellation; "
        + "let it look at Task.isCancelled, or allow a longer stopTimeout"
    case .endedBeforeStart:
      "\(supervisor) could not start \"\(child)\": it returned without calling started()"
    }
  }
}

/// Runs `body` with a supervisor whose children run beside it, and stops them when it ends.
///
/// The body starts children and goes on with what it has to do; `Supervisor.wait()` waits for them. When it ends, the
/// children are cancelled one after the other, last started first, each when the one before it has ended or is
/// `stopTimeout` late. When the supervisor gives up, the body is cancelled first, and the children follow in
/// that order. Task-locals of the children are those around this call, not those that the body sets.
///
/// > Cancellation: cancels the body and waits for it, and for the children. They are cancelled with it, all at once; to
/// stop them in order, let the body return.
///
/// - Important: traps when `stopTimeout` is negative, or `backoff` has limits of its own.
/// - Parameters:
///   - strategy: Who is restarted when one child is.
///   - intensity: How many restarts are too many.
///   - backoff: How long a child waits before its restart; the attempts are the restarts within the period.
///   - stopTimeout: How long a child may take to end after its cancellation.
///   - name: What dumps and errors call the supervisor; a named one is in the dump from the start.
///   - file: Where it is made.
///   - line: Where it is made.
///   - body: Runs on the caller's actor.
/// - Returns: What `body` returns.
/// - Throws: `SupervisionFailure` if the supervisor gave up, otherwise what `body` throws.
///
/// @Snippet(path: "bakery/Snippets/SuperviseTasks", slice: "supervisor")
public func withSupervisor<Success: ~Copyable>(
  _ strategy: Supervisor.Strategy = .oneForOne,
  intensity: Supervisor.Intensity = Supervisor.Intensity(1, within: .seconds(5)),
  backoff: Schedule = .fixed(.zero),
  stopTimeout: Duration = .seconds(5),
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ body: nonisolated(nonsending) (Supervisor) async throws -> Success
) async throws -> Success {
  let supervisor = Supervisor(
    strategy,
    intensity,
    backoff: backoff,
    stopTimeout: stopTimeout,
    identity: ObjectIdentity(kind: "Supervisor", name: name, file: file, line: line)
  )
  let result = await supervisor.core.outcome { try await body(supervisor) }
  if let escalation = supervisor.core.escalation { throw escalation }
  return try result.get()
}
