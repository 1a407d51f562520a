/// How long to wait between the attempts of something that fails, and when to give up: a value.
///
/// A maker says how the delays grow; `attempts(_:)` and `within(_:)` limit them. Limits only narrow, so a schedule that
/// was handed in can be limited further without knowing what it is. No number of attempts and no duration
/// overflows: what gets too large stays at the largest.
///
/// Delays that grow are drawn at random by default, so that clients which failed together do not come back together
/// (Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015). They come from `Seams.random`: a run can be
/// repeated from its seed.
///
/// @Snippet(path: "bakery/Snippets/RetryFailures", slice: "schedule")
public struct Schedule: Hashable, Sendable {
  private enum Growth: Hashable {
    case fixed
    case exponential(factor: Double)
    case decorrelated
  }

  private let growth: Growth
  /// Nanoseconds, as all delays until they are returned.
  private let first: Int64
  private let delayMaximum: Int64
  private let isJittered: Bool
  /// How many attempts there are, the first included; `Int.max` stands for no limit.
  public private(set) var attemptsMaximum = Int.max
  /// The time from the start of the first attempt to that of the last, at most; `nil` for no limit.
  public private(set) var duration: Duration?

  private init(_ growth: Growth, _ first: Duration, _ delayMaximum: Duration, isJittered: Bool) {
    require(first >= .zero, "Schedule needs a delay of at least 0, got \(first)")
    require(
      delayMaximum >= .zero,
      "Schedule needs a maximum for its delays of at least 0, got \(delayMaximum)"
    )
    self.growth = growth
    self.first = first.wholeNanoseconds
    self.delayMaximum = delayMaximum.wholeNanoseconds
    self.isJittered = isJittered
  }

  /// The same delay each time.
  ///
  /// - Important: traps when `delay` is negative.
  /// - Parameters:
  ///   - delay: How long to wait after each attempt.
  ///   - jittered: Whether the delay is drawn between nothing and `delay` instead.
  /// - Returns: A schedule without an end.
  public static func fixed(_ delay: Duration, jittered: Bool = false) -> Schedule {
    Schedule(.fixed, delay, delay, isJittered: jittered)
  }

  /// Delays below a ceiling that is multiplied each time ("full jitter").
  ///
  /// - Important: traps when a duration is negative or `factor` is less than 1 or not finite.
  /// - Parameters:
  ///   - first: The ceiling of the first delay.
  ///   - delayMaximum: The highest ceiling.
  ///   - factor: What the ceiling is multiplied by.
  ///   - jittered: Whether a delay is drawn between nothing and its ceiling; otherwise it is the ceiling.
  /// - Returns: A schedule without an end.
  public static func exponential(
    from first: Duration,
    upTo delayMaximum: Duration,
    factor: Double = 2,
    jittered: Bool = true
  ) -> Schedule {
    require(
      factor >= 1 && factor.isFinite,
      "Schedule.exponential needs a finite factor of at least 1, got \(factor)"
    )
    return Schedule(.exponential(factor: factor), first, delayMaximum, isJittered: jittered)
  }

  /// Delays drawn between the first and three times the last one ("decorrelated jitter").
  ///
  /// - Important: traps when a duration is negative.
  /// - Parameters:
  ///   - first: The shortest delay.
  ///   - delayMaximum: The longest delay.
  /// - Returns: A schedule without an end.
  public static func decorrelated(from first: Duration, upTo delayMaximum: Duration) -> Schedule {
    Schedule(.decorrelated, first, delayMaximum, isJittered: true)
  }

  /// The same with no more than `count` attempts, the first included.
  ///
  /// - Important: traps when `count` is less than 1.
  public func attempts(_ count: Int) -> Schedule {
    require(count >= 1, "Schedule.attempts needs a count of at least 1, got \(count)")
    var limited = self
    limited.attemptsMaximum = min(attemptsMaximum, count)
    return limited
  }

  /// The same with no attempt that would start later than `duration` after the first one did.
  ///
  /// It goes with the schedule; a point in time that is known already is a `deadline` of `retry`.
  public func within(_ duration: Duration) -> Schedule {
    var limited = self
    limited.duration = min(self.duration ?? duration, duration)
    return limited
  }

  /// Computes how long to wait after attempt number `attempt` failed.
  ///
  /// A pure function: everything that it depends on is an argument. `retry` calls it; so may code that cannot wait in
  /// place, such as a queue into which failed jobs go back.
  ///
  /// - Complexity: O(log *attempt*), and one random number if the schedule draws its delays.
  /// - Parameters:
  ///   - attempt: The number of the attempt that failed, from 1.
  ///   - previous: The delay before that attempt, for `decorrelated`; nothing stands for the first delay.
  ///   - elapsed: The time since the first attempt started, for `within(_:)`.
  ///   - retryAfter: What whoever refused the attempt asks for: the delay is no shorter, whatever the schedule's maximum.
  ///   - random: Where the draw comes from.
  /// - Returns: The delay, or `nil` to give up.
  public func delay(
    afterAttempt attempt: Int,
    previous: Duration? = nil,
    elapsed: Duration = .zero,
    retryAfter: Duration? = nil,
    random: any RandomSource = Seams.random
  ) -> Duration? {
    guard attempt < attemptsMaximum else { return nil }
    let drawn = Duration.nanoseconds(nanoseconds(after: attempt, previous, random))
    let delay = max(drawn, retryAfter ?? .zero)
    if let duration, delay > duration - elapsed { return nil }
    return delay
  }

  private func nanoseconds(
    after attempt: Int,
    _ previous: Duration?,
    _ random: any RandomSource
  ) -> Int64 {
    let lowest: Int64
    let highest: Int64
    switch growth {
    case .fixed:
      lowest = 0
      highest = first
    case .exponential(let factor):
      lowest = 0
      highest = ceiling(Double(first) * power(factor, max(1, attempt) - 1))
    case .decorrelated:
      // The draw is cut off at the maximum, not the range: most of the long delays are as long as it.
      lowest = first
      highest = ceiling(Double(max(first, previous?.wholeNanoseconds ?? first)) * 3, below: .max)
    }
    guard isJittered else { return min(highest, delayMaximum) }
    // One draw a delay, whatever the range: 53 bits, which a Double holds exactly.
    let fraction = Double(random.next() >> 11) * 0x1p-53
    let drawn = lowest + Int64(Double(max(0, highest - lowest)) * fraction)
    return min(drawn, delayMaximum)
  }

  /// Rounds down, and stays at the maximum when the number is above it, infinite, or nothing times infinity.
  private func ceiling(_ nanoseconds: Double, below maximum: Int64? = nil) -> Int64 {
    let maximum = maximum ?? delayMaximum
    guard first > 0 else { return 0 }
    return nanoseconds < Double(maximum) ? Int64(nanoseconds) : maximum
  }

  /// By squaring, so that no number of attempts takes long.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (square, rest, result) = (base, exponent, 1.0)
    while rest > 0 {
      if !rest.isMultiple(of: 2) { result *= square }
      square *= square
      rest /= 2
    }
    return result
  }
}

extension Schedule: CustomStringConvertible {
  /// For example `exponential from 0.100 s up to 30.000 s, jittered, at most 5 attempts`.
  public var description: String {
    let first = Duration.nanoseconds(first).seconds
    let range = "from \(first) up to \(Duration.nanoseconds(delayMaximum).seconds)"
    var parts: [String] =
      switch growth {
      case .fixed: ["fixed \(first)"]
      case .exponential(let factor): ["exponential \(range)", "times \(factor)"]
      case .decorrelated: ["decorrelated \(range)"]
      }
    if isJittered, growth != .decorrelated { parts.append("jittered") }
    if attemptsMaximum < .max { parts.append("at most \(attemptsMaximum) attempts") }
    if let duration { parts.append("within \(duration.seconds)") }
    return parts.joined(separator: ", ")
  }
}
