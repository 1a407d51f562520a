/// How a permitted call ended, as an algorithm hears it.
struct LimitSample: Sendable {
  /// From the grant to the end, in nanoseconds, above 0.
  var latency: Double
  /// Whether it was refused or timed out.
  var isDropped = false
  /// How much was in flight just before it ended, itself included.
  var inFlight: Int
  /// The algorithm's epoch when it was granted.
  var epoch: UInt32
  /// When it ended.
  var time: Deadline
}

/// An algorithm's running estimate of the right limit: pure, without a lock, a clock or a task.
protocol LimitEstimator: Sendable {
  /// The limit now.
  var limit: Int { get }
  /// The limit that it would be if it were not lowered for a trial.
  var settled: Int { get }
  /// Why `settled` last changed.
  var reason: AdaptiveLimiter.Change.Reason { get }
  /// How long calls take now, and how long they take without waiting for one another, in nanoseconds, if known.
  var latencies: (short: Double?, long: Double?) { get }
  /// Stamped on what is granted, for algorithms that tell calls under one limit from those under another.
  var epoch: UInt32 { get }
  /// When `timePassed` is to be called next, though no call may have ended until then.
  var alarm: Deadline { get }

  /// Learns from a call that ended.
  mutating func observe(_ sample: LimitSample)

  /// Does what is due by now.
  mutating func timePassed(until now: Deadline)
}

extension LimitEstimator {
  var settled: Int { limit }
  var epoch: UInt32 { 0 }
  var alarm: Deadline { .never }
  mutating func timePassed(until now: Deadline) {}
}

/// A limit that stays within its range, with fractions, so that small steps add up.
struct BoundedLimit: Sendable {
  let range: ClosedRange<Double>
  private(set) var value: Double
  private(set) var reason = AdaptiveLimiter.Change.Reason.start

  init(_ range: ClosedRange<Int>, initial: Int) {
    self.range = Double(range.lowerBound)...Double(range.upperBound)
    value = Double(initial)
  }

  var whole: Int { Int(value.rounded()) }

  mutating func move(to newValue: Double, _ reason: AdaptiveLimiter.Change.Reason) {
    let old = whole
    value = min(max(newValue, range.lowerBound), range.upperBound)
    if whole != old { self.reason = reason }
  }
}

/// Calls that ended one after another, until there are enough to say something.
struct SampleWindow: Sendable {
  private(set) var count = 0
  private(set) var successes = 0
  private var sum = 0.0
  private var squares = 0.0
  private(set) var mostInFlight = 0

  /// The mean latency of those that were not dropped.
  var mean: Double? { successes == 0 ? nil : sum / Double(successes) }
  var dropped: Int { count - successes }

  /// Whether the standard error of the mean, of independent latencies, is within `part` of it.
  func isAccurate(within part: Double) -> Bool {
    let n = Double(successes)
    return successes > 1 && (squares * n / (sum * sum) - 1) <= part * part * (n - 1)
  }

  mutating func add(_ sample: LimitSample) {
    count += 1
    mostInFlight = max(mostInFlight, sample.inFlight)
    guard !sample.isDropped else { return }
    successes += 1
    sum += sample.latency
    squares += sample.latency * sample.latency
  }
}
