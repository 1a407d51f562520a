import Testing

@testable import Bakery

/// A quota in plain numbers: one every 10 ns, `burst` at once.
private func quota(burst: Int) -> Quota { Quota(100, per: .nanoseconds(1000), burst: burst) }

@Suite struct QuotaTests {
  @Test func `a burst is granted at once, and then one in each interval`() {
    let quota = quota(burst: 3)
    var arrival = Int.min
    var grants: [Int] = []
    for _ in 0..<6 {
      let (grant, next) = quota.reserve(1, arrival: arrival, now: 100)
      (grants, arrival) = (grants + [max(grant, 100)], next)
    }
    #expect(grants == [100, 100, 100, 110, 120, 130])
  }

  @Test func `a pause earns no more than one burst`() {
    let quota = quota(burst: 2)
    let (_, next) = quota.reserve(2, arrival: .min, now: 0)
    #expect(quota.available(arrival: next, now: 0) == 0)
    #expect(quota.available(arrival: next, now: 10) == 1)
    #expect(quota.available(arrival: next, now: 20) == 2)
    #expect(quota.available(arrival: next, now: 1_000_000) == 2)
  }

  @Test func `a weight takes its share of the future`() {
    let quota = quota(burst: 5)
    let (first, next) = quota.reserve(5, arrival: .min, now: 0)
    let (second, after) = quota.reserve(3, arrival: next, now: 0)
    let (third, _) = quota.reserve(1, arrival: after, now: 0)
    #expect([first, second, third] == [0, 30, 40])
  }

  @Test func `reservations beyond the end of the timeline are never granted`() {
    let (grant, next) = quota(burst: 5).reserve(5, arrival: .max - 10, now: 0)
    #expect(grant == .max)
    #expect(next == .max)
  }

  @Test func `the interval is rounded up, so the quota is not exceeded`() {
    #expect(Quota(3, per: .seconds(1), burst: 1).interval == 333_333_334)
    #expect(Quota(1_000_000_000, per: .seconds(1), burst: 1).interval == 1)
    #expect(Quota(2_000_000_000, per: .seconds(1), burst: 1).interval == 1)
  }

  @Test(arguments: [1, 2, 7]) func `in no stretch of time more is granted than the quota allows`(
    burst: Int
  ) {
    let quota = quota(burst: burst)
    let random = SeededRandom(seed: UInt64(burst))
    var (arrival, now) = (Int.min, 0)
    var grants: [(time: Int, count: Int)] = []
    for _ in 0..<2000 {
      now += Int(random.next() % 25)
      let count = 1 + Int(random.next() % UInt64(burst))
      let (grant, next) = quota.reserve(count, arrival: arrival, now: now)
      guard grant <= now else { continue }
      arrival = next
      grants.append((now, count))
    }
    for first in grants.indices {
      var total = 0
      for grant in grants[first...].prefix(50) {
        total += grant.count
        #expect(total <= burst + (grant.time - grants[first].time) / 10)
      }
    }
  }
}

@Suite struct RateTableTests {
  @Test func `a quiet key's place is reused, and a key in use keeps its own`() {
    var table = RateTable<String>(capacity: 2)
    let quota = quota(burst: 1)
    for key in ["a", "b"] {
      #expect(
        table.reserve(1, for: key, quota, now: 0, until: 0) == .reserved(grant: 0, arrival: 10)
      )
    }
    #expect(table.reserve(1, for: "c", quota, now: 9, until: .max) == .full)
    #expect(
      table.reserve(1, for: "b", quota, now: 9, until: 20) == .reserved(grant: 10, arrival: 20)
    )
    #expect(
      table.reserve(1, for: "c", quota, now: 10, until: 10) == .reserved(grant: 10, arrival: 20)
    )
    #expect(table.count == 2)
    #expect(table.arrival(of: "a") == nil)
    #expect(table.arrival(of: "b") == 20)
  }

  @Test func `a reservation that would come too late takes nothing`() {
    var table = RateTable<Int>(capacity: 1)
    let quota = quota(burst: 1)
    _ = table.reserve(1, for: 1, quota, now: 0, until: 0)
    #expect(table.reserve(1, for: 1, quota, now: 0, until: 9) == .tooLate)
    #expect(table.arrival(of: 1) == 10)
  }

  @Test func `only the last reservation goes back`() {
    var table = RateTable<Int>(capacity: 1)
    let quota = quota(burst: 1)
    _ = table.reserve(1, for: 1, quota, now: 0, until: 0)
    _ = table.reserve(1, for: 1, quota, now: 0, until: .max)
    _ = table.reserve(1, for: 1, quota, now: 0, until: .max)
    table.refund(1, for: 1, quota, reserved: 20)
    #expect(table.arrival(of: 1) == 30)
    table.refund(1, for: 1, quota, reserved: 30)
    #expect(table.arrival(of: 1) == 20)
    table.refund(1, for: 2, quota, reserved: 20)
    #expect(table.arrival(of: 1) == 20)
  }

  @Test func `a flood of keys never grants a key more than its quota`() {
    var table = RateTable<Int>(capacity: 64)
    let quota = quota(burst: 2)
    let random = SeededRandom(seed: 1)
    var (now, granted, last) = (0, [Int: [Int]](), 0)
    for _ in 0..<20_000 {
      now += Int(random.next() % 3)
      let key = Int(random.next() % 200)
      guard case .reserved = table.reserve(1, for: key, quota, now: now, until: now) else {
        continue
      }
      granted[key, default: []].append(now)
      last = now
    }
    #expect(table.count == 64 && last > 0)
    for times in granted.values {
      for (first, third) in zip(times, times.dropFirst(2)) { #expect(third - first >= 10) }
    }
  }
}
