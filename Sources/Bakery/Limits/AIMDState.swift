/// The estimate of `LimitAlgorithm.aimd`.
struct AIMDState: LimitEstimator {
  private let timeout: Double
  private let backoff: Double
  private var estimate: BoundedLimit
  private var window = SampleWindow()
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)
  /// Rounds that count no drops, because one has lowered the limit and its consequences are still under way.
  private(set) var epoch: UInt32 = 0

  init(_ range: ClosedRange<Int>, initial: Int, timeout: Duration?, backoff: Double) {
    self.timeout = timeout.map { Double($0.wholeNanoseconds) } ?? .infinity
    self.backoff = backoff
    estimate = BoundedLimit(range, initial: initial)
  }

  var limit: Int { estimate.whole }
  var reason: AdaptiveLimiter.Change.Reason { estimate.reason }

  mutating func observe(_ sample: LimitSample) {
    if sample.isDropped || sample.latency > timeout {
      // What was granted under the old limit says nothing about the new one.
      guard sample.epoch == epoch else { return }
      epoch &+= 1
      estimate.move(to: estimate.value * backoff, sample.isDropped ? .dropped : .slower)
      window = SampleWindow()
      return
    }
    window.add(sample)
    guard window.count >= limit else { return }
    latencies.short = window.mean
    if window.mostInFlight * 2 >= limit { estimate.move(to: estimate.value + 1, .room) }
    window = SampleWindow()
  }
}
