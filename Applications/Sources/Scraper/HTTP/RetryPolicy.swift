package import Bakery

/// Whether and when a request that failed is sent again.
///
/// The pause is drawn between nothing and a ceiling that doubles each time ("full jitter": Brooker,
/// *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015), so that clients that failed
/// together do not come back together.
package struct RetryPolicy: Sendable {
  /// How many requests a URL gets, the first included.
  package var attempts = 3
  /// The ceiling of the first pause.
  package var base = Duration.milliseconds(500)
  /// The highest ceiling.
  package var pauseMaximum = Duration.seconds(30)
  /// The longest pause that a server can ask for: one that asks for more is given up on.
  package var retryAfterMaximum = Duration.seconds(300)

  package init() {}

  /// Whether the same request may get another status a little later.
  package func isRetried(status: Int) -> Bool {
    [408, 429, 500, 502, 503, 504].contains(status)
  }

  /// How long to wait after request number `attempt`; `nil` to give up.
  ///
  /// It is no less than the `retryAfter` that the server asked for.
  package func next(attempt: Int, retryAfter: Duration?, random: any RandomSource) -> Duration? {
    guard attempt < attempts, retryAfter ?? .zero <= retryAfterMaximum else { return nil }
    var generator = random.generator
    let pause = ceiling(attempt) * Double.random(in: 0..<1, using: &generator)
    return max(pause, retryAfter ?? .zero)
  }

  /// Doubles step by step, so that no number of attempts overflows.
  private func ceiling(_ attempt: Int) -> Duration {
    var ceiling = min(base, pauseMaximum)
    for _ in 1..<max(1, min(attempt, 64)) where ceiling < pauseMaximum {
      ceiling = min(ceiling * 2, pauseMaximum)
    }
    return ceiling
  }
}
