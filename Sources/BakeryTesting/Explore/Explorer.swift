internal import Bakery

/// Tries schedules until one fails, on a thread of its own.
struct Explorer: Sendable {
  let schedules: Int
  let seed: UInt64
  let strategy: ExplorationStrategy
  let limits: ScheduleRun.Limits
  let body: @concurrent @Sendable () async throws -> Void

  func explore() throws -> Exploration {
    if let reason = SelfTest.refusal { throw ExplorationRefused(reason: reason) }
    let loan = MainQueueLoan()
    defer { loan.giveBack() }
    var run = ScheduleRun(loan: loan)
    var scheduler = strategy.scheduler
    var result = Exploration()
    var seen: Set<UInt64> = []
    while result.schedules < schedules {
      try Task.checkCancellation()
      let scheduleSeed = seed(ofSchedule: result.schedules)
      guard scheduler.begin(seed: scheduleSeed) else {
        result.isComplete = true
        break
      }
      run.enter()
      let ending = run.perform(seed: scheduleSeed, scheduler: &scheduler, limits: limits, body)
      run.leave()
      result.schedules += 1
      if seen.insert(run.hash).inserted { result.distinctSchedules += 1 }
      result.fingerprint = result.fingerprint &* 31 &+ run.hash
      if let reason = run.uncontrolled { result.uncontrolled = reason }
      let failure = failure(ending, of: run, schedule: result.schedules)
      if run.unfinishedTasks > 0 {
        run.retire()
        run = ScheduleRun(loan: loan)
      }
      if let failure { throw failure }
    }
    return result
  }

  private func failure(
    _ ending: ScheduleRun.Ending,
    of run: ScheduleRun,
    schedule: Int
  ) -> ExplorationFailure? {
    let reason: ExplorationFailure.Reason
    switch ending {
    case .returned: return nil
    case .threw(let error): reason = .threw(error)
    case .deadlocked: reason = .deadlock
    case .tookTooLong: reason = .stepLimit(limits.steps)
    }
    return ExplorationFailure(
      reason: reason,
      seed: seed,
      schedule: schedule,
      uncontrolled: run.uncontrolled
    )
  }

  /// The seed of one schedule: the sequence of the exploration's seed, at that place.
  private func seed(ofSchedule index: Int) -> UInt64 {
    var draw = SplitMix(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    return draw.next()
  }
}
