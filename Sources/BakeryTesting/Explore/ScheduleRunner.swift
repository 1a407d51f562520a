internal import Bakery
internal import CBakeryRuntime

/// What came of one schedule.
struct Attempt: Sendable {
  let ending: ScheduleRun.Ending
  let hash: UInt64
  /// What it has in common with schedules that differ only in the order of independent steps.
  let order: UInt64
  let choices: [Int]
  /// For each choice, out of how many, and in which step of the record.
  let widths: [Int]
  let steps: [Int]
  /// How many steps it took.
  let length: Int
  /// How often another task than before took a step.
  let switches: Int
  /// Steps until the body ended.
  let bodySteps: Int
  let uncontrolled: String?
  /// What the tasks did, if that was recorded.
  var interleaving: Interleaving?
  /// Who waits for whom, if that was recorded and the schedule is stuck.
  var waits: WaitGraph?

  /// Whether the same happened, and it ended in the same way.
  func isRepeated(by other: Attempt) -> Bool {
    hash == other.hash && ending.summary == other.ending.summary
  }

  /// Whether it is a failure, of a body that was cancelled or not.
  func isFailure(cancelled: Bool) -> Bool {
    switch ending {
    case .returned: false
    case .threw(let error): !(cancelled && error is CancellationError)
    case .deadlocked, .tookTooLong, .closed: true
    }
  }
}

/// Runs schedules of one body on the calling thread, each in a state that no other has touched.
final class ScheduleRunner {
  private let body: @concurrent @Sendable () async throws -> Void
  private var limits: ScheduleRun.Limits
  private let pulse: Pulse
  private let makeRun: () -> ScheduleRun
  private var run: ScheduleRun
  private var schedules = 0
  /// Whether a schedule was long enough for some tasks to wait for each other while others went on.
  private var isLong = false

  init(
    mode: ExplorationMode,
    limits: ScheduleRun.Limits,
    loan: MainQueueLoan,
    pulse: Pulse,
    body: @escaping @concurrent @Sendable () async throws -> Void
  ) {
    self.limits = limits
    self.pulse = pulse
    self.body = body
    makeRun = {
      switch mode {
      case .jobs: ScheduleRun(loan: loan, pulse: pulse)
      case .threads: ThreadRun(loan: loan, pulse: pulse)
      }
    }
    run = makeRun()
  }

  func attempt(
    seed: UInt64,
    _ scheduler: inout any Scheduler,
    cancelledStep: Int = 0,
    records: Bool = false
  ) -> Attempt {
    schedules += 1
    let watchesCycles = records || isLong
    if records { run.setRecorded(true) }
    if watchesCycles { Trace.setHoldersOnThread(true) }
    run.watchesCycles = watchesCycles
    pulse.begin(schedule: schedules)
    run.enter()
    let ending = run.perform(
      seed: seed,
      cancelledStep: cancelledStep,
      scheduler: &scheduler,
      limits: limits,
      body
    )
    run.leave()
    pulse.endSchedule()
    var attempt = Attempt(
      ending: ending,
      hash: run.hash,
      order: run.orderHash,
      choices: run.choices,
      widths: run.widths,
      steps: run.stepsOfChoices,
      length: run.steps,
      switches: run.switches,
      bodySteps: run.bodySteps,
      uncontrolled: run.uncontrolled
    )
    if watchesCycles { Trace.setHoldersOnThread(false) }
    isLong = isLong || run.steps > 1000
    if records { addReport(to: &attempt) }
    // Nobody came from outside when it was waited for, so nobody will in the same situation.
    if case .deadlocked = ending, run.uncontrolled == nil { limits.patienceNanoseconds = 0 }
    if run.unfinishedTasks > 0 {
      run.retire()
      run = makeRun()
    }
    return attempt
  }

  /// Says what was recorded of the schedule that has just run.
  private func addReport(to attempt: inout Attempt) {
    let report = ScheduleReport(run)
    attempt.interleaving = report.interleaving
    if attempt.ending.isStuck {
      let blocked = run.blockedThreads
      let threads = blocked.compactMap { thread in
        run.threadName(of: thread.owner).map { (thread.owner, $0) }
      }
      attempt.waits =
        WaitReport(
          unfinished: run.unfinished,
          names: report.names.merging(threads) { known, _ in known },
          group: ObjectIdentifier(run),
          holdings: run.holdings,
          blocked: blocked
        ).graph
    }
    run.setRecorded(false)
  }

  func attempt(_ replay: ReplayString, records: Bool = false) -> Attempt {
    var scheduler: any Scheduler = Prescribed(replay.choices)
    _ = scheduler.begin(seed: replay.seed)
    return attempt(
      seed: replay.seed,
      &scheduler,
      cancelledStep: replay.cancelledStep,
      records: records
    )
  }
}

extension ScheduleRun.Ending {
  /// What two runs of the same schedule have in common.
  var summary: String {
    switch self {
    case .returned: "returned"
    case .threw(let error): "threw \(error)"
    case .deadlocked: "deadlocked"
    case .tookTooLong: "took too long"
    case .closed: "closed a cycle"
    }
  }

  /// Whether somebody may wait for ever.
  var isStuck: Bool {
    switch self {
    case .returned, .threw: false
    case .deadlocked, .tookTooLong, .closed: true
    }
  }

  /// What simpler schedules with the same defect have in common.
  var kind: String {
    if case .threw(let error) = self { "threw \(type(of: error))" } else { summary }
  }
}
