/// A limiter for each key, made when the key first comes: a circuit breaker for each host, a bulkhead for each tenant.
///
/// While more keys than `capacity` are known, limiters that nobody uses make room for new ones, those first that were not
/// asked for lately; what they had learned is forgotten. One in use, by a permit or by a reference of the caller's, is
/// kept, so that a key never has two; while all are in use there are more than `capacity`.
///
/// - Complexity: O(1); a new key's first use looks at up to 32 others for one that can go.
///
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "keyed")
public final class KeyedLimiters<Key: Hashable & Sendable, Limiter: ConcurrencyLimiter>: Sendable {
  private struct Entry {
    var key: Key
    var limiter: Limiter
    var isRecent: Bool
  }

  private struct State {
    var places: [Key: Int] = [:]
    var entries: [Entry] = []
    var hand = 0
  }

  /// How many unused limiters are kept.
  public let capacity: Int
  private let make: @Sendable (Key) -> Limiter
  private let state = Guarded(State())

  /// Makes a collection without limiters.
  ///
  /// - Important: traps when `capacity` is less than 1.
  /// - Parameters:
  ///   - capacity: How many limiters are kept.
  ///   - make: Makes the limiter of a key; one that another call makes at the same time may be used in its place.
  public init(capacity: Int = 1000, make: @escaping @Sendable (Key) -> Limiter) {
    require(capacity >= 1, "KeyedLimiters needs a capacity of at least 1, got \(capacity)")
    self.capacity = capacity
    self.make = make
  }

  /// How many limiters there are.
  public var count: Int { state.withLock { $0.entries.count } }

  /// The limiter of `key`.
  public subscript(_ key: Key) -> Limiter {
    if let known = state.withLock({ Self.find(key, in: &$0) }) { return known }
    // Made outside the lock, because it is the caller's code.
    let made = make(key)
    let (limiter, evicted) = state.withLock { state -> (Limiter, Limiter?) in
      if let known = Self.find(key, in: &state) { return (known, nil) }
      return (
        made, Self.insert(Entry(key: key, limiter: made, isRecent: true), capacity, in: &state)
      )
    }
    // Let go outside the lock: it is the last reference.
    withExtendedLifetime(evicted) {}
    return limiter
  }

  private static func find(_ key: Key, in state: inout State) -> Limiter? {
    guard let place = state.places[key] else { return nil }
    state.entries[place].isRecent = true
    return state.entries[place].limiter
  }

  /// Adds an entry, in place of one that can go if there are as many as may be.
  private static func insert(_ entry: Entry, _ capacity: Int, in state: inout State) -> Limiter? {
    if state.entries.count >= capacity {
      for _ in 0..<min(32, 2 * state.entries.count) {
        let place = state.hand
        state.hand = place + 1 == state.entries.count ? 0 : place + 1
        if state.entries[place].isRecent {
          state.entries[place].isRecent = false
        } else if isKnownUniquelyReferenced(&state.entries[place].limiter) {
          let evicted = state.entries[place]
          state.places[evicted.key] = nil
          state.places[entry.key] = place
          state.entries[place] = entry
          return evicted.limiter
        }
      }
    }
    state.places[entry.key] = state.entries.count
    state.entries.append(entry)
    return nil
  }
}
