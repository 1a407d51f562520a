/// Decides when an executor starves: nobody got a thread of it for too long, and threads of it sleep in their jobs.
///
/// Pure. Looks come one after another; a thread counts as asleep since the first look from which on it has not run.
struct StarvationState: Sendable {
  private struct Sleep {
    let switches: Int
    let since: Deadline
  }

  /// Nanoseconds.
  private let threshold: Int64
  private var sleeps: [Int32: Sleep] = [:]
  /// One report for each stretch without progress.
  private var hasReported = false

  init(threshold: Int64) {
    self.threshold = threshold
  }

  /// The executor gave somebody a thread since the last look.
  mutating func progress() {
    sleeps = [:]
    hasReported = false
  }

  /// Nobody has got a thread since `start`.
  ///
  /// - Parameters:
  ///   - start: Since when somebody waits, not later than `now`.
  ///   - sleepers: How often each thread that sleeps now has left a processor.
  ///   - now: The time of this look.
  /// - Returns: The threads to report and since when they sleep, if it is time.
  mutating func stall(
    since start: Deadline,
    sleepers: [Int32: Int],
    now: Deadline
  ) -> [Int32: Deadline] {
    let seen = sleeps
    sleeps = [:]
    for (thread, switches) in sleepers {
      let before = seen[thread]
      let since = before?.switches == switches ? before?.since ?? now : now
      sleeps[thread] = Sleep(switches: switches, since: since)
    }
    guard !hasReported, now.nanoseconds - start.nanoseconds >= threshold else { return [:] }
    return sleeps.mapValues(\.since).filter { $0.value < now }
  }

  /// The stall was reported; the next report is that of another one.
  mutating func reported() {
    hasReported = true
  }
}
