internal import Bakery
internal import CBakeryRuntime

/// Tries schedules until one fails, on the thread that calls.
struct Explorer: Sendable {
  /// What tells the test from others in replay strings.
  let test: UInt32
  var mode = ExplorationMode.jobs
  let limits: ScheduleRun.Limits
  let loan = MainQueueLoan()
  let pulse = Pulse()
  let body: @concurrent @Sendable () async throws -> Void

  func explore(
    schedules: Int,
    until end: Int64 = .max,
    seed: UInt64,
    strategy: ExplorationStrategy,
    cancelling: ExplorationCancellation
  ) throws -> Exploration {
    if let reason = SelfTest.refusal { throw ExplorationRefused(reason: reason) }
    var scheduler = strategy.scheduler
    guard mode == .jobs || !scheduler.wantsTouches else {
      throw ExplorationRefused(
        reason:
          "the strategy .reduced does not know what steps of mode .threads touch; take another"
      )
    }
    let observation = Observation()
    defer { observation.end(loan) }
    let runner = makeRunner()
    var tally = Tally(limit: schedules, end: end, seed: seed)
    var index = 0
    while tally.isBelowLimit {
      // All schedules of one body: random numbers must not make it another one each time.
      let scheduleSeed = Self.seed(ofSchedule: scheduler.isSystematic ? 0 : index, of: seed)
      index += 1
      guard scheduler.begin(seed: scheduleSeed) else {
        tally.result.isComplete = true
        break
      }
      try Task.checkCancellation()
      let attempt = runner.attempt(seed: scheduleSeed, &scheduler)
      // It ran for its tasks' sake: an earlier one had the same steps in another order.
      if scheduler.isRedundant, !attempt.isFailure(cancelled: false) { continue }
      func replay() -> ReplayString {
        ReplayString(test: test, seed: scheduleSeed, choices: attempt.choices)
      }
      try tally.add(attempt) { throw confirmed(attempt, replay(), origin: $0, by: runner) }
      guard cancelling == .everywhere, attempt.bodySteps > 0 else { continue }
      for step in 1...attempt.bodySteps where tally.isBelowLimit {
        try Task.checkCancellation()
        let replay = replay().cancelled(before: step)
        let attempt = runner.attempt(replay)
        try tally.add(attempt, cancelled: true) {
          throw confirmed(attempt, replay.with(attempt.choices), origin: $0, by: runner)
        }
      }
    }
    return tally.result
  }

  private func makeRunner() -> ScheduleRunner {
    ScheduleRunner(mode: mode, limits: limits, loan: loan, pulse: pulse, body: body)
  }

  /// What the exploring thread notes of the objects that it locks.
  private struct Observation {
    init() {
      Trace.setTouchOnThread { object, isNew in
        if isNew != 0 { bakery_order_make(object) } else { bakery_order_touch(object) }
      }
    }

    func end(_ loan: MainQueueLoan) {
      loan.giveBack()
      Trace.setTouchOnThread(nil)
      bakery_order_end()
    }
  }

  func replay(_ text: String) throws -> Exploration {
    if let reason = SelfTest.refusal { throw ExplorationRefused(reason: reason) }
    let replay: ReplayString
    do {
      replay = try ReplayString(text, test: test)
    } catch {
      throw ExplorationRefused(reason: "\(error)")
    }
    let observation = Observation()
    defer { observation.end(loan) }
    let runner = makeRunner()
    let attempt = runner.attempt(replay)
    var tally = Tally(limit: 1, seed: 0)
    try tally.add(attempt, cancelled: replay.cancelledStep > 0) { _ in
      throw confirmed(attempt, replay, origin: "the schedule that was asked for", by: runner)
    }
    return tally.result
  }

  /// How many simpler schedules are tried for a failure.
  private static let simplifications = 300

  /// Makes what failed simpler, and runs it twice more: a failure that does not repeat is reported as such.
  private func confirmed(
    _ found: Attempt,
    _ replay: ReplayString,
    origin: String,
    by runner: ScheduleRunner
  ) -> ExplorationFailure {
    let (simple, replay) = simplified(found, replay, by: runner)
    let recorded = runner.attempt(replay, records: true)
    let turn = turn(simple, replay, recorded, by: runner)
    let again = runner.attempt(replay)
    var uncontrolled = simple.uncontrolled ?? recorded.uncontrolled ?? again.uncontrolled
    // Only the recorded run may have known that a cycle had closed, long before the limit of steps.
    var failing = simple
    if case .closed = recorded.ending { failing = recorded }
    if !failing.isRepeated(by: recorded) || !failing.isRepeated(by: again) {
      let ends = [failing, recorded, again].map(\.ending.summary).joined(separator: ", ")
      let reason =
        uncontrolled ?? "something that no choice decides, such as state that outlives the body"
      uncontrolled = "\(reason); three runs of the same choices differ (\(ends))"
    }
    return ExplorationFailure(
      reason: reason(of: failing.ending),
      origin: origin
        + (replay.cancelledStep > 0 ? ", cancelled before step \(replay.cancelledStep)" : ""),
      replay: replay.text,
      waits: recorded.waits?.description ?? "",
      turn: turn,
      interleaving: recorded.interleaving?.description ?? "",
      uncontrolled: uncontrolled
    )
  }

  /// The same failure with as few choices that leave the order of readiness as can be found.
  private func simplified(
    _ found: Attempt,
    _ replay: ReplayString,
    by runner: ScheduleRunner
  ) -> (Attempt, ReplayString) {
    // A failure that cannot be repeated cannot be simplified either, and one of many steps takes too long.
    if case .tookTooLong = found.ending { return (found, replay) }
    guard found.uncontrolled == nil, found.isRepeated(by: runner.attempt(replay)) else {
      return (found, replay)
    }
    var best = found
    _ = Shrinker.shrink(replay.choices, attempts: Self.simplifications) { choices in
      let attempt = runner.attempt(replay.with(choices))
      guard attempt.isFailure(cancelled: replay.cancelledStep > 0),
        attempt.ending.kind == found.ending.kind
      else { return false }
      best = attempt
      return true
    }
    best = withFewerSwitches(best, replay, kind: found.ending.kind, by: runner)
    return (best, replay.with(best.choices))
  }

  private func withFewerSwitches(
    _ found: Attempt,
    _ replay: ReplayString,
    kind: String,
    by runner: ScheduleRunner
  ) -> Attempt {
    var reducer = SwitchReducer(attempts: Self.simplifications) { choices in
      var scheduler: any Scheduler = Persistent(choices)
      _ = scheduler.begin(seed: replay.seed)
      let attempt = runner.attempt(
        seed: replay.seed,
        &scheduler,
        cancelledStep: replay.cancelledStep
      )
      let fails =
        attempt.isFailure(cancelled: replay.cancelledStep > 0) && attempt.ending.kind == kind
      return (fails, attempt)
    }
    return reducer.reduce(found)
  }

  /// Where the failure leaves the way of a schedule that passes.
  private func turn(
    _ failing: Attempt,
    _ replay: ReplayString,
    _ recorded: Attempt,
    by runner: ScheduleRunner
  ) -> String {
    if case .tookTooLong = recorded.ending { return "" }
    if case .closed = recorded.ending { return "" }
    let isCancelled = replay.cancelledStep > 0
    let turn = Turn.find(failing) {
      !runner.attempt(replay.with($0)).isFailure(cancelled: isCancelled)
    }
    guard let turn else { return "" }
    let passing = runner.attempt(replay.with(turn.passing), records: true)
    return turn.text(failing: recorded, passing: passing)
  }

  /// The report of a watchdog, which knows no more than this.
  func blockedFailure(schedule: Int) -> ExplorationFailure {
    let calls = ThreadPlace.calls(ofThread: pulse.thread, withinNanoseconds: 1_000_000_000)
    let place = OutsideCall.text(ofBlocked: calls)
    return ExplorationFailure(
      reason: .blocked(seconds: Int(limits.blockedNanoseconds / 1_000_000_000)),
      origin: "schedule \(schedule) of this call" + (place.isEmpty ? "" : ", \(place)"),
      replay: "",
      waits: "",
      turn: "",
      interleaving: "",
      uncontrolled: nil
    )
  }

  private func reason(of ending: ScheduleRun.Ending) -> ExplorationFailure.Reason {
    switch ending {
    case .returned: preconditionFailure("a schedule that returned is no failure")
    case .threw(let error): .threw(error)
    case .deadlocked: .deadlock
    case .tookTooLong: .stepLimit(limits.steps)
    case .closed: .partialDeadlock
    }
  }

  /// The seed of one schedule: the sequence of the exploration's seed, at that place.
  private static func seed(ofSchedule index: Int, of seed: UInt64) -> UInt64 {
    var draw = SplitMix(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    return draw.next()
  }
}
