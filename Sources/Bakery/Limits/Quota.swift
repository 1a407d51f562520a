/// How often something may happen: `count` times in each `period`, and `burst` times at once.
///
/// A quota of 100 a minute with a burst of 10 lets ten through at once and then one every 0.6 s; whoever has been
/// quiet for six seconds may send ten again.
///
/// @Snippet(path: "bakery/Snippets/LimitRates", slice: "rate")
public struct Quota: Hashable, Sendable, CustomStringConvertible {
  /// How many are allowed in each period.
  public let count: Int
  /// How long a period is.
  public let period: Duration
  /// How many are allowed at once after a pause.
  public let burst: Int

  /// Nanoseconds from one to the next, rounded up, so that the quota is never exceeded.
  @usableFromInline let interval: Int
  /// Nanoseconds that a whole burst stands for.
  @usableFromInline let tolerance: Int

  /// Describes a quota.
  ///
  /// The time from one to the next is kept in whole nanoseconds and rounded up: at a million a second the rate is
  /// exact, at three million it is 0.2 % lower than asked for.
  ///
  /// - Important: traps when `count` or `burst` is less than 1, when `period` is not positive, and when a whole burst
  ///   stands for more than 2⁵³ ns (104 days).
  /// - Parameters:
  ///   - count: How many in each period.
  ///   - period: How long a period is.
  ///   - burst: How many at once; 1 spaces all evenly.
  public init(_ count: Int, per period: Duration, burst: Int) {
    let nanoseconds = Int(period.wholeNanoseconds)
    require(count >= 1, "Quota needs a count of at least 1, got \(count)")
    require(nanoseconds >= 1, "Quota needs a period of at least 1 ns, got \(period)")
    require(burst >= 1, "Quota needs a burst of at least 1, got \(burst)")
    interval = (nanoseconds - 1) / count + 1
    let (whole, overflow) = interval.multipliedReportingOverflow(by: burst)
    require(
      !overflow && whole <= 1 << 53,
      "Quota needs a burst worth at most 104 days, got \(burst) of \(count) per \(period)"
    )
    tolerance = whole
    self.count = count
    self.period = period
    self.burst = burst
  }

  /// For example `100 per 60.0 seconds, 10 at once`.
  public var description: String { "\(count) per \(period), \(burst) at once" }

  /// When a request for `count` made at `now` is granted, and from when the quota counts after it.
  ///
  /// `arrival` is from when the quota counts before it: the time at which the last one granted would have come if all
  /// came evenly spaced. The grant is not later than `now` exactly if the burst has room.
  ///
  /// Algorithm: the generic cell rate algorithm, ITU-T I.371, annex A (virtual scheduling).
  @inlinable @inline(__always)
  func reserve(_ count: Int, arrival: Int, now: Int) -> (grant: Int, arrival: Int) {
    let (next, overflow) = max(arrival, now).addingReportingOverflow(count &* interval)
    return overflow ? (.max, .max) : (next &- tolerance, next)
  }

  /// How many a request made at `now` could get without waiting.
  func available(arrival: Int, now: Int) -> Int {
    min(burst, max(0, (tolerance - (max(arrival, now) - now)) / interval))
  }
}

/// Why a rate limiter refused a request for good.
public struct RateLimitFailure: Error, Hashable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Reason: Hashable, Sendable {
    /// More were asked for than the burst allows at once.
    case impossible(count: Int, burst: Int)
    /// The limiter keeps as many keys as it may, all of them in use.
    case tooManyKeys(Int)
  }

  /// Why.
  public let reason: Reason
  /// Which limiter.
  public let limiter: String

  /// What happened, the numbers, and what to do.
  public var description: String {
    switch reason {
    case .impossible(let count, let burst):
      "\(count) asked of \(limiter), whose burst is \(burst), can never be granted at once; "
        + "ask for at most \(burst) or allow a larger burst"
    case .tooManyKeys(let capacity):
      "\(limiter) keeps \(capacity) keys, all in use, and takes no other now; "
        + "try again later or give it a larger capacity"
    }
  }
}
