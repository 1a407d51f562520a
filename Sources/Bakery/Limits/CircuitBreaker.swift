/// Stops calling what keeps failing, and tries it again with a few probes.
///
/// While it is *closed*, calls pass and their outcomes are remembered. When too many of the last ones failed it *opens*:
/// calls are refused at once, so the failing side gets rest and the calling side an answer. After a while it is *half
/// open*: a few probes pass; if all of them succeed it closes, if one fails it opens again.
///
/// A permit tells the outcome: `release(.success)`, `release(.dropped)` for a failure; a permit that only ends says
/// nothing and is not counted. `withPermit` does it for a closure. A probe that says nothing gives its place to another,
/// and one that does not come back for as long as the breaker stays open is no longer waited for.
///
/// Together with others, from the outside in: a limit, the breaker, the retries, the deadline of each attempt; the slice `order` of
/// the snippet says why.
///
/// > Ordering: nobody waits. Outcomes count in the order of their reports; those of calls that began before the breaker
/// last changed its state do not count.
///
/// - Complexity: O(1), one lock for a call and one for its outcome; O(*calls*) when remembered calls grow too old.
///
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "breaker")
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "order")
public final class CircuitBreaker: ConcurrencyLimiter {
  /// When a breaker opens and how it closes again.
  public struct Settings: Hashable, Sendable {
    /// How many of the last calls are remembered.
    public var calls = 20
    /// How long they are remembered; `nil` for as long as no newer ones come.
    public var within: Duration?
    /// How many calls there must be before their failures say something.
    public var minimumCalls = 10
    /// Which part of them must have failed, above 0 and at most 1.
    public var failureRate = 0.5
    /// How long the breaker stays open, and how long it waits for probes.
    public var openFor: Duration = .seconds(10)
    /// How many probes must succeed; no more are under way at once.
    public var probes = 1

    /// The usual settings: opens when half of the last 20 calls, but at least 10, have failed, for 10 s, and then tries once.
    public init() {}
  }

  /// What a breaker does with calls.
  public enum Phase: Hashable, Sendable {
    /// They pass.
    case closed
    /// They are refused.
    case open
    /// A few probes pass.
    case halfOpen
  }

  /// What the breaker is called and where it was made.
  public let identity: ObjectIdentity

  private let time: any TimeSource
  private let state: Guarded<BreakerState>
  private let registration = Registration()

  /// Makes a closed breaker.
  ///
  /// - Important: traps when a setting is out of its range.
  /// - Parameters:
  ///   - settings: When it opens and how it closes again.
  ///   - name: What dumps and errors call it; a named breaker is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ settings: Settings = Settings(),
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    settings.check()
    identity = ObjectIdentity(kind: "CircuitBreaker", name: name, file: file, line: line)
    time = Seams.time
    state = Guarded(BreakerState(settings: settings))
    if name != nil { registration.ensure(self) }
  }

  /// What the breaker does with calls now; one whose time is up stays open until the next call.
  public var phase: Phase {
    switch state.withLock({ $0.phase }) {
    case .closed: .closed
    case .open: .open
    case .halfOpen: .halfOpen
    }
  }

  /// Lets a call pass, or refuses it; does not wait.
  ///
  /// > Cancellation: does not observe cancellation.
  ///
  /// - Parameters:
  ///   - count: Does not matter: a permit stands for one call.
  ///   - deadline: Does not matter: nobody waits.
  /// - Returns: A permit that tells the outcome of the call; without `release(_:)` it is not counted.
  /// - Throws: `CircuitOpen`.
  public func acquire(_ count: Int = 1, deadline: Deadline = .never) async throws -> Permit {
    try Permit(owner: self, count: count, token: admit())
  }

  /// Lets a call pass, or refuses it.
  ///
  /// - Returns: A permit that tells the outcome of the call, or `nil`.
  public func tryAcquire(_ count: Int = 1) -> Permit? {
    guard let epoch = try? admit() else { return nil }
    return Permit(owner: self, count: count, token: epoch)
  }

  /// Runs `body` and remembers how it ended.
  ///
  /// The body runs on the caller's actor and may use its state. A body that returns succeeded, unless it was slow; one
  /// that throws failed, unless it threw `CancellationError` or `isFailure` says that the error is no sign of trouble.
  ///
  /// > Cancellation: does not observe cancellation. It is the body's business, and is not counted.
  ///
  /// - Parameters:
  ///   - slow: From which duration on a call counts as failed though it returned.
  ///   - isFailure: Whether an error counts; all do by default.
  ///   - body: What to do.
  /// - Returns: What `body` returns.
  /// - Throws: `CircuitOpen`, without calling `body`, or what `body` throws.
  public func withPermit<Success: ~Copyable>(
    slow: Duration? = nil,
    isFailure: (any Error) -> Bool = { _ in true },
    _ body: nonisolated(nonsending) () async throws -> sending Success
  ) async throws -> sending Success {
    let epoch = try admit()
    let start = time.now
    do {
      let result = try await body()
      let isSlow = slow.map { time.now.duration(since: start) >= $0 } ?? false
      report(isSlow ? .dropped : .success, epoch)
      return result
    } catch {
      let counts = !(error is CancellationError) && isFailure(error)
      report(counts ? .dropped : .ignore, epoch)
      throw error
    }
  }

  /// The breaker now: whether it is `open` or `halfOpen`, how many calls it remembers and how many `failed`.
  public func snapshot() -> Snapshot {
    let state = state.withLockUnobserved { $0 }
    var (isOpen, probes) = (0, 0)
    switch state.phase {
    case .closed: break
    case .open: isOpen = 1
    case .halfOpen(let out, _, _): probes = out
    }
    return Snapshot(
      of: identity,
      figures: ["open": isOpen, "probing": probes, "calls": state.count, "failed": state.failures]
    )
  }

  /// Hears how a call ended; `Permit` calls it.
  public func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome) {
    report(outcome, token)
  }

  private func admit() throws -> UInt64 {
    let now = time.now
    switch state.withLock({ $0.admit(at: now) }) {
    case .admitted(let epoch):
      Trace.record(.holding, identity)
      return epoch
    case .refused(let retryAt):
      Trace.record(.gaveUp, identity)
      let retryAfter = retryAt.duration(since: now)
      throw CircuitOpen(breaker: "\(identity)", retryAt: retryAt, retryAfter: retryAfter)
    }
  }

  private func report(_ outcome: Permit.Outcome, _ epoch: UInt64) {
    let now = time.now
    state.withLock { $0.report(outcome, epoch: epoch, at: now) }
    Trace.record(.done, identity)
  }
}

extension CircuitBreaker.Settings {
  fileprivate func check() {
    require(calls >= 1, "CircuitBreaker needs to remember at least 1 call, got \(calls)")
    require(
      minimumCalls >= 1 && minimumCalls <= calls,
      "CircuitBreaker needs minimumCalls of 1 to calls = \(calls), got \(minimumCalls)"
    )
    require(
      failureRate > 0 && failureRate <= 1,
      "CircuitBreaker needs a failureRate above 0 and at most 1, got \(failureRate)"
    )
    require(openFor > .zero, "CircuitBreaker needs to open for a time, got \(openFor)")
    require(probes >= 1, "CircuitBreaker needs at least 1 probe, got \(probes)")
    require(within.map { $0 > .zero } ?? true, "CircuitBreaker needs to remember for a time")
  }
}

/// A call that an open circuit breaker refused.
public struct CircuitOpen: Error, Hashable, CustomStringConvertible {
  /// Which breaker.
  public let breaker: String
  /// From when on the next call may pass.
  public let retryAt: Deadline
  /// How long that was when the call was refused.
  public let retryAfter: Duration

  /// What happened and what to do.
  public var description: String {
    "\(breaker) is open because calls kept failing; use a fallback, or try again in \(retryAfter.seconds)"
  }
}
