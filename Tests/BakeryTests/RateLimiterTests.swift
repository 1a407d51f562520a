import Bakery
import BakeryTesting
import Testing

@Suite struct RateLimiterTests {
  private let second = Quota(1, per: .seconds(1), burst: 1)

  @Test func `requests are granted in the order of their calls, each at its exact instant`()
    async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let limiter = RateLimiter(Quota(2, per: .seconds(1), burst: 3))
      let times = try await gather(0..<8, width: 8) { _ in
        try await limiter.acquire()
        return clock.now.nanoseconds / 1_000_000
      }
      #expect(times.sorted() == [0, 0, 0, 500, 1000, 1500, 2000, 2500])
    }
  }

  @Test func `a request that could not be granted by its deadline fails at once and takes nothing`()
    async throws
  {
    try await simulate { clock in
      let limiter = RateLimiter(second, name: "api")
      try await limiter.acquire()
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await limiter.acquire(deadline: .after(.milliseconds(999)))
      }
      #expect(error?.description.contains("acquire on RateLimiter \"api\"") == true)
      #expect(clock.now.nanoseconds == 0)
      try await limiter.acquire(deadline: .after(.seconds(1)))
      #expect(clock.now.nanoseconds == 1_000_000_000)
    }
  }

  @Test func `a deadline that has passed takes what is free`() async throws {
    try await simulate { _ in
      try await RateLimiter(second).acquire(deadline: Deadline(nanoseconds: -1))
    }
  }

  @Test func `the last reservation that is cancelled goes back to the quota`() async throws {
    try await simulate(seeds: 0..<20) { clock in
      let limiter = RateLimiter(second)
      try await limiter.acquire()
      await withThrowingTaskGroup { group in
        group.addTask { try await limiter.acquire() }
        await waitUntilIdle()
        #expect(limiter.snapshot()["waiting"] == 1)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
      }
      #expect(limiter.readyTime() == Deadline(nanoseconds: 1_000_000_000))
      #expect(limiter.snapshot()["waiting"] == 0)
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a cancellation at every suspension leaves a request or its share`() async throws {
    try await cancelAtEverySuspension { victim in
      let limiter = RateLimiter(Quota(1, per: .seconds(1), burst: 1))
      let granted = Gauge()
      await withThrowingTaskGroup { group in
        group.addTask {
          try await victim.run {
            for _ in 0..<3 {
              try await limiter.acquire()
              granted.enter()
            }
          }
        }
        try? await group.waitForAll()
      }
      #expect(limiter.readyTime().nanoseconds == Int64(granted.now) * 1_000_000_000)
    }
  }

  @Test func `a weight above the burst is refused with the numbers`() async throws {
    let limiter = RateLimiter(Quota(5, per: .seconds(1), burst: 5), name: "api")
    let error = await #expect(throws: RateLimitFailure.self) { try await limiter.acquire(6) }
    #expect(error?.reason == .impossible(count: 6, burst: 5))
    #expect(error?.description.contains("6 asked of RateLimiter \"api\"") == true)
    let refused = limiter.tryAcquire(6) == nil
    #expect(refused)
    #expect(limiter.readyTime(for: 6) == .never)
    #expect(limiter.snapshot()["available"] == 5)
  }

  @Test
  func `a clock that jumps ahead frees one burst, and one that goes back makes all wait for it`()
    async throws
  {
    let clock = JumpingClock()
    Seams.$time.withValue(clock) {
      let limiter = RateLimiter(Quota(1, per: .seconds(1), burst: 3))
      func taken() -> Int { (0..<10).count { _ in limiter.tryAcquire() != nil } }
      #expect(taken() == 3)
      clock.advance(by: .seconds(1_000_000))
      #expect(taken() == 3)
      clock.setBack(by: .seconds(5))
      #expect(taken() == 0)
      clock.advance(by: .seconds(5))
      #expect(taken() == 0)
      clock.advance(by: .seconds(1))
      #expect(taken() == 1)
    }
  }

  @Test func `on real threads no more is granted than the quota allows`() async throws {
    let limiter = RateLimiter(Quota(100_000, per: .seconds(1), burst: 10))
    let start = Deadline.now
    _ = try await gather(0..<8, width: 8) { _ in
      for _ in 0..<500 { try await limiter.acquire() }
    }
    // 4000 requests, of which 10 came at once: the last was due 39.9 ms after the first.
    #expect(Deadline.now.duration(since: start) >= .nanoseconds(39_900_000))
  }
}

@Suite struct KeyedRateLimiterTests {
  @Test func `each key has its own quota`() async throws {
    try await simulate { clock in
      let limiter = KeyedRateLimiter<String>(name: "hosts") { key in
        Quota(key == "fast" ? 10 : 1, per: .seconds(1), burst: 1)
      }
      let times = try await gather(["fast", "slow", "fast", "slow"], width: 4) { key in
        try await limiter.acquire(for: key)
        return clock.now.nanoseconds / 1_000_000
      }
      #expect(times.sorted() == [0, 0, 100, 1000])
      #expect(limiter.snapshot()["keys"] == 2)
      #expect(limiter.readyTime(for: "other") == clock.now)
    }
  }

  @Test func `while all places are in use a new key is refused, and nobody's quota is forgotten`()
    async throws
  {
    try await simulate { clock in
      let limiter = KeyedRateLimiter<Int>(
        Quota(1, per: .seconds(1), burst: 1),
        capacity: 2,
        name: "few"
      )
      #expect(limiter.tryAcquire(for: 1) && limiter.tryAcquire(for: 2))
      #expect(!limiter.tryAcquire(for: 3))
      let error = await #expect(throws: RateLimitFailure.self) { try await limiter.acquire(for: 3) }
      #expect(error?.reason == .tooManyKeys(2))
      try await sleep(until: .after(.seconds(1)))
      try await limiter.acquire(for: 3)
      #expect(limiter.snapshot()["keys"] == 2)
    }
  }

  @Test func `a cancelled request gives its share back, and one too late fails at once`()
    async throws
  {
    try await simulate { clock in
      let limiter = KeyedRateLimiter<Int>(Quota(1, per: .seconds(1), burst: 1))
      try await limiter.acquire(for: 1)
      await withThrowingTaskGroup { group in
        group.addTask { try await limiter.acquire(for: 1) }
        await waitUntilIdle()
        #expect(limiter.snapshot().waiters.count == 1)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
      }
      await #expect(throws: DeadlineExceeded.self) {
        try await limiter.acquire(for: 1, deadline: .after(.milliseconds(1)))
      }
      try await limiter.acquire(for: 1)
      #expect(clock.now.nanoseconds == 1_000_000_000)
    }
  }

  @Test func `a weight above the burst of its key is refused with the numbers, and takes no place`()
    async throws
  {
    let limiter = KeyedRateLimiter<String>(name: "hosts") { key in
      Quota(1, per: .seconds(1), burst: key.utf8.count)
    }
    let error = await #expect(throws: RateLimitFailure.self) {
      try await limiter.acquire(4, for: "abc")
    }
    #expect(error?.reason == .impossible(count: 4, burst: 3))
    #expect(!limiter.tryAcquire(4, for: "abc"))
    #expect(limiter.readyTime(for: "abc", count: 4) == .never)
    #expect(limiter.snapshot()["keys"] == 0)
    #expect(limiter.tryAcquire(4, for: "abcd"))
  }

  @Test
  func
    `a clock that jumps ahead frees one burst of each key, and one that goes back no key at all`()
  {
    let clock = JumpingClock()
    Seams.$time.withValue(clock) {
      let limiter = KeyedRateLimiter<Int>(Quota(1, per: .seconds(1), burst: 2), capacity: 2)
      func taken(_ key: Int) -> Int { (0..<10).count { _ in limiter.tryAcquire(for: key) } }
      #expect([taken(1), taken(2)] == [2, 2])
      clock.advance(by: .seconds(1_000_000))
      #expect([taken(1), taken(2)] == [2, 2])
      clock.setBack(by: .seconds(5))
      // Nobody has been forgotten for a third key either: both places are in use.
      #expect([taken(1), taken(2), taken(3)] == [0, 0, 0])
      clock.advance(by: .seconds(7))
      #expect([taken(3), taken(1), taken(2)] == [2, 2, 0])
    }
  }

  @Test func `a million keys find their places`() {
    let limiter = KeyedRateLimiter<Int>(
      Quota(1, per: .seconds(1000), burst: 1),
      capacity: 1_000_000
    )
    let refused = (0..<1_000_000).count { !limiter.tryAcquire(for: $0) }
    // The keys spread over sixteen parts, some of which are full a little earlier.
    #expect(refused < 20_000)
    #expect(limiter.snapshot()["keys"] == 1_000_000 - refused)
  }
}
