/// A rate limit for each key: each client, each host, each user.
///
/// A key that has been quiet for as long as its burst lasts is the same as one that never came, so its place is given to
/// others: memory is bounded by `capacity`, and nothing is forgotten that counts. While all places are taken by keys in
/// use, other keys are refused, because to forget one that counts would let a flood of invented keys lift every limit.
///
/// > Ordering: requests for one key are granted in the order of the calls; keys do not wait for each other.
///
/// > Cancellation: as `RateLimiter`.
///
/// - Complexity: O(1); a key's first request looks at up to 32 places for one to reuse once all are taken. At most
///   128 bytes a key of up to 16 bytes, besides what keys keep on the heap; memory grows with the keys that come.
///
/// @Snippet(path: "bakery/Snippets/LimitRates", slice: "keyed")
public final class KeyedRateLimiter<Key: Hashable & Sendable>: Traceable {
  /// What the limiter is called and where it was made.
  public let identity: ObjectIdentity
  /// The most keys in use at the same time.
  public let capacity: Int

  @usableFromInline let quota: @Sendable (Key) -> Quota
  @usableFromInline let shards: [RateShard<Key>]
  @usableFromInline let line: RateLine
  private let registration = Registration()

  /// Makes a limiter that knows no key.
  ///
  /// - Important: traps when `capacity` is not in 1…2³¹-1.
  /// - Parameters:
  ///   - capacity: The most keys in use at the same time, in all; each of up to 16 parts has its share.
  ///   - name: What dumps and errors call it; a named limiter is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - quota: How often for each key; called for every request, so it should be quick, and say the same each time.
  public init(
    capacity: Int = 100_000,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    quota: @escaping @Sendable (Key) -> Quota
  ) {
    require(
      capacity >= 1 && capacity <= Int(Int32.max),
      "KeyedRateLimiter needs a capacity of 1 to \(Int32.max), got \(capacity)"
    )
    identity = ObjectIdentity(kind: "KeyedRateLimiter", name: name, file: file, line: line)
    self.capacity = capacity
    self.quota = quota
    self.line = RateLine(identity: identity)
    // A small limiter is one part: shares of a few keys would fill unevenly.
    let parts = capacity < 1024 ? 1 : 16
    shards = (0..<parts).map { part in
      RateShard(capacity: (capacity + parts - 1 - part) / parts)
    }
    if name != nil { registration.ensure(self) }
  }

  /// Makes a limiter with the same quota for all keys.
  ///
  /// - Important: traps when `capacity` is not in 1…2³¹-1.
  /// - Parameters:
  ///   - quota: How often for each key.
  ///   - capacity: The most keys in use at the same time.
  ///   - name: What dumps and errors call it; a named limiter is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public convenience init(
    _ quota: Quota,
    capacity: Int = 100_000,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    self.init(capacity: capacity, name: name, file: file, line: line) { _ in quota }
  }

  /// Waits until the quota of `key` allows `count` more.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameters:
  ///   - count: How many to take together: the weight of the request.
  ///   - key: Whose quota.
  ///   - deadline: Until when to wait. A request that could not be granted by then fails at once.
  /// - Throws: `CancellationError`; `DeadlineExceeded`; `RateLimitFailure` when `count` is above the burst, or when all
  ///   places are taken by other keys.
  @inlinable
  public func acquire(_ count: Int = 1, for key: Key, deadline: Deadline = .never) async throws {
    if !tryAcquire(count, for: key) { try await acquireSlowly(count, key, deadline) }
  }

  @usableFromInline @inline(never)
  func acquireSlowly(_ count: Int, _ key: Key, _ deadline: Deadline) async throws {
    let quota = quota(key)
    guard count <= quota.burst else { throw line.impossible(count, quota) }
    let now = line.now
    let latest = max(Int(deadline.nanoseconds), now)
    switch shard(of: key).withTable({
      $0.reserve(count, for: key, quota, now: now, until: latest)
    }) {
    case .full: throw RateLimitFailure(reason: .tooManyKeys(capacity), limiter: "\(identity)")
    case .tooLate: throw line.tooLate(deadline)
    case .reserved(let grant, _) where grant <= now:
      Trace.record(.holding, identity, count: count)
    case .reserved(let grant, let next):
      registration.ensure(self)
      if await line.wait(until: grant, count: count) { return }
      shard(of: key).withTable { $0.refund(count, for: key, quota, reserved: next) }
      throw CancellationError()
    }
  }

  /// Takes `count` if the quota of `key` allows them now.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Returns: Whether it does; `false` also when `count` is above the burst, and when all places are taken by other keys.
  @inlinable
  public func tryAcquire(_ count: Int = 1, for key: Key) -> Bool {
    line.checkCount(count)
    let quota = quota(key)
    guard count <= quota.burst else { return false }
    let now = line.now
    let answer = shard(of: key).withTable {
      $0.reserve(count, for: key, quota, now: now, until: now)
    }
    guard case .reserved = answer else { return false }
    if !Mode.isPlain { Trace.record(.holding, identity, count: count) }
    return true
  }

  /// When a request for `count` made now would be granted to `key`, if a place is free for it.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Returns: An instant, not before now; `never` when `count` is above the burst.
  public func readyTime(for key: Key, count: Int = 1) -> Deadline {
    line.checkCount(count)
    let quota = quota(key)
    guard count <= quota.burst else { return .never }
    let now = line.now
    let arrival = shard(of: key).withTable { $0.arrival(of: key) } ?? now
    let (grant, _) = quota.reserve(count, arrival: arrival, now: now)
    return Deadline(nanoseconds: Int64(max(grant, now)))
  }

  /// The limiter now: how many `keys` it keeps, how many requests are `waiting`, and who.
  public func snapshot() -> Snapshot {
    let waiters = line.waiters
    let keys = shards.reduce(0) { $0 + $1.count }
    return Snapshot(
      of: identity,
      figures: ["keys": keys, "waiting": waiters.count],
      waiters: waiters
    )
  }

  @inlinable @inline(__always)
  func shard(of key: Key) -> RateShard<Key> {
    guard shards.count > 1 else { return shards[0] }
    return shards[Int(UInt(bitPattern: key.hashValue) >> 32) % shards.count]
  }
}
