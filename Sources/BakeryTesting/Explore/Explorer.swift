internal import Bakery

/// Tries schedules until one fails, on the thread that calls.
struct Explorer: Sendable {
  /// What tells the test from others in replay strings.
  let test: UInt32
  let limits: ScheduleRun.Limits
  let loan = MainQueueLoan()
  let pulse = Pulse()
  let body: @concurrent @Sendable () async throws -> Void

  func explore(
    schedules: Int,
    seed: UInt64,
    strategy: ExplorationStrategy
  ) throws -> Exploration {
    if let reason = SelfTest.refusal { throw ExplorationRefused(reason: reason) }
    defer { loan.giveBack() }
    let runner = ScheduleRunner(limits: limits, loan: loan, pulse: pulse, body: body)
    var scheduler = strategy.scheduler
    var result = Exploration()
    var seen: Set<UInt64> = []
    while result.schedules < schedules {
      try Task.checkCancellation()
      let scheduleSeed = Self.seed(ofSchedule: result.schedules, of: seed)
      guard scheduler.begin(seed: scheduleSeed) else {
        result.isComplete = true
        break
      }
      let attempt = runner.attempt(seed: scheduleSeed, &scheduler)
      result.schedules += 1
      if seen.insert(attempt.hash).inserted { result.distinctSchedules += 1 }
      result.fingerprint = result.fingerprint &* 31 &+ attempt.hash
      if let reason = attempt.uncontrolled { result.uncontrolled = reason }
      if case .returned = attempt.ending { continue }
      let replay = ReplayString(test: test, seed: scheduleSeed, choices: attempt.choices)
      let origin = "schedule \(result.schedules) of explore(seed: \(seed))"
      throw confirmed(attempt, replay, origin: origin, by: runner)
    }
    return result
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
    let runner = ScheduleRunner(limits: limits, loan: loan, pulse: pulse, body: body)
    let attempt = runner.attempt(replay)
    if case .returned = attempt.ending {
      var result = Exploration()
      result.schedules = 1
      result.distinctSchedules = 1
      result.fingerprint = attempt.hash
      result.uncontrolled = attempt.uncontrolled
      return result
    }
    throw confirmed(attempt, replay, origin: "the schedule that was asked for", by: runner)
  }

  /// Runs what failed twice more, once with records: a failure that does not repeat is reported as such.
  private func confirmed(
    _ attempt: Attempt,
    _ replay: ReplayString,
    origin: String,
    by runner: ScheduleRunner
  ) -> ExplorationFailure {
    let recorded = runner.attempt(replay, records: true)
    let again = runner.attempt(replay)
    var uncontrolled = attempt.uncontrolled ?? recorded.uncontrolled ?? again.uncontrolled
    if !attempt.isRepeated(by: recorded) || !attempt.isRepeated(by: again) {
      let ends = [attempt, recorded, again].map(\.ending.summary).joined(separator: ", ")
      let reason =
        uncontrolled ?? "something that no choice decides, such as state that outlives the body"
      uncontrolled = "\(reason); three runs of the same choices differ (\(ends))"
    }
    return ExplorationFailure(
      reason: reason(of: attempt.ending),
      origin: origin,
      replay: replay.text,
      waits: recorded.waits?.description ?? "",
      interleaving: recorded.interleaving?.description ?? "",
      uncontrolled: uncontrolled
    )
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
