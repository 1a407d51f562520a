internal import Bakery
internal import Synchronization

/// The limiters of all hosts of a crawl, by their origins.
///
/// One `AdaptiveLimiter` for each host says how many requests may be in flight: it begins with the limit, halves it when the host drops
/// a request and adds one for each round that goes well, or, for an automatic crawl, finds out how many the host bears, and aims a
/// little below the point where requests begin to wait for one another, since a full line is refused. One
/// `KeyedRateLimiter` spaces the starts of requests.
struct HostLimiters: Sendable {
  private let concurrency: KeyedLimiters<String, AdaptiveLimiter>
  private let rate: KeyedRateLimiter<String>?
  /// How many requests one host may get at a time, at most.
  let limitMaximum: Int

  init(settings: CrawlSettings) {
    let (most, isAutomatic) = (settings.perHost, settings.isAutomatic)
    limitMaximum = most
    concurrency = KeyedLimiters(capacity: 4096) { origin in
      isAutomatic
        ? AdaptiveLimiter(
          .knee(tolerance: 1.15),
          limits: 1...most,
          initial: min(8, most),
          name: origin
        )
        : AdaptiveLimiter(.aimd(backoff: 0.5), limits: 1...most, initial: most, name: origin)
    }
    // Hosts are known for as long as the crawl lasts anyway, so none is refused a place here.
    rate =
      settings.delay > .zero
      ? KeyedRateLimiter(
        Quota(1, per: settings.delay, burst: 1),
        capacity: Int(Int32.max),
        name: "host delay"
      ) : nil
  }

  func limiter(of origin: String) -> AdaptiveLimiter { concurrency[origin] }

  /// Takes the right to start a request to `origin` now; returns when there may be another, or `nil` and takes nothing.
  fileprivate func takeStart(of origin: String, now: Deadline) -> Deadline? {
    guard let rate else { return now }
    return rate.tryAcquire(for: origin) ? rate.readyTime(for: origin) : nil
  }

  fileprivate func nextStart(of origin: String, now: Deadline) -> Deadline {
    rate?.readyTime(for: origin) ?? now
  }
}

/// When one host is asked next: what its limiters allow, and until when it wants to be left alone.
///
/// How many requests are in flight and how they are spaced is decided by `HostLimiters`. What is kept here is when to come back: a host
/// that answers 429, or 503 twice without a good answer in between, is left alone for a second, for two seconds the next
/// time, and so on, and for as long as it asks for.
///
/// Answers that come during such a pause are to requests from before it. They cannot say whether it helps: several 429 in a row count
/// as one. A good one among them says that the pause before this one has helped, so the next is a second again.
struct HostPace: Sendable {
  /// What the end of a request says about the load of the host.
  enum Outcome: Sendable {
    case success
    /// Nothing about load.
    case failure
    /// There was no answer in time.
    case timeout
    /// A 429, and how long the host wants to be left alone.
    case overload(retryAfter: Duration?)
    /// A 503, which may be about one page; the second in a row is about the host.
    case unavailable(retryAfter: Duration?)
  }

  /// The longest spacing that robots.txt can ask for.
  static let crawlDelayMaximum = Duration.seconds(30)
  /// The longest pause, unless the host asks for more.
  static let pauseMaximum = Duration.seconds(60)
  /// The longest pause that the host can ask for.
  static let retryAfterMaximum = Duration.seconds(300)

  let origin: String
  /// What robots.txt asks for between the starts of two requests, which then go one at a time.
  private(set) var crawlDelay: Duration?
  private var crawlRate: RateLimiter?
  /// Until when the host is left alone, or the spacing lets no request start.
  private(set) var notBefore = Deadline(nanoseconds: .min)
  private var pauseEnd = Deadline(nanoseconds: .min)
  /// How long the last pause was; zero if a request that was started after the one before it got a good answer.
  private var pause = Duration.zero
  private var pauseCount = 0
  /// How many pauses there were since the last good answer.
  private(set) var pausesInRow = 0
  /// Whether the last answer that says something was a 503.
  private var wasUnavailable = false

  init(origin: String) {
    self.origin = origin
  }

  /// Takes what a request to the host needs; `nil` before `notBefore`, which it may put off, and while too many are in flight.
  mutating func start(_ limiters: HostLimiters, now: Deadline) -> JobPermit? {
    guard notBefore <= now else { return nil }
    // All of it for one request, where only one may be in flight.
    let count = crawlRate == nil ? 1 : limiters.limitMaximum
    guard let permit = limiters.limiter(of: origin).tryAcquire(count) else { return nil }
    if let crawlRate {
      let isDue = crawlRate.tryAcquire() != nil
      putOff(until: crawlRate.readyTime())
      guard isDue else { return nil }
    }
    guard let next = limiters.takeStart(of: origin, now: now) else {
      putOff(until: limiters.nextStart(of: origin, now: now))
      return nil
    }
    putOff(until: next)
    return JobPermit(permit, pausesBefore: pauseCount)
  }

  private mutating func putOff(until time: Deadline) { notBefore = max(notBefore, time) }

  /// Notes the end of a request that was started with `permit`.
  mutating func finish(_ outcome: Outcome, _ permit: JobPermit, now: Deadline) {
    switch outcome {
    case .success:
      permit.end(.success)
      wasUnavailable = false
      pausesInRow = 0
      if permit.pausesBefore >= pauseCount - 1 { pause = .zero }
    case .failure: permit.end(.ignore)
    case .timeout: permit.end(.dropped)
    case .overload(let retryAfter): rest(retryAfter, permit, now)
    case .unavailable(let retryAfter) where wasUnavailable: rest(retryAfter, permit, now)
    case .unavailable:
      permit.end(.ignore)
      wasUnavailable = true
    }
  }

  private mutating func rest(_ retryAfter: Duration?, _ permit: JobPermit, _ now: Deadline) {
    permit.end(.dropped)
    if now >= pauseEnd {
      pause = min(max(pause * 2, .seconds(1)), Self.pauseMaximum)
      pauseCount += 1
      pausesInRow += 1
    }
    let wanted = min(retryAfter ?? .zero, Self.retryAfterMaximum)
    pauseEnd = max(pauseEnd, now.advanced(by: max(pause, wanted)))
    putOff(until: pauseEnd)
  }

  /// Keeps at least `delay` between requests from now on, one at a time: robots.txt may ask for it.
  ///
  /// It is held to `crawlDelayMaximum`, and comes on top of the spacing of all hosts.
  mutating func slowDown(to delay: Duration) {
    let delay = min(delay, Self.crawlDelayMaximum)
    guard delay > crawlDelay ?? .zero else { return }
    crawlDelay = delay
    let rate = RateLimiter(Quota(1, per: delay, burst: 1))
    // The request for robots.txt counts.
    _ = rate.tryAcquire()
    crawlRate = rate
    putOff(until: rate.readyTime())
  }
}

/// A permit that travels with a job and is ended once, by whoever knows first how it went.
final class JobPermit: Sendable {
  private let permit: Mutex<Permit?>
  /// How many pauses the host had had when the job began.
  let pausesBefore: Int

  init(_ permit: consuming Permit, pausesBefore: Int = 0) {
    self.permit = Mutex(permit)
    self.pausesBefore = pausesBefore
  }

  func end(_ outcome: Permit.Outcome) {
    permit.withLock { $0.take() }?.release(outcome)
  }
}
