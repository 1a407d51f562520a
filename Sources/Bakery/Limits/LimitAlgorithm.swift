/// How an `AdaptiveLimiter` finds its limit.
///
/// @Snippet(path: "bakery/Snippets/LimitAdaptively", slice: "algorithm")
public struct LimitAlgorithm: Sendable {
  let makeEstimator: @Sendable (ClosedRange<Int>, Int) -> any LimitEstimator

  /// Compares how long calls take with how long they take when few are under way, which it tries now and then.
  ///
  /// For a moment, about a fortieth of the time, a quarter of the limit is in force. It begins so, too, with at most 5, goes on
  /// with at most four times as many, and grows from there: a limiter whose `initial` is far too high fills no queue. The idea of
  /// such trials is that of Envoy's gradient controller.
  public static var knee: LimitAlgorithm { knee(tolerance: 1.6) }

  /// The same for callers who would rather leave the called side idle now and then than wait in its line, or the other way round.
  ///
  /// - Important: traps when `tolerance` is not above 1.
  /// - Parameter tolerance: How much longer calls may take than when few are under way.
  /// - Returns: The algorithm.
  public static func knee(tolerance: Double) -> LimitAlgorithm {
    require(tolerance > 1, "knee needs a tolerance above 1, got \(tolerance)")
    return LimitAlgorithm { KneeState($0, initial: $1, tolerance: tolerance) }
  }

  /// Adds one for each round of calls that went well, and multiplies by `backoff` when one was dropped or took too long.
  ///
  /// TCP's way; also in Netflix's concurrency-limits and failsafe-go. It needs drops or a timeout, or it grows to the end of its range.
  ///
  /// - Important: traps when `backoff` is not between 0 and 1.
  /// - Parameters:
  ///   - timeout: From which duration on a call counts as dropped; `nil` for none.
  ///   - backoff: What is left of the limit.
  /// - Returns: The algorithm.
  public static func aimd(timeout: Duration? = nil, backoff: Double = 0.9) -> LimitAlgorithm {
    require(backoff > 0 && backoff < 1, "aimd needs a backoff between 0 and 1, got \(backoff)")
    return LimitAlgorithm { AIMDState($0, initial: $1, timeout: timeout, backoff: backoff) }
  }

  /// Keeps a few calls waiting at the server, reckoned from the shortest latency.
  ///
  /// TCP Vegas (Brakmo and Peterson 1994), with steps that grow with the limit as in Netflix's concurrency-limits. Good where calls take
  /// equally long.
  public static var vegas: LimitAlgorithm {
    LimitAlgorithm { VegasState($0, initial: $1) }
  }

  /// Compares how long calls take now with how long they took on average.
  ///
  /// As in Netflix's concurrency-limits. The average follows a queue that grows slowly.
  ///
  /// - Important: traps when `tolerance` is less than 1.
  /// - Parameter tolerance: How much longer than on average calls may take.
  /// - Returns: The algorithm.
  public static func gradient2(tolerance: Double = 1.5) -> LimitAlgorithm {
    require(tolerance >= 1, "gradient2 needs a tolerance of at least 1, got \(tolerance)")
    return LimitAlgorithm { Gradient2State($0, initial: $1, tolerance: tolerance) }
  }
}
