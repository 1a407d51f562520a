/// What to do about an attempt that failed.
///
/// @Snippet(path: "bakery/Snippets/RetryFailures", slice: "decision")
public enum RetryDecision: Hashable, Sendable {
  /// Try again when the schedule says so.
  case retry
  /// Try again, but no earlier than that long from now, as in HTTP's `Retry-After`.
  case retryAfter(Duration)
  /// Give up: it would fail again.
  case stop
}

/// Runs `operation` again and again until it succeeds or there is a reason to give up.
///
/// Between attempts it waits as long as `schedule` says, and is in the dump meanwhile. Whatever the reason to give up,
/// the error of the last attempt is thrown, at once, and never one of retry's own:
///
/// - `onFailure` says `.stop`, or the schedule ends.
/// - The next attempt would not start before `deadline`, or before the one that is in force (`Deadline.current`).
/// - `budget` does not pay for another attempt.
/// - The task is cancelled, or the error is a `CancellationError`: cancellation is never retried.
///
/// Retry only what may be done twice. Where several layers could retry, let one of them do it: attempts multiply.
///
/// > Cancellation: cancels the body and waits for it. A pause between attempts ends at once, and the error of the attempt
/// before it is thrown.
///
/// - Complexity: without a failure nothing but the call, and one look at the clock if the schedule has a duration.
/// - Parameters:
///   - schedule: How long to wait, and when to give up.
///   - budget: What retries are paid from; shared by all that call the same service.
///   - deadline: No attempt but the first starts at or after it. It does not end an attempt: hand it to what waits
///     inside, or use `withDeadline` around the whole, which counts here too.
///   - onFailure: Says what becomes of an error; by default all are retried.
///   - operation: What to do; runs on the caller's actor.
/// - Returns: What `operation` returns.
/// - Throws: What `operation` threw last.
///
/// @Snippet(path: "bakery/Snippets/RetryFailures", slice: "retry")
@inlinable
public func retry<Success: ~Copyable, Failure: Error>(
  _ schedule: Schedule,
  budget: RetryBudget? = nil,
  deadline: Deadline = .never,
  onFailure: (Failure) -> RetryDecision = { _ in .retry },
  _ operation: nonisolated(nonsending) () async throws(Failure) -> Success
) async throws(Failure) -> Success {
  var attempts = RetryAttempts(schedule, budget, deadline)
  while true {
    do throws(Failure) {
      let success = try await operation()
      budget?.deposit()
      return success
    } catch {
      let decision = error is CancellationError ? .stop : onFailure(error)
      guard await attempts.pause(decision) else { throw error }
    }
  }
}

/// How far a `retry` has got.
@usableFromInline
struct RetryAttempts {
  private let schedule: Schedule
  private let budget: RetryBudget?
  private let deadline: Deadline
  /// Only for schedules with a duration: looking at the clock costs more than the rest of a call that succeeds.
  private let start: Deadline?
  private var attempt = 1
  private var previous: Duration?

  @usableFromInline
  init(_ schedule: Schedule, _ budget: RetryBudget?, _ deadline: Deadline) {
    self.schedule = schedule
    self.budget = budget
    self.deadline = deadline
    start = schedule.duration == nil ? nil : .now
  }

  /// Waits until the next attempt may start; false if there is to be none.
  @usableFromInline @inline(never)
  mutating func pause(_ decision: RetryDecision) async -> Bool {
    guard decision != .stop, !Task.isCancelled else { return false }
    var retryAfter: Duration?
    if case .retryAfter(let duration) = decision { retryAfter = duration }
    let now = Deadline.now
    let delay = schedule.delay(
      afterAttempt: attempt,
      previous: previous,
      elapsed: start.map { now.duration(since: $0) } ?? .zero,
      retryAfter: retryAfter
    )
    guard let delay else { return false }
    let next = now.advanced(by: delay)
    let deadline = min(deadline, .current)
    guard deadline == .never || next < deadline else { return false }
    // Last, so that only what will be done is paid for.
    guard budget?.tryWithdraw() ?? true else { return false }
    attempt += 1
    previous = delay
    return await sleep(until: next, as: "retry", count: attempt)
  }
}
