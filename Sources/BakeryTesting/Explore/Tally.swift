internal import CBakeryRuntime

/// Counts what an exploration has tried.
struct Tally {
  private let limit: Int
  /// When to end, on the real clock.
  private let end: Int64
  private let seed: UInt64
  private let start = bakery_real_clock()
  /// How often each order of dependent steps was seen.
  private var seen: [UInt64: Int] = [:]
  private var seenOnce = 0
  private var found = Exploration()

  init(limit: Int, end: Int64 = .max, seed: UInt64) {
    self.limit = limit
    self.end = end
    self.seed = seed
  }

  var isBelowLimit: Bool {
    found.schedules < limit && (end == .max || bakery_real_clock() < end)
  }

  var result: Exploration {
    get {
      var result = found
      result.distinctSchedules = seen.count
      // Good and Turing: what was seen once stands for what was not seen yet.
      if result.isComplete {
        result.unseen = 0
      } else {
        result.unseen = Double(seenOnce) / Double(max(result.schedules, 1))
      }
      result.seconds = Double(bakery_real_clock() - start) / 1e9
      return result
    }
    set { found = newValue }
  }

  /// Calls `fail` with where the schedule came from if it failed.
  mutating func add(
    _ attempt: Attempt,
    cancelled: Bool = false,
    _ fail: (String) throws -> Void
  ) throws {
    found.schedules += 1
    found.steps += attempt.length
    let times = (seen[attempt.order] ?? 0) + 1
    seen[attempt.order] = times
    if times == 1 { seenOnce += 1 } else if times == 2 { seenOnce -= 1 }
    found.fingerprint = found.fingerprint &* 31 &+ attempt.hash
    if let reason = attempt.uncontrolled { found.uncontrolled = reason }
    guard attempt.isFailure(cancelled: cancelled) else { return }
    try fail("schedule \(found.schedules) of explore(seed: \(seed))")
  }
}
