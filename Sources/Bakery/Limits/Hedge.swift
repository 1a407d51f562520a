/// When a hedged call sends its next attempt.
public enum HedgeDelay: Sendable {
  /// After so long.
  case fixed(Duration)
  /// After as long as most calls take, as far as is known.
  case quantile(LatencyTracker)

  /// How long to wait for an attempt now.
  var duration: Duration {
    switch self {
    case .fixed(let duration): duration
    case .quantile(let tracker): tracker.estimate
    }
  }
}

/// Runs `operation`, and runs it again beside itself when it takes long or fails; the first success wins.
///
/// The second attempt costs little when only the slowest calls get one, and cuts their time to that of a usual call. It is
/// paid for from `budget`, so that a service that is slow for everybody is not asked twice by everybody. Hedge only what may
/// be done twice at the same time.
///
/// - Its delay goes by: the next attempt starts, if there is one left and the budget pays; the others go on.
/// - An attempt fails: the next one starts at once, on the same terms.
/// - An attempt succeeds: the others are cancelled and awaited, and its value is returned.
/// - All have failed, or one was cancelled: the last error is thrown.
///
/// (Dean and Barroso, *The Tail at Scale*, 2013; gRPC's hedging policy, gRFC A6.)
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Important: traps when `attempts` is less than 1.
/// - Complexity: a child task an attempt, and one for each delay.
/// - Parameters:
///   - delay: How long to wait for an attempt before the next one.
///   - attempts: How many attempts there may be.
///   - budget: What attempts beyond the first are paid from; shared by all that call the same service.
///   - operation: What to do; gets the number of the attempt, from 0, and runs in a child task, off the caller's actor.
/// - Returns: What the first attempt that succeeds returns.
/// - Throws: What the last attempt threw, when none succeeds.
///
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "hedge")
public func hedge<Success: Sendable>(
  after delay: HedgeDelay,
  attempts: Int = 2,
  budget: RetryBudget,
  _ operation: @escaping @concurrent @Sendable (Int) async throws -> Success
) async throws -> Success {
  require(attempts >= 1, "hedge needs at least 1 attempt, got \(attempts)")
  let start = Deadline.now
  let success = try await withThrowingTaskGroup(of: HedgeEvent<Success>.self) { group in
    defer { group.cancelAll() }
    var (started, running, delays) = (0, 0, 0)
    func startNext() {
      let number = started
      (started, running) = (started + 1, running + 1)
      group.addTask { await .ended(Result.capturing { try await operation(number) }) }
      guard started < attempts else { return }
      delays += 1
      let end = Deadline.after(delay.duration)
      group.addTask { [delays] in
        try? await sleep(until: end)
        return .delayed(delays)
      }
    }
    startNext()
    while let event = try await group.next() {
      switch event {
      case .ended(.success(let value)):
        return value
      case .ended(.failure(let error)):
        running -= 1
        let mayTry = started < attempts && !Task.isCancelled && !(error is CancellationError)
        if mayTry, budget.tryWithdraw() {
          startNext()
        } else if running == 0 {
          throw error
        }
      case .delayed(let number):
        // Only the latest delay counts: a failure has started the next attempt before the earlier ones ended.
        if number == delays, !Task.isCancelled, budget.tryWithdraw() { startNext() }
      }
    }
    misuse("a hedged call lost its attempts: report this bug of Bakery")
  }
  budget.deposit()
  if case .quantile(let tracker) = delay { tracker.record(Deadline.now.duration(since: start)) }
  return success
}

/// What the caller of `hedge` reacts to.
private enum HedgeEvent<Success: Sendable>: Sendable {
  case ended(Result<Success, any Error>)
  case delayed(Int)
}

/// Estimates how long most calls take, from those of late.
///
/// Keeps the durations of the last `window` calls; the estimate is the smallest that the part `quantile` of them did not
/// exceed. A hedged call counts with the time from its first attempt to its first success.
///
/// - Complexity: O(1) to record; O(*window* log *window*) for the first estimate after every sixteenth record.
public final class LatencyTracker: Sendable {
  private struct State {
    var durations: [Int64] = []
    var next = 0
    var untilSort = 0
    var estimate: Int64
  }

  private let quantile: Double
  private let window: Int
  private let state: Guarded<State>

  /// Makes a tracker that has seen nothing.
  ///
  /// - Important: traps when `quantile` is not within 0 to 1, or `window` is less than 1.
  /// - Parameters:
  ///   - quantile: Which part of the calls is to be done within the estimate.
  ///   - initial: The estimate before sixteen calls were seen.
  ///   - window: How many calls are remembered.
  public init(quantile: Double = 0.95, initial: Duration, window: Int = 256) {
    require(
      (0...1).contains(quantile),
      "LatencyTracker needs a quantile of 0 to 1, got \(quantile)"
    )
    require(window >= 1, "LatencyTracker needs a window of at least 1, got \(window)")
    self.quantile = quantile
    self.window = window
    state = Guarded(State(untilSort: 16, estimate: initial.wholeNanoseconds))
  }

  /// Within which time most calls are done.
  public var estimate: Duration { .nanoseconds(state.withLock { $0.estimate }) }

  /// Counts a call that took `duration`.
  public func record(_ duration: Duration) {
    let nanoseconds = duration.wholeNanoseconds
    state.withLock { state in
      if state.durations.count < window {
        state.durations.append(nanoseconds)
      } else {
        state.durations[state.next] = nanoseconds
        state.next = (state.next + 1) % window
      }
      state.untilSort -= 1
      guard state.untilSort == 0 else { return }
      state.untilSort = 16
      let sorted = state.durations.sorted()
      let rank = Int((quantile * Double(sorted.count)).rounded(.up))
      state.estimate = sorted[max(rank, 1) - 1]
    }
  }
}
