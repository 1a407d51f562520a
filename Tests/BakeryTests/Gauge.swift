@testable import Bakery

/// Counts how many are inside, and the most that ever were.
final class Gauge: Sendable {
  private let counts = Guarded((now: 0, most: 0))

  var now: Int { counts.withLockUnobserved { $0.now } }
  var most: Int { counts.withLockUnobserved { $0.most } }

  func enter(_ count: Int = 1) {
    counts.withLockUnobserved { counts in
      counts.now += count
      counts.most = max(counts.most, counts.now)
    }
  }

  func leave(_ count: Int = 1) {
    counts.withLockUnobserved { $0.now -= count }
  }
}

/// An object that says in a gauge how many like it live.
final class Counted: Sendable {
  private let gauge: Gauge

  init(_ gauge: Gauge) {
    self.gauge = gauge
    gauge.enter()
  }

  deinit { gauge.leave() }
}
