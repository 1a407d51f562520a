internal import Bakery
internal import CBakeryRuntime

/// Runs `body` in many different orders, each on one thread and in virtual time, until one fails.
///
/// Unlike `simulate` it controls unmodified code: `Task { }`, `Task.detached`, groups, `async let`, actors, the main
/// actor, continuations, streams, `Task.sleep`, clocks, dates and random numbers. Every suspension that gives its
/// thread up, every hop and every resumption is a point at which another task may go first. The same seed gives the same
/// schedules. Other tests of the process go on meanwhile; code of the real main actor waits while an exploration uses it.
///
/// A schedule fails when `body` throws, when all tasks wait and no time will come, or when it takes more than
/// `stepLimit` steps. What still runs when `body` ends is cancelled and gets a while to end. Make everything that
/// tasks share in `body`: what outlives a schedule makes the next one different.
///
/// Not under control: threads, Dispatch, real input and output, actors with executors of their own.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - schedules: How many orders to try at most.
///   - seed: What the orders are drawn from.
///   - mode: Where tasks may take turns.
///   - strategy: How they are drawn.
///   - cancelling: Whether each schedule is repeated with a cancellation of the body before each of its steps in turn; each
///     counts as a schedule. That the body then throws `CancellationError` is no failure.
///   - stepLimit: How many jobs a schedule may take.
///   - file: With `function`, what the replay string of a failure is good for.
///   - line: What a refusal points at.
///   - function: The test.
///   - body: What to run; it fails by throwing.
/// - Returns: What was tried.
/// - Throws: `ExplorationFailure` for the first schedule that fails, `ExplorationRefused` where this program cannot be
///   explored, and `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/ExploreSchedules", slice: "explore")
@discardableResult
public func explore(
  schedules: Int = 1000,
  seed: UInt64 = 0,
  mode: ExplorationMode = .jobs,
  strategy: ExplorationStrategy = .mixed,
  cancelling: ExplorationCancellation = .never,
  stepLimit: Int = 100_000,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  function: StaticString = #function,
  _ body: @escaping @concurrent @Sendable () async throws -> Void
) async throws -> Exploration {
  precondition(schedules >= 1, "explore needs at least 1 schedule, got \(schedules)")
  return try await onOwnThread(
    mode,
    stepLimit: stepLimit,
    file: file,
    line: line,
    function: function,
    body
  ) {
    try $0.explore(schedules: schedules, seed: seed, strategy: strategy, cancelling: cancelling)
  }
}

/// Runs `body` in as many different orders as a time allows, until one fails; the rest is as with a number of schedules.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - time: How long to go on, in real time; the last schedule runs to its end.
///   - seed: What the orders are drawn from.
///   - mode: Where tasks may take turns.
///   - strategy: How they are drawn.
///   - cancelling: Whether each schedule is repeated with a cancellation of the body before each of its steps in turn.
///   - stepLimit: How many jobs a schedule may take.
///   - file: With `function`, what the replay string of a failure is good for.
///   - line: What a refusal points at.
///   - function: The test.
///   - body: What to run; it fails by throwing.
/// - Returns: What was tried.
/// - Throws: `ExplorationFailure` for the first schedule that fails, `ExplorationRefused` where this program cannot be
///   explored, and `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/ExploreSchedules", slice: "time")
@discardableResult
public func explore(
  for time: Duration,
  seed: UInt64 = 0,
  mode: ExplorationMode = .jobs,
  strategy: ExplorationStrategy = .mixed,
  cancelling: ExplorationCancellation = .never,
  stepLimit: Int = 100_000,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  function: StaticString = #function,
  _ body: @escaping @concurrent @Sendable () async throws -> Void
) async throws -> Exploration {
  precondition(time > .zero, "explore needs a time above 0, got \(time)")
  let end = Deadline(nanoseconds: bakery_real_clock()).advanced(by: time).nanoseconds
  return try await onOwnThread(
    mode,
    stepLimit: stepLimit,
    file: file,
    line: line,
    function: function,
    body
  ) {
    try $0.explore(
      schedules: .max,
      until: end,
      seed: seed,
      strategy: strategy,
      cancelling: cancelling
    )
  }
}

/// Where the tasks of an exploration may take turns.
///
/// @Snippet(path: "bakery/Snippets/ExploreSchedules", slice: "threads")
public enum ExplorationMode: Sendable {
  /// At every suspension, hop and resumption: for programs.
  case jobs
  /// Also before every lock and atomic operation of Bakery's primitives, each task on a thread of its own, of which one runs
  /// at a time: for what is built of such operations. Threads that the body starts with `JoinableThread` take part.
  case threads
}

/// When an exploration cancels the body.
public enum ExplorationCancellation: Sendable {
  /// Not at all.
  case never
  /// Before each step of each schedule in turn.
  case everywhere
}

/// Runs the one schedule of `body` that the replay string of an `ExplorationFailure` describes.
///
/// The string belongs to the test that failed: its file and function.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - replay: The string.
///   - mode: The mode of the exploration that failed.
///   - stepLimit: How many jobs the schedule may take.
///   - file: With `function`, the test that the string is of.
///   - line: What a refusal points at.
///   - function: The test.
///   - body: What to run; it fails by throwing.
/// - Returns: What was run, when it did not fail.
/// - Throws: `ExplorationFailure` when the schedule fails, `ExplorationRefused` when the string is of another test or
///   version, or where this program cannot be explored.
///
/// @Snippet(path: "bakery/Snippets/ExploreSchedules", slice: "replay")
@discardableResult
public func explore(
  replaying replay: String,
  mode: ExplorationMode = .jobs,
  stepLimit: Int = 100_000,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  function: StaticString = #function,
  _ body: @escaping @concurrent @Sendable () async throws -> Void
) async throws -> Exploration {
  try await onOwnThread(
    mode,
    stepLimit: stepLimit,
    file: file,
    line: line,
    function: function,
    call: "explore(replaying:)",
    body
  ) {
    try $0.replay(replay)
  }
}

private func onOwnThread(
  _ mode: ExplorationMode,
  stepLimit: Int,
  file: StaticString,
  line: UInt32,
  function: StaticString,
  call: String = "explore",
  _ body: @escaping @concurrent @Sendable () async throws -> Void,
  _ work: @escaping @Sendable (Explorer) throws -> Exploration
) async throws -> Exploration {
  precondition(stepLimit >= 1, "explore needs a limit of at least 1 step, got \(stepLimit)")
  let call = "\(call) at \(file):\(line)"
  guard ScheduleRun.current == nil else {
    throw ExplorationRefused(
      reason: "explore inside explore: its schedules are part of one already",
      call: call
    )
  }
  let explorer = Explorer(
    test: ReplayString.test(file: file, function: function) ^ (mode == .threads ? 1 : 0),
    mode: mode,
    limits: ScheduleRun.Limits(steps: stepLimit),
    body: body
  )
  do {
    return try await onOwnThread(explorer, work)
  } catch let refused as ExplorationRefused {
    throw ExplorationRefused(reason: refused.reason, call: call)
  }
}

/// Runs `work` with an explorer on a thread of its own; a body that blocks that thread is given up with it.
func onOwnThread(
  _ explorer: Explorer,
  _ work: @escaping @Sendable (Explorer) throws -> Exploration
) async throws -> Exploration {
  let end = SimulationEnd<Exploration>()
  let task = Task(executorPreference: OwnThread.shared) {
    let result = Result { try work(explorer) }
    explorer.pulse.end()
    end.deliver(result)
  }
  explorer.pulse.watch(nanoseconds: explorer.limits.blockedNanoseconds) { schedule in
    explorer.loan.giveBack()
    end.deliver(.failure(explorer.blockedFailure(schedule: schedule)))
  }
  let result = await withTaskCancellationHandler {
    await end.result
  } onCancel: {
    task.cancel()
  }
  return try result.get()
}

/// How an exploration draws the orders in which it runs ready jobs.
public enum ExplorationStrategy: Sendable {
  /// Half of the schedules by `randomWalk`, three of eight by `jobPriorities`, one of eight by `taskPriorities` of depth 5: of all such
  /// mixes the one that found planted defects and failing kernels soonest.
  case mixed
  /// Any ready job, all with the same probability: good at defects that need few steps of their own.
  case randomWalk
  /// A random priority for each job: leaves a job waiting for long, which some defects need.
  case jobPriorities
  /// The same, drawn again for those who use what the step before used (POS): good at defects that need several races to go one way.
  ///
  /// In mode `jobs` a step is expected to use its actor, or what the step used that made it ready; in mode `threads` the lock or word at
  /// which the thread stands, and any at the points that do not tell.
  case partialOrder
  /// A random priority for each task, lowered at `depth - 1` moments (PCT): good at defects that need one task to starve.
  case taskPriorities(depth: Int)
  /// The order in which jobs became ready, once.
  case inOrder
  /// All orders that leave the order of readiness by at most so many places, one after another.
  case delays(Int)
  /// All orders, one after another: for bodies of a few steps.
  case exhaustive
  /// One of all orders that differ only in the order of steps which touch nothing in common, one after another (sleep sets).
  ///
  /// Steps are known to touch actors, tasks, the toolkit's objects and random numbers, and one that cancels a task is taken to
  /// touch everything. What code shares in other ways, as by `Mutex`, atomics and streams, is not seen: take `exhaustive` for that.
  case reduced

  var scheduler: any Scheduler {
    switch self {
    case .mixed: Mixture()
    case .randomWalk: RandomWalk()
    case .jobPriorities: JobPriorities()
    case .partialOrder: PartialOrderSampling()
    case .taskPriorities(let depth): TaskPriorities(depth: depth)
    case .inOrder: DepthFirst(delays: 0)
    case .delays(let delays): DepthFirst(delays: delays)
    case .exhaustive: DepthFirst()
    case .reduced: SleepSets()
    }
  }
}

/// What an exploration that found nothing has tried.
public struct Exploration: Sendable, CustomStringConvertible {
  /// How many schedules ran.
  public internal(set) var schedules = 0
  /// How many steps they took together: jobs, and in mode `threads` also what a task did from one point to the next.
  public internal(set) var steps = 0
  /// How many of them were more than others with steps in another order that touch nothing in common.
  public internal(set) var distinctSchedules = 0
  /// The estimated probability that the next schedule would have been one that was not seen yet (Good and Turing).
  public internal(set) var unseen = 1.0
  /// How long it took, in real time.
  public internal(set) var seconds = 0.0
  /// How many schedules ran in a second.
  public var schedulesPerSecond: Double { Double(schedules) / max(seconds, 1e-9) }
  /// Whether every schedule of the strategy was tried.
  public internal(set) var isComplete = false
  /// A number that two explorations share when the same happened in both.
  public internal(set) var fingerprint: UInt64 = 0
  /// Why the exploration may not repeat, or `nil` when it does.
  public internal(set) var uncontrolled: String?

  /// What was tried, and how much may be left.
  public var description: String {
    let rate = Int(schedulesPerSecond)
    let left = isComplete ? "all there are" : "about \(Int((unseen * 100).rounded())) % unseen"
    return "\(schedules) schedules, \(distinctSchedules) distinct, \(left), \(rate) a second"
      + (uncontrolled.map { "; not under control: \($0)" } ?? "")
  }
}

/// A schedule that failed.
public struct ExplorationFailure: Error, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable, CustomStringConvertible {
    /// The body threw an error.
    case threw(any Error)
    /// All tasks wait, and no deadline will wake one.
    case deadlock
    /// Some tasks wait for each other, which no one ends, while others go on.
    case partialDeadlock
    /// The body did not end within the limit of steps.
    case stepLimit(Int)
    /// The body keeps its thread: it waits for something without suspending, or computes for long.
    case blocked(seconds: Int)

    /// What went wrong, as a sentence.
    public var description: String {
      switch self {
      case .threw(let error): "the body threw: \(error)"
      case .deadlock: "all tasks wait and no deadline will wake one"
      case .partialDeadlock: "some tasks wait for each other while others go on"
      case .stepLimit(let limit): "the body did not end within \(limit) steps"
      case .blocked(let seconds):
        "the body keeps its thread for \(seconds) seconds: await instead of blocking"
      }
    }
  }

  /// What went wrong.
  public let reason: Reason
  /// Which schedule failed.
  public let origin: String
  /// What repeats the schedule: `explore(replaying:)` takes it in the same test.
  public let replay: String
  /// Who waits for whom and who holds what, when the reason is a deadlock or the limit of steps.
  public let waits: String
  /// The first decision that differs from the nearest schedule that passes; empty if none was found with a few tries.
  public let turn: String
  /// What the tasks did: a row for each step, a column for each task.
  public let interleaving: String
  /// Why the failure may not repeat, or `nil` when it did twice.
  public let uncontrolled: String?

  /// What went wrong, how to repeat it, and what led to it.
  public var description: String {
    let repetition = replay.isEmpty ? "" : "; repeat with explore(replaying: \"\(replay)\")"
    var lines = ["\(reason)", origin + repetition]
    if let uncontrolled { lines.append("not under control: \(uncontrolled)") }
    if !turn.isEmpty { lines.append("what decides: \(turn)") }
    return (lines + [waits, interleaving].filter { !$0.isEmpty }).joined(separator: "\n")
  }
}

/// Says why a program cannot be explored; `simulate` works everywhere.
public struct ExplorationRefused: Error, CustomStringConvertible {
  /// Why not.
  public let reason: String
  /// What was called, and where.
  var call = "explore"

  /// What was called and where, why it does not work, and what to use instead.
  public var description: String {
    "\(call) is not possible: \(reason); simulate needs none of this and controls less"
  }
}

/// Runs each task on a thread of its own, so that an exploration keeps no thread of a pool.
final class OwnThread: TaskExecutor {
  static let shared = OwnThread()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    startThread(named: "bakery-explore") {
      job.runSynchronously(on: OwnThread.shared.asUnownedTaskExecutor())
    }
  }
}
