package import Bakery

/// Whether and when a request that failed is sent again.
package struct RetryPolicy: Sendable {
  /// How many requests a URL gets, the first included, and those aside that are refused.
  package var attempts = 3
  /// How many refusals a URL gets, and how many pauses a host gets in a row without a good answer, before it is given up on.
  package var refusals = 10
  /// The ceiling of the first pause.
  package var base = Duration.milliseconds(500)
  /// The highest ceiling.
  package var pauseMaximum = Duration.seconds(30)
  /// The longest pause that a server can ask for: one that asks for more is given up on.
  package var retryAfterMaximum = Duration.seconds(300)

  package init() {}

  /// When requests are sent again, as far as the server does not ask for more.
  package var schedule: Schedule {
    .exponential(from: base, upTo: pauseMaximum).attempts(attempts)
  }

  /// When requests that were refused are sent again, as far as the server does not ask for more.
  package var refusalSchedule: Schedule {
    .exponential(from: base, upTo: pauseMaximum).attempts(refusals)
  }

  /// Whether an answer speaks of the server's limit, and not of what was asked for.
  package func isRefusal(status: Int?, retryAfter: Duration?) -> Bool {
    status == 429 || (status == 503 && retryAfter != nil)
  }

  /// Whether the same request may get another status a little later.
  package func isRetried(status: Int) -> Bool {
    [408, 429, 500, 502, 503, 504].contains(status)
  }

  /// What to do about a request that failed in a way that may pass, or not.
  package func decide(isTransient: Bool, retryAfter: Duration?) -> RetryDecision {
    guard isTransient, retryAfter ?? .zero <= retryAfterMaximum else { return .stop }
    return retryAfter.map { .retryAfter($0) } ?? .retry
  }
}
