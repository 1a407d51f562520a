/// The estimate of `LimitAlgorithm.vegas`.
struct VegasState: LimitEstimator {
  /// After how many rounds the shortest latency is measured anew.
  private static let roundsUntilProbe = 60

  private var estimate: BoundedLimit
  private var window = SampleWindow()
  private var rounds = 0
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)
  private(set) var epoch: UInt32 = 0

  init(_ range: ClosedRange<Int>, initial: Int) {
    estimate = BoundedLimit(range, initial: initial)
  }

  var limit: Int { estimate.whole }
  var reason: AdaptiveLimiter.Change.Reason { estimate.reason }

  mutating func observe(_ sample: LimitSample) {
    // The decimal logarithm, with a straight line between powers of two.
    let step = max(1, 0.301 * (Double(estimate.value.exponent) + estimate.value.significand - 1))
    if sample.isDropped {
      guard sample.epoch == epoch else { return }
      epoch &+= 1
      estimate.move(to: estimate.value - step, .dropped)
      return
    }
    latencies.long = min(latencies.long ?? .infinity, sample.latency)
    window.add(sample)
    guard window.count >= limit, let short = window.mean, let long = latencies.long else { return }
    defer { window = SampleWindow() }
    latencies.short = short
    rounds += 1
    if rounds.isMultiple(of: Self.roundsUntilProbe) { latencies.long = short }
    // By Little's law, how many of those in flight wait for others.
    let queue = estimate.value * (1 - long / short)
    if queue > 6 * step {
      estimate.move(to: estimate.value - step, .slower)
    } else if window.mostInFlight * 2 >= limit, queue < 3 * step {
      estimate.move(to: estimate.value + (queue <= step ? 6 * step : step), .room)
    }
  }
}
