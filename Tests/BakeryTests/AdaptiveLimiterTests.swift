import BakeryTesting
import Testing

@testable import Bakery

@Suite struct AdaptiveLimiterTests {
  /// A limit that nothing changes, for what is not about finding it.
  private func fixed(_ limit: Int, waiting: ClosedRange<Int> = 500...1_000) -> AdaptiveLimiter {
    AdaptiveLimiter(limits: limit...limit, initial: limit, waiting: waiting, name: "service")
  }

  @Test func `no more are in flight than the limit, and all get their turn`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let limiter = fixed(3)
      let inside = Gauge()
      _ = try await gather(0..<20, width: 20) { _ in
        try await limiter.withPermit {
          inside.enter()
          try await sleep(until: .after(.seconds(1)))
          inside.leave()
        }
      }
      #expect(inside.most == 3)
      #expect(limiter.measures.inFlight == 0)
    }
  }

  @Test func `within a class requests are granted in the order of the calls, higher classes first`()
    async throws
  {
    try await simulate(seeds: 0..<20) { _ in
      let limiter = fixed(1)
      let order = Journal<String>()
      try await withThrowingTaskGroup { group in
        let held = try await limiter.acquire()
        let requests: [(String, AdaptiveLimiter.Priority)] = [
          ("low 1", .low), ("normal 1", .normal), ("high 1", .high), ("low 2", .low),
          ("high 2", .high), ("normal 2", .normal),
        ]
        for (name, priority) in requests {
          group.addTask {
            try await limiter.withPermit(priority: priority) { order.add(name) }
          }
          await waitUntilIdle()
        }
        held.release()
        try await group.waitForAll()
      }
      #expect(order.entries == ["high 1", "high 2", "normal 1", "normal 2", "low 1", "low 2"])
    }
  }

  @Test func `a gather runs as many items as the limiter has found`() async throws {
    try await simulate(seeds: 0..<5) { clock in
      let limiter = fixed(4)
      _ = try await gather(0..<40, limiter: limiter) { _ in
        try await sleep(until: .after(.seconds(1)))
      }
      #expect(clock.now.nanoseconds == 10_000_000_000)
    }
  }

  @Test func `a cancellation at every suspension leaves nothing in flight and nobody in line`()
    async throws
  {
    try await cancelAtEverySuspension { victim in
      let limiter = fixed(1)
      await withThrowingTaskGroup { group in
        group.addTask {
          try await limiter.withPermit { try await sleep(until: .after(.seconds(1))) }
        }
        await waitUntilIdle()
        group.addTask { try await victim.run { try await limiter.withPermit {} } }
        while let _ = try? await group.next() {}
      }
      #expect(limiter.measures.inFlight == 0)
      #expect(limiter.measures.waiting == 0)
      try await limiter.withPermit {}
    }
  }

  @Test func `low classes are refused first, and a full line makes room for a higher class`()
    async throws
  {
    try await simulate(seeds: 0..<10) { _ in
      let limiter = fixed(1, waiting: 2...2)
      await withTaskGroup { group in
        guard let held = limiter.tryAcquire() else { Issue.record("nothing is in flight"); return }
        let refused = Journal<AdaptiveLimiter.Priority>()
        for priority in [AdaptiveLimiter.Priority.low, .low, .normal, .low, .high, .high] {
          group.addTask {
            do {
              try await limiter.withPermit(priority: priority) {}
            } catch let error as LimitExceeded {
              #expect(error.description.contains("class \(error.priority)"))
              refused.add(error.priority)
            } catch {
              Issue.record(error)
            }
          }
          await waitUntilIdle()
        }
        // Each of the higher ones took the place of the longest wait in the lowest class.
        #expect(refused.entries == [.low, .low, .low, .normal])
        held.release()
      }
      #expect(limiter.measures.refused == 4)
    }
  }

  @Test func `the fuller the line the more are refused, by the seed`() async throws {
    func refused(_ seed: UInt64, _ priority: AdaptiveLimiter.Priority) async throws -> Int {
      try await simulate(seed: seed) { _ in
        let limiter = AdaptiveLimiter(limits: 1...1, initial: 1, waiting: 10...100)
        await withTaskGroup { group in
          guard let held = limiter.tryAcquire() else { return }
          for _ in 0..<100 {
            group.addTask { try? await limiter.withPermit(priority: priority) {} }
          }
          await waitUntilIdle()
          held.release()
        }
        return limiter.measures.refused
      }
    }
    let normal = try await refused(1, .normal)
    #expect((1...89).contains(normal))
    #expect(try await refused(1, .normal) == normal)
    #expect(try await refused(1, .low) > normal)
    #expect(try await refused(1, .high) < normal)
  }

  @Test func `a weight above the present limit waits until nothing else is in flight`() async throws
  {
    try await simulate(seeds: 0..<10) { _ in
      let limiter = AdaptiveLimiter(limits: 1...10, initial: 2)
      try await withThrowingTaskGroup { group in
        let small = try await limiter.acquire()
        group.addTask { try await limiter.acquire(8).release(.ignore) }
        await waitUntilIdle()
        #expect(limiter.measures.inFlight == 1)
        let overtakes = limiter.tryAcquire() != nil
        #expect(!overtakes)
        small.release(.ignore)
        try await group.waitForAll()
      }
      #expect(limiter.measures.inFlight == 0)
    }
  }

  @Test func `a permit without an outcome frees its place and teaches nothing`() async throws {
    try await simulate(seeds: 0..<5) { clock in
      let limiter = AdaptiveLimiter(.aimd(backoff: 0.5), limits: 1...100, initial: 4)
      for _ in 0..<100 {
        let permit = try await limiter.acquire(4)
        try await sleep(until: .after(.seconds(9)))
        _ = consume permit
      }
      #expect(limiter.limit == 4)
      #expect(limiter.measures.latency == nil)
      #expect(limiter.measures.lastChange.reason == .start)
      try await limiter.acquire().release(.dropped)
      #expect(limiter.limit == 2)
      #expect(limiter.measures.lastChange.reason == .dropped)
    }
  }

  /// A clock that a fault sets.
  private final class JumpingTime: TimeSource {
    private let instant = Guarded(Deadline(nanoseconds: 0))

    var now: Deadline { instant.withLockUnobserved { $0 } }
    func jump(by duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }
    func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID {
      TimerID(rawValue: tag)
    }
    func cancel(_ timer: TimerID) {}
  }

  @Test func `a clock that jumps costs at most a step of the limit`() async throws {
    let time = JumpingTime()
    let limiter = Seams.$time.withValue(time) { AdaptiveLimiter(initial: 100) }
    func call(_ jump: Duration) async throws {
      let permit = try await limiter.acquire()
      time.jump(by: jump)
      permit.release()
    }
    for _ in 0..<1000 { try await call(.milliseconds(10)) }
    let before = limiter.measures.limit
    try await call(.seconds(86_400))
    for _ in 0..<200 { try await call(.milliseconds(10)) }
    #expect(limiter.measures.limit * 2 >= before)
    try await call(.seconds(-200_000))
    for _ in 0..<1000 { try await call(.milliseconds(10)) }
    #expect(limiter.measures.limit * 4 >= before)
    #expect(limiter.measures.inFlight == 0)
  }

  @Test func `on real threads no permit is lost, with cancellations and all outcomes`() async throws
  {
    let limiter = AdaptiveLimiter(limits: 1...16, initial: 4, waiting: 1_000...2_000)
    try await withThrowingTaskGroup { group in
      for task in 0..<200 {
        group.addTask {
          for call in 0..<50 {
            guard let permit = try? await limiter.acquire(1 + call % 2) else { return }
            if call % 8 == 0 { await Task.yield() }
            permit.release([.success, .dropped, .ignore][(call + task) % 3])
          }
        }
      }
      for _ in 0..<60 { try await group.next() }
      group.cancelAll()
      try await group.waitForAll()
    }
    #expect(limiter.measures.inFlight == 0)
    #expect(limiter.measures.waiting == 0)
    #expect((1...16).contains(limiter.measures.limit))
  }
}
