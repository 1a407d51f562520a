package import Bakery

/// How fast one host may be asked: a ledger of the requests to it and of what it says of its load.
///
/// Requests start at least the spacing apart, and at most `limit` are in flight. When the host
/// answers 429, or 503 twice without a good answer in between, the limit is halved and nothing starts for a second, for two seconds the next
/// time, and so on. As many good answers as the limit raise it by one (additive increase,
/// multiplicative decrease: Chiu and Jain, *Computer Networks and ISDN Systems* 17, 1989).
///
/// Answers that come during such a pause are to requests from before it. They cannot say whether it
/// helps, so they leave the limit as it is: several 429 in a row count as one.
///
/// Pure: the time is passed in.
package struct HostPace: Sendable {
  /// What the end of a request says about the load of the host.
  package enum Outcome: Sendable {
    case success
    /// No answer, or one that says nothing about load.
    case failure
    /// A 429, and how long the host wants to be left alone.
    case overload(retryAfter: Duration?)
    /// A 503, which may be about one page; the second in a row is about the host.
    case unavailable(retryAfter: Duration?)
  }

  /// The longest spacing that robots.txt can ask for.
  package static let crawlDelayMaximum = Duration.seconds(30)
  /// The longest pause, unless the host asks for more.
  package static let pauseMaximum = Duration.seconds(60)
  /// The longest pause that the host can ask for.
  package static let retryAfterMaximum = Duration.seconds(300)

  /// How many requests may be in flight for now, from 1 to `limitMaximum`.
  private var limit: Int
  private var limitMaximum: Int
  private var spacing: Duration
  private var inFlight = 0
  private var lastStart: Deadline?
  /// How long the last pause was; zero if a good answer came after it.
  private var pause = Duration.zero
  private var pauseEnd: Deadline?
  /// Good answers since the limit changed.
  private var goodAnswers = 0
  /// Whether the last answer that says something was a 503.
  private var wasUnavailable = false

  /// Starts the ledger of a host that gets up to `limit` requests at once, at least 1, each not
  /// before `spacing` has passed since the start of the last.
  package init(limit: Int, spacing: Duration) {
    precondition(limit >= 1, "with a limit of \(limit) a host is never asked")
    self.limit = limit
    self.limitMaximum = limit
    self.spacing = spacing
  }

  /// When the next request may start, not before `now`; `nil` until one in flight has ended.
  package func earliest(now: Deadline) -> Deadline? {
    guard inFlight < limit else { return nil }
    let spaced = lastStart?.advanced(by: spacing) ?? now
    return max(now, spaced, pauseEnd ?? now)
  }

  package mutating func start(now: Deadline) {
    inFlight += 1
    lastStart = now
  }

  /// Notes the end of a request that was started.
  package mutating func finish(_ outcome: Outcome, now: Deadline) {
    precondition(inFlight > 0, "a request ended that was not started")
    inFlight -= 1
    let isPaused = pauseEnd.map { now < $0 } ?? false
    switch outcome {
    case .success where !isPaused: speedUp()
    case .overload(let retryAfter): rest(retryAfter, isPaused, now)
    case .unavailable(let retryAfter) where wasUnavailable: rest(retryAfter, isPaused, now)
    case .unavailable: wasUnavailable = true
    case .success, .failure: break
    }
  }

  private mutating func rest(_ retryAfter: Duration?, _ isPaused: Bool, _ now: Deadline) {
    if !isPaused { backOff() }
    let wanted = min(retryAfter ?? .zero, Self.retryAfterMaximum)
    let end = now.advanced(by: max(pause, wanted))
    pauseEnd = max(end, pauseEnd ?? end)
  }

  private mutating func speedUp() {
    pause = .zero
    wasUnavailable = false
    goodAnswers += 1
    guard goodAnswers >= limit, limit < limitMaximum else { return }
    goodAnswers = 0
    limit += 1
  }

  private mutating func backOff() {
    goodAnswers = 0
    limit = max(1, limit / 2)
    pause = min(max(pause * 2, .seconds(1)), Self.pauseMaximum)
  }

  /// Keeps at least `delay` between requests from now on, one at a time: robots.txt may ask for it.
  ///
  /// It is held to `crawlDelayMaximum`; a spacing that is longer stays.
  package mutating func slowDown(to delay: Duration) {
    guard delay > .zero else { return }
    spacing = max(spacing, min(delay, Self.crawlDelayMaximum))
    (limit, limitMaximum) = (1, 1)
  }
}
