/// Limits how much happens at once to what the called side can do, which it finds out from how long calls take.
///
/// A permit tells how its call went: `release(.success)`, whose duration is a measurement; `release(.dropped)` when the call
/// was refused or ran out of time, a sign of overload; a permit that only ends says nothing. `withPermit` does it for a closure.
///
/// > Ordering: higher classes first, and within a class in the order of the calls. A large request at the head holds back
/// those behind it and below it; `tryAcquire` never overtakes a waiter of its class.
///
/// > Time: measured by the time source in force where the limiter was made. A call during which the time went back says nothing.
///
/// - Complexity: O(1), and O(*granted*) for what wakes others; a lock and a reading of the clock to take and to give.
///
/// @Snippet(path: "bakery/Snippets/LimitAdaptively", slice: "adaptive")
public final class AdaptiveLimiter: ConcurrencyLimiter {
  /// How important a request is: the lowest classes are refused first and served last.
  public enum Priority: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// Can be done later or not at all.
    case low
    /// The usual.
    case normal
    /// Somebody waits for it.
    case high

    /// Whether this class is served after `other`.
    public static func < (left: Priority, right: Priority) -> Bool {
      left.rawValue < right.rawValue
    }
  }

  /// A change of the limit.
  public struct Change: Hashable, Sendable {
    /// Why a limit changes.
    public enum Reason: Hashable, Sendable {
      /// It did not; it is the one with which the limiter began.
      case start
      /// Calls did not take longer for being more.
      case room
      /// Calls took longer for being many.
      case slower
      /// Calls were dropped.
      case dropped
    }

    /// The limit before.
    public let from: Int
    /// The limit after.
    public let to: Int
    /// Why.
    public let reason: Reason
    /// When.
    public let time: Deadline
  }

  /// What a limiter has found out.
  public struct Measures: Hashable, Sendable {
    /// How much may be in flight, but for the moments of a trial.
    public let limit: Int
    /// How much is.
    public let inFlight: Int
    /// How many tasks wait.
    public let waiting: Int
    /// How many requests were refused since the limiter was made.
    public let refused: Int
    /// How long calls take now, if known.
    public let latency: Duration?
    /// How long they take without waiting for one another, if known.
    public let baseline: Duration?
    /// How the limit last changed.
    public let lastChange: Change
  }

  /// What the limiter is called and where it was made.
  public let identity: ObjectIdentity
  /// The least and the largest limit.
  public let limits: ClosedRange<Int>

  @usableFromInline let core: AdaptiveCore
  private let lines: [AdaptiveLine]

  /// Makes a limiter.
  ///
  /// - Important: traps when `limits` are not in 1…2³¹-1, `initial` not in `limits`, or `waiting` not in 0…2³¹-1.
  /// - Parameters:
  ///   - algorithm: How to find the limit.
  ///   - limits: The least and the largest limit.
  ///   - initial: The limit to begin with; by default 20, or what is nearest to it in `limits`.
  ///   - waiting: From how many waiting tasks on requests are refused by chance, and from how many always.
  ///   - name: What dumps and errors call it; a named limiter is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ algorithm: LimitAlgorithm = .knee,
    limits: ClosedRange<Int> = 1...1_000,
    initial: Int? = nil,
    waiting: ClosedRange<Int> = 500...1_000,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    let most = Int(Int32.max)
    require(
      limits.lowerBound >= 1 && limits.upperBound <= most,
      "AdaptiveLimiter needs limits within 1...\(most), got \(limits)"
    )
    let initial = initial ?? min(max(20, limits.lowerBound), limits.upperBound)
    require(
      limits.contains(initial),
      "AdaptiveLimiter needs an initial limit within its limits \(limits), got \(initial)"
    )
    require(
      waiting.lowerBound >= 0 && waiting.upperBound <= most,
      "AdaptiveLimiter needs waiting within 0...\(most), got \(waiting)"
    )
    identity = ObjectIdentity(kind: "AdaptiveLimiter", name: name, file: file, line: line)
    self.limits = limits
    let core = AdaptiveCore(
      algorithm.makeEstimator(limits, initial),
      waiting: waiting,
      identity: identity
    )
    self.core = core
    lines = Priority.allCases.map { AdaptiveLine($0, of: core) }
  }

  /// How much may be in flight now, less during a trial than what `measures` says.
  public var limit: Int { core.limit }

  /// What the limiter has found out: where it stands and why.
  public var measures: Measures { core.measures }

  /// Waits until `count` fits into the limit, as a request of the class `normal`.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Important: traps when `count` is not in 1 to the largest limit.
  /// - Parameters:
  ///   - count: The weight of the request. One above the present limit is granted when nothing else is in flight.
  ///   - deadline: Until when to wait. One that has passed still takes what is free.
  /// - Returns: A permit, to be released with the outcome of the call.
  /// - Throws: `LimitExceeded`, at once, or when a request of a higher class takes the place; `CancellationError`;
  ///   `DeadlineExceeded`.
  public func acquire(_ count: Int = 1, deadline: Deadline = .never) async throws -> Permit {
    try await acquire(count, priority: .normal, deadline: deadline)
  }

  /// Waits until `count` fits into the limit.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Important: traps when `count` is not in 1 to the largest limit.
  /// - Parameters:
  ///   - count: The weight of the request. One above the present limit is granted when nothing else is in flight.
  ///   - priority: The class of the request.
  ///   - deadline: Until when to wait. One that has passed still takes what is free.
  /// - Returns: A permit, to be released with the outcome of the call.
  /// - Throws: `LimitExceeded`, at once, or when a request of a higher class takes the place; `CancellationError`;
  ///   `DeadlineExceeded`.
  public func acquire(
    _ count: Int = 1,
    priority: Priority,
    deadline: Deadline = .never
  ) async throws -> Permit {
    let token = try await take(count, priority, deadline)
    return Permit(owner: self, count: count, token: token)
  }

  /// Takes `count` if it fits into the limit and nobody of the class waits.
  ///
  /// - Important: traps when `count` is not in 1 to the largest limit.
  /// - Parameter count: The weight of the request.
  /// - Returns: A permit, to be released with the outcome of the call, or `nil`.
  public func tryAcquire(_ count: Int = 1) -> Permit? {
    check(count)
    guard let token = core.tryAcquire(count, .normal) else { return nil }
    return Permit(owner: self, count: count, token: token)
  }

  /// Runs `body` while holding one permit, and learns from how long it took.
  ///
  /// The body runs on the caller's actor and may use its state. One that returns was a success; one that throws says nothing,
  /// unless `isOverload` says that its error is a sign of overload.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. After
  /// the grant cancellation is the body's business.
  ///
  /// - Parameters:
  ///   - priority: The class of the request.
  ///   - deadline: Until when to wait for the permit; it does not limit the body.
  ///   - isOverload: Whether an error is a sign of overload; by default `DeadlineExceeded` is.
  ///   - body: What to do.
  /// - Returns: What `body` returns.
  /// - Throws: What `acquire(_:priority:deadline:)` throws, without calling `body`, or what `body` throws.
  public func withPermit<Success: ~Copyable>(
    priority: Priority = .normal,
    deadline: Deadline = .never,
    isOverload: (any Error) -> Bool = { $0 is DeadlineExceeded },
    _ body: nonisolated(nonsending) () async throws -> sending Success
  ) async throws -> sending Success {
    let token = try await take(1, priority, deadline)
    var outcome = Permit.Outcome.success
    defer { core.release(1, token, outcome) }
    do {
      return try await body()
    } catch {
      outcome = isOverload(error) ? .dropped : .ignore
      throw error
    }
  }

  /// The limiter now: `limit`, `in flight`, `waiting`, how many were `refused`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }

  /// Takes back a permit and learns from it; `Permit` calls it.
  public func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome) {
    core.release(count, token, outcome)
  }

  private func take(_ count: Int, _ priority: Priority, _ deadline: Deadline) async throws -> UInt64
  {
    check(count)
    return try await core.acquire(count, in: lines[priority.rawValue], until: deadline)
  }

  private func check(_ count: Int) {
    require(
      count >= 1 && count <= limits.upperBound,
      "\(identity): acquire needs a count of 1 to its largest limit \(limits.upperBound), got \(count)"
    )
  }
}

/// A request that an adaptive limiter refused because too many wait already.
public struct LimitExceeded: Error, Hashable, CustomStringConvertible {
  /// Which limiter.
  public let limiter: String
  /// How much it let be in flight.
  public let limit: Int
  /// How many tasks waited.
  public let waiting: Int
  /// The class of the request.
  public let priority: AdaptiveLimiter.Priority

  /// What happened, the numbers, and what to do.
  public var description: String {
    "\(limiter) refused a request of class \(priority): its limit is \(limit) and \(waiting) wait; "
      + "do without, or try again later"
  }
}
