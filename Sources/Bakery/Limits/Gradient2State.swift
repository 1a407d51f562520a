/// The estimate of `LimitAlgorithm.gradient2`.
struct Gradient2State: LimitEstimator {
  /// Windows over which the long-term latency is smoothed.
  private static let memory = 600.0
  private static let headroom = 4.0
  private static let smoothing = 0.2

  private let tolerance: Double
  private var estimate: BoundedLimit
  private var window = SampleWindow()
  private var windows = 0.0
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)

  init(_ range: ClosedRange<Int>, initial: Int, tolerance: Double) {
    self.tolerance = tolerance
    estimate = BoundedLimit(range, initial: initial)
  }

  var limit: Int { estimate.whole }
  var reason: AdaptiveLimiter.Change.Reason { estimate.reason }

  mutating func observe(_ sample: LimitSample) {
    window.add(sample)
    guard window.count >= max(10, limit) else { return }
    defer { window = SampleWindow() }
    guard window.dropped == 0, let short = window.mean else {
      return estimate.move(to: estimate.value / 2, .dropped)
    }
    windows = min(windows + 1, Self.memory)
    var long = latencies.long ?? short
    long += (short - long) / windows
    // The load has gone: the long-term latency need not wait for its memory to forget it.
    if long > 2 * short { long *= 0.9 }
    latencies = (short, long)
    guard window.mostInFlight * 2 >= limit else { return }
    let gradient = min(1, max(0.5, tolerance * long / short))
    let target = estimate.value * gradient + Self.headroom
    let next = estimate.value + Self.smoothing * (target - estimate.value)
    estimate.move(to: next, next < estimate.value ? .slower : .room)
  }
}
