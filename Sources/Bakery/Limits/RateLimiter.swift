/// Limits how often something happens, without a queue and without a timer that ticks.
///
/// A request reserves the next instant that the quota allows and waits for exactly that one. So the length of the
/// wait is known when it begins, and a request that could not be granted by its deadline fails at once and takes nothing.
///
/// ```swift
/// let limiter = RateLimiter(Quota(100, per: .seconds(60), burst: 10), name: "search API")
/// try await limiter.acquire()
/// ```
///
/// The permit of a rate limiter need not be given back; its end changes nothing.
///
/// > Ordering: requests are granted in the order of the calls. `tryAcquire` never overtakes one that waits.
///
/// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. What was reserved
/// last goes back to the quota. What others have reserved after keeps its instant, so the cancelled share stays unused.
///
/// > Time: measured by the time source in force where the limiter was made. After a jump forward one burst is free, not
/// more; a time that went back makes all wait until it has caught up.
///
/// - Complexity: O(1). Without a wait one reading of the clock and one atomic operation, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/LimitRates", slice: "rate")
public final class RateLimiter: ConcurrencyLimiter {
  /// What the limiter is called and where it was made.
  public let identity: ObjectIdentity
  /// How often it lets something happen.
  public let quota: Quota

  /// From when the quota counts: see `Quota.reserve`.
  @usableFromInline let arrival = Word(.min)
  @usableFromInline let line: RateLine
  private let registration = Registration()

  /// Makes a limiter with its whole burst free.
  ///
  /// - Parameters:
  ///   - quota: How often.
  ///   - name: What dumps and errors call it; a named limiter is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ quota: Quota,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "RateLimiter", name: name, file: file, line: line)
    self.quota = quota
    self.line = RateLine(identity: identity)
    if Mode.touches { arrival.tellTesterOfNew() }
    if name != nil { registration.ensure(self) }
  }

  /// Waits until the quota allows `count` more.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameters:
  ///   - count: How many to take together: the weight of the request.
  ///   - deadline: Until when to wait. A request that could not be granted by then fails at once.
  /// - Returns: A permit, which need not be kept.
  /// - Throws: `CancellationError`; `DeadlineExceeded`; `RateLimitFailure` when `count` is above the burst.
  @inlinable
  @discardableResult
  public func acquire(_ count: Int = 1, deadline: Deadline = .never) async throws -> Permit {
    if !takeFast(count) { try await acquireSlowly(count, deadline) }
    return Permit(owner: self, count: count, token: 0)
  }

  /// Takes `count` if the quota allows them now.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Returns: A permit, which need not be kept, or `nil`; always `nil` when `count` is above the burst.
  @inlinable
  public func tryAcquire(_ count: Int = 1) -> Permit? {
    if takeFast(count) || tryAcquireSlowly(count) {
      return Permit(owner: self, count: count, token: 0)
    }
    return nil
  }

  /// When a request for `count` made now would be granted; what a server puts into `Retry-After`.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Returns: An instant, not before now; `never` when `count` is above the burst.
  public func readyTime(for count: Int = 1) -> Deadline {
    line.checkCount(count)
    guard count <= quota.burst else { return .never }
    let now = line.now
    let (grant, _) = quota.reserve(count, arrival: arrival.loadFast(), now: now)
    return Deadline(nanoseconds: Int64(max(grant, now)))
  }

  /// The limiter now: how many are `available`, how many are `waiting`, and who.
  public func snapshot() -> Snapshot {
    let waiters = line.waiters
    let available = quota.available(arrival: arrival.loadFast(), now: line.now)
    return Snapshot(
      of: identity,
      figures: ["available": available, "waiting": waiters.count],
      waiters: waiters
    )
  }

  /// Does nothing, because what a rate limiter has granted has happened; `Permit` calls it.
  @inlinable
  public func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome) {}

  @inlinable @inline(__always)
  func takeFast(_ count: Int) -> Bool {
    guard Mode.isPlain, count > 0, count <= quota.burst else { return false }
    return takeNow(count)
  }

  /// Takes what is due by now, or nothing.
  @inlinable @inline(__always)
  func takeNow(_ count: Int) -> Bool {
    let now = line.now
    var current = arrival.loadFast()
    repeat {
      let (grant, next) = quota.reserve(count, arrival: current, now: now)
      if grant > now { return false }
      if arrival.replaceFast(&current, with: next) { return true }
    } while true
  }

  @usableFromInline @inline(never)
  func tryAcquireSlowly(_ count: Int) -> Bool {
    line.checkCount(count)
    arrival.announceUse()
    guard count <= quota.burst, takeNow(count) else { return false }
    Trace.record(.holding, identity, count: count)
    return true
  }

  @usableFromInline @inline(never)
  func acquireSlowly(_ count: Int, _ deadline: Deadline) async throws {
    line.checkCount(count)
    guard count <= quota.burst else { throw line.impossible(count, quota) }
    arrival.announceUse()
    let now = line.now
    guard let (grant, next) = reserve(count, now: now, deadline) else {
      throw line.tooLate(deadline)
    }
    if grant <= now { return Trace.record(.holding, identity, count: count) }
    registration.ensure(self)
    if await line.wait(until: grant, count: count) { return }
    refund(count, reserved: next)
    throw CancellationError()
  }

  /// Gives a reservation back unless somebody has reserved after it.
  private func refund(_ count: Int, reserved: Int) {
    arrival.announceUse()
    var current = reserved
    while current == reserved {
      if arrival.replaceFast(&current, with: reserved - count * quota.interval) { return }
    }
  }

  /// Reserves the next instant unless it comes after `deadline`.
  private func reserve(_ count: Int, now: Int, _ deadline: Deadline) -> (grant: Int, arrival: Int)?
  {
    var current = arrival.loadFast()
    repeat {
      let reserved = quota.reserve(count, arrival: current, now: now)
      if reserved.grant > max(Int(deadline.nanoseconds), now) { return nil }
      if arrival.replaceFast(&current, with: reserved.arrival) { return reserved }
    } while true
  }
}
