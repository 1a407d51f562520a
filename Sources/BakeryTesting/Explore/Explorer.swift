internal import Bakery

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
    seed: UInt64,
    strategy: ExplorationStrategy,
    cancelling: ExplorationCancellation
  ) throws -> Exploration {
    if let reason = SelfTest.refusal { throw ExplorationRefused(reason: reason) }
    defer { loan.giveBack() }
    let runner = makeRunner()
    var scheduler = strategy.scheduler
    var tally = Tally(limit: schedules, seed: seed)
    var index = 0
    while tally.isBelowLimit {
      let scheduleSeed = Self.seed(ofSchedule: index, of: seed)
      index += 1
      guard scheduler.begin(seed: scheduleSeed) else {
        tally.result.isComplete = true
        break
      }
      try Task.checkCancellation()
      let attempt = runner.attempt(seed: scheduleSeed, &scheduler)
      let replay = ReplayString(test: test, seed: scheduleSeed, choices: attempt.choices)
      try tally.add(attempt) { throw confirmed(attempt, replay, origin: $0, by: runner) }
      guard cancelling == .everywhere, attempt.bodySteps > 0 else { continue }
      for step in 1...attempt.bodySteps where tally.isBelowLimit {
        try Task.checkCancellation()
        let replay = replay.cancelled(before: step)
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

  /// Counts what was tried.
  private struct Tally {
    let limit: Int
    let seed: UInt64
    var result = Exploration()
    private var seen: Set<UInt64> = []

    init(limit: Int, seed: UInt64) {
      self.limit = limit
      self.seed = seed
    }

    var isBelowLimit: Bool { result.schedules < limit }

    /// Calls `fail` with where the schedule came from if it failed.
    mutating func add(
      _ attempt: Attempt,
      cancelled: Bool = false,
      _ fail: (String) throws -> Void
    ) throws {
      result.schedules += 1
      if seen.insert(attempt.hash).inserted { result.distinctSchedules += 1 }
      result.fingerprint = result.fingerprint &* 31 &+ attempt.hash
      if let reason = attempt.uncontrolled { result.uncontrolled = reason }
      guard attempt.isFailure(cancelled: cancelled) else { return }
      try fail("schedule \(result.schedules) of explore(seed: \(seed))")
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
    defer { loan.giveBack() }
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
    let (failing, replay) = simplified(found, replay, by: runner)
    let recorded = runner.attempt(replay, records: true)
    let again = runner.attempt(replay)
    var uncontrolled = failing.uncontrolled ?? recorded.uncontrolled ?? again.uncontrolled
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
    let choices = Shrinker.shrink(replay.choices, attempts: Self.simplifications) { choices in
      let attempt = runner.attempt(replay.with(choices))
      guard attempt.isFailure(cancelled: replay.cancelledStep > 0),
        attempt.ending.kind == found.ending.kind
      else { return false }
      best = attempt
      return true
    }
    return (best, replay.with(choices))
  }

  /// The report of a watchdog, which knows no more than this.
  func blockedFailure(schedule: Int) -> ExplorationFailure {
    ExplorationFailure(
      reason: .blocked(seconds: Int(limits.blockedNanoseconds / 1_000_000_000)),
      origin:
        "schedule \(schedule) of this call; a debugger shows where its thread \"bakery-explore\" is",
      replay: "",
      waits: "",
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
    }
  }

  /// The seed of one schedule: the sequence of the exploration's seed, at that place.
  private static func seed(ofSchedule index: Int, of seed: UInt64) -> UInt64 {
    var draw = SplitMix(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    return draw.next()
  }
}
