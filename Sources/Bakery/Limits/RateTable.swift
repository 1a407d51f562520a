/// The keys of a keyed rate limiter, or a part of them; pure.
///
/// Invariant: `places[key]` is the place at which `keys` has `key` and `arrivals` from when its quota counts.
/// Invariant: there are at most `capacity` places, and each is in `places`.
@usableFromInline
struct RateTable<Key: Hashable & Sendable>: Sendable {
  @usableFromInline
  enum Answer: Equatable, Sendable {
    case reserved(grant: Int, arrival: Int)
    case tooLate
    /// All places are taken by keys in use.
    case full
  }

  @usableFromInline let capacity: Int
  @usableFromInline var places: [Key: Int32] = [:]
  @usableFromInline var keys: ContiguousArray<Key> = []
  @usableFromInline var arrivals: ContiguousArray<Int> = []
  /// Where the search for a place to reuse goes on.
  @usableFromInline var hand = 0

  /// How many places one search looks at.
  @inlinable static var looks: Int { 32 }

  init(capacity: Int) {
    self.capacity = capacity
  }

  var count: Int { keys.count }

  func arrival(of key: Key) -> Int? {
    places[key].map { arrivals[Int($0)] }
  }

  /// Reserves the next instant for `key`, unless it comes after `latest`; the caller has checked `count`.
  @inlinable
  mutating func reserve(
    _ count: Int,
    for key: Key,
    _ quota: Quota,
    now: Int,
    until latest: Int
  ) -> Answer {
    if let place = places[key] {
      let (grant, next) = quota.reserve(count, arrival: arrivals[Int(place)], now: now)
      if grant > latest { return .tooLate }
      arrivals[Int(place)] = next
      return .reserved(grant: grant, arrival: next)
    }
    guard let place = makePlace(for: key, now: now) else { return .full }
    let (grant, next) = quota.reserve(count, arrival: now, now: now)
    arrivals[place] = next
    return .reserved(grant: grant, arrival: next)
  }

  /// Gives a reservation back unless somebody has reserved after it.
  mutating func refund(_ count: Int, for key: Key, _ quota: Quota, reserved: Int) {
    guard let place = places[key], arrivals[Int(place)] == reserved else { return }
    arrivals[Int(place)] = reserved - count * quota.interval
  }

  @inlinable
  mutating func makePlace(for key: Key, now: Int) -> Int? {
    if keys.count < capacity {
      places[key] = Int32(keys.count)
      keys.append(key)
      arrivals.append(now)
      return keys.count - 1
    }
    for _ in 0..<min(Self.looks, capacity) {
      let place = hand
      hand = hand + 1 == capacity ? 0 : hand + 1
      // Its quota counts from a time that has passed: whatever it asks now, it gets as a new key would.
      guard arrivals[place] <= now else { continue }
      places[keys[place]] = nil
      places[key] = Int32(place)
      keys[place] = key
      return place
    }
    return nil
  }
}

/// A part of a keyed rate limiter's keys, behind a lock.
// Safe because every access to `table` holds `lock`.
@usableFromInline
final class RateShard<Key: Hashable & Sendable>: @unchecked Sendable {
  @usableFromInline let lock = Lock()
  @usableFromInline var table: RateTable<Key>

  init(capacity: Int) {
    table = RateTable(capacity: capacity)
  }

  /// How many keys there are; for observers, who must not change what they see.
  var count: Int {
    lock.lockFast()
    defer { lock.unlock() }
    return table.count
  }

  @inlinable @inline(__always)
  func withTable<Success>(_ body: (inout RateTable<Key>) -> Success) -> Success {
    lock.lock()
    defer { lock.unlock() }
    return body(&table)
  }
}
