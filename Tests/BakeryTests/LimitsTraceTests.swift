import BakeryTesting
import Testing

@testable import Bakery

private struct Broken: Error {}

extension TraceTests {
  @Test func `the dump shows every limiter, and who waits at it`() async throws {
    Trace.level = .holders
    defer { Trace.level = .off }
    try await simulate { _ in
      let once = Quota(1, per: .seconds(10), burst: 1)
      let rate = RateLimiter(once, name: "search API")
      let rates = KeyedRateLimiter<Int>(once, name: "clients")
      let bulkhead = Bulkhead(limit: 1, queue: 1, name: "rendering")
      let adaptive = AdaptiveLimiter(limits: 1...1, name: "storage")
      let flights = SingleFlight<Int, Int>(name: "loads")
      try await rate.acquire()
      try await rates.acquire(for: 1)
      try await withThrowingTaskGroup { group in
        group.addTask(name: "holder") {
          try await bulkhead.withPermit { try await sleep(until: .after(.seconds(20))) }
        }
        group.addTask(name: "holder") {
          try await adaptive.withPermit { try await sleep(until: .after(.seconds(20))) }
        }
        group.addTask(name: "loader") {
          _ = try await flights.value(for: 1) {
            try await sleep(until: .after(.seconds(20)))
            return 1
          }
        }
        await waitUntilIdle()
        group.addTask(name: "searcher") { try await rate.acquire() }
        group.addTask(name: "client") { try await rates.acquire(for: 1) }
        group.addTask(name: "writer") { try await adaptive.withPermit {} }
        group.addTask(name: "painter") { try await bulkhead.withPermit {} }
        group.addTask(name: "reader") { _ = try await flights.value(for: 1) { 2 } }
        await waitUntilIdle()
        try expectLimiters(in: Trace.dump())
        try await group.waitForAll()
      }
      #expect(
        [rate.snapshot(), rates.snapshot(), flights.snapshot()].allSatisfy { $0.waiters.isEmpty }
      )
      #expect(bulkhead.snapshot().holders.isEmpty && adaptive.snapshot().holders.isEmpty)
    }
  }

  private func expectLimiters(in dump: String) throws {
    let lines = dump.split(separator: "\n")
    func expect(_ object: String, _ figures: String, _ parties: [String]) throws {
      let place = try #require(lines.firstIndex { $0.hasPrefix(object) })
      #expect(lines[place].hasSuffix(figures))
      let below = lines[(place + 1)...].prefix(parties.count)
      #expect(zip(below, parties).allSatisfy { $0.hasPrefix("  \($1)\": ") }, "\(below)")
    }
    let holder = "held by task \"holder"
    try expect("RateLimiter \"search API", "available 0, waiting 1", ["awaited by task \"searcher"])
    try expect("KeyedRateLimiter \"clients", "keys 1, waiting 1", ["awaited by task \"client"])
    let rendering = [holder, "awaited by task \"painter"]
    try expect("Bulkhead \"rendering", "available 0, waiting 1", rendering)
    let storing = [holder, "awaited by task \"writer"]
    try expect("AdaptiveLimiter \"storage", "in flight 1, waiting 1, refused 0", storing)
    let loading = ["awaited by task \"loader", "awaited by task \"reader"]
    try expect("SingleFlight \"loads", "running 1, waiting 2", loading)
  }

  @Test func `the dump says what a breaker does, for each key of a collection`() async throws {
    try await simulate { _ in
      var settings = CircuitBreaker.Settings()
      (settings.calls, settings.minimumCalls) = (2, 2)
      let breakers = KeyedLimiters { [settings] host in CircuitBreaker(settings, name: host) }
      func figures(_ host: String) throws -> Substring {
        let line = Trace.dump().split(separator: "\n").first { $0.contains("\"\(host)\"") }
        return try #require(line).split(separator: "): ", maxSplits: 1)[1]
      }
      try await breakers["up.example"].withPermit {}
      #expect(try figures("up.example") == "open 0, probing 0, calls 1, failed 0")
      for _ in 0..<2 { _ = try? await breakers["down.example"].withPermit { throw Broken() } }
      #expect(try figures("down.example") == "open 1, probing 0, calls 0, failed 0")
      try await sleep(until: .after(.seconds(10)))
      let probe = try await breakers["down.example"].acquire()
      #expect(try figures("down.example") == "open 0, probing 1, calls 0, failed 0")
      probe.release(.success)
      #expect(try figures("down.example") == "open 0, probing 0, calls 0, failed 0")
    }
  }
}
