import Bakery
import Glibc

/// So much is allowed that nobody ever waits.
private let plenty = Quota(1_000_000_000, per: .seconds(1), burst: 1 << 30)

/// A key of sixteen bytes that keeps nothing on the heap, as an address of IPv6.
struct ClientKey: Hashable, Sendable {
  let network: Int
  let client: Int

  init(_ number: Int) {
    network = number >> 10
    client = number
  }
}

/// Limiters that grant at once, which is what they do most of the time.
enum LimitRows {
  static let all = [
    Row(
      "rate limiter, uncontended",
      unit: "ns per request",
      ours: { try await rate() },
      peers: [.go, Peer(name: "clock read", source: .swift { try await clockRead() })]
    ),
    Row(
      "keyed rate limiter, 1,000 keys in turn",
      unit: "ns per request",
      ours: { try await keyed() },
      peers: [.go]
    ),
    // As many keys as the limiter may have, all of them in use at the end.
    Row(
      "keyed rate limiter, 1M new keys",
      unit: "ns per request",
      ours: { try await Figure.withPeakMemory { try await manyKeys() }.checkedMemory() },
      peers: [.go]
    ),
    Row(
      "bulkhead, uncontended acquire and release",
      unit: "ns per pair",
      ours: { try await bulkhead() },
      peers: [.go, .floor { try await FloorCounter.uncontended() }]
    ),
    Row(
      "circuit breaker, closed, acquire and success",
      unit: "ns per pair",
      ours: { try await breaker() },
      peers: []
    ),
    Row(
      "adaptive limiter, uncontended acquire and success",
      unit: "ns per pair",
      ours: { try await adaptive() },
      peers: []
    ),
    Row(
      "single flight, 8 callers of one flight",
      unit: "ns per caller",
      ours: { try await flights() },
      peers: [.go, .floor { try await flightsByThemselves() }]
    ),
  ]

  private static func rate() async throws -> Figure {
    let limiter = RateLimiter(plenty)
    return try await Figure.perOperation { count in
      for _ in 0..<count { try await limiter.acquire() }
    }
  }

  /// The least that a limiter of rates has to do.
  private static func clockRead() async throws -> Figure {
    try await Figure.perOperation { count in
      var latest = 0
      var wentBack = 0
      for _ in 0..<count {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
        if now < latest { wentBack += 1 }
        latest = now
      }
      try WrongResult.check("times that went back", wentBack, expected: 0)
    }
  }

  private static func keyed() async throws -> Figure {
    let limiter = KeyedRateLimiter<ClientKey>(plenty)
    return try await Figure.perOperation { count in
      var refused = 0
      for number in 0..<count where !limiter.tryAcquire(for: ClientKey(number % 1000)) {
        refused += 1
      }
      try WrongResult.check("refused", refused, expected: 0)
    }
  }

  private static func manyKeys() async throws -> Figure {
    // Some room above a million, since keys do not spread evenly over the parts of the limiter.
    try await Figure.perItem(of: 1_000_000) { items in
      let limiter = KeyedRateLimiter<ClientKey>(
        Quota(1, per: .seconds(1000), burst: 1),
        capacity: items * 21 / 20
      )
      for number in 0..<items where !limiter.tryAcquire(for: ClientKey(number)) {
        throw WrongResult("key \(number) was refused")
      }
      return limiter.snapshot()["keys"] ?? 0
    } check: { keys in
      try WrongResult.check("keys", keys, expected: 1_000_000)
    }
  }

  private static func bulkhead() async throws -> Figure {
    let bulkhead = Bulkhead(limit: 4, queue: 4)
    return try await Figure.perOperation { count in
      for _ in 0..<count {
        let permit = try await bulkhead.acquire()
        permit.release()
      }
    }
  }

  private static func breaker() async throws -> Figure {
    let breaker = CircuitBreaker()
    return try await Figure.perOperation { count in
      for _ in 0..<count {
        let permit = try await breaker.acquire()
        permit.release(.success)
      }
      try WrongResult.check("failures", breaker.snapshot()["failed"] ?? -1, expected: 0)
    }
  }

  private static func adaptive() async throws -> Figure {
    let limiter = AdaptiveLimiter(limits: 4...1000)
    return try await Figure.perOperation { count in
      for _ in 0..<count {
        let permit = try await limiter.acquire()
        permit.release(.success)
      }
      try WrongResult.check("in flight", limiter.measures.inFlight, expected: 0)
    }
  }

  private static func flights() async throws -> Figure {
    let flights = SingleFlight<Int, Int>()
    return try await callers { round in
      try await flights.value(for: round) {
        await Task.yield()
        return round
      }
    }
  }

  /// The callers alone: each does the work itself.
  private static func flightsByThemselves() async throws -> Figure {
    try await callers { round in
      await Task.yield()
      return round
    }
  }

  private static func callers(
    _ call: @escaping @Sendable (Int) async throws -> Int
  ) async throws -> Figure {
    try await Figure.perOperation { count in
      for round in 0..<count / 8 {
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<8 { group.addTask { try await call(round) } }
          return try await group.reduce(0, +)
        }
        try WrongResult.check("sum of what eight callers got", sum, expected: 8 * round)
      }
    }
  }
}

extension Figure {
  /// Checks what the documentation of `KeyedRateLimiter` promises: at most 128 bytes for each of a million keys.
  fileprivate func checkedMemory() throws -> Figure {
    let bytes = Int((peakMemory ?? 0) * 1_048_576 / 1_000_000)
    guard bytes > 0, bytes <= 128 else { throw WrongResult("\(bytes) bytes for each key") }
    return self
  }
}
