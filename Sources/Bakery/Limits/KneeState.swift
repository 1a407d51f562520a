/// The estimate of `LimitAlgorithm.knee`.
/// ```
///                 time for a trial                 few enough in flight
///   working ────────────────────────► draining ──────────────────────────► trying
///      ▲                                  │ it takes too long                 │ enough seen, or it takes too long
///      └──────────────────────────────────┴───────────────────────────────────┘
/// ```
/// Each arrow begins a new epoch; what was granted in an older one says nothing about this phase.
struct KneeState: LimitEstimator {
  private enum Phase: Sendable {
    case working, draining, trying
  }

  /// How much longer than in a trial calls may take at the right limit.
  private let tolerance: Double
  /// Which part of the limit a trial leaves.
  private static let trialPart = 0.25
  /// Calls that make a window say something.
  private static let windowMinimum = 16

  private var estimate: BoundedLimit
  private var phase = Phase.working
  private var trialLimit: Int
  private var window = SampleWindow()
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)
  private(set) var epoch: UInt32 = 0
  private(set) var alarm = Deadline.never
  private var phaseBegan = Deadline.never
  private var nextTrial = Deadline(nanoseconds: .min)

  init(_ range: ClosedRange<Int>, initial: Int, tolerance: Double = 1.5) {
    self.tolerance = tolerance
    estimate = BoundedLimit(range, initial: initial)
    trialLimit = range.lowerBound
  }

  var limit: Int { phase == .working ? estimate.whole : min(trialLimit, estimate.whole) }
  var reason: AdaptiveLimiter.Change.Reason { phase == .working ? estimate.reason : .trial }

  mutating func observe(_ sample: LimitSample) {
    if phase == .draining, sample.inFlight - 1 <= limit { begin(.trying, at: sample.time) }
    guard sample.epoch == epoch else { return }
    window.add(sample)
    guard window.count >= max(Self.windowMinimum, limit) else { return }
    switch phase {
    case .draining: break
    case .trying: endTrial(at: sample.time)
    case .working: endWindow(at: sample.time)
    }
  }

  mutating func timePassed(until now: Deadline) {
    guard now >= alarm else { return }
    endTrial(at: now)
  }

  private mutating func endWindow(at now: Deadline) {
    defer { window = SampleWindow() }
    if window.dropped > 0 {
      estimate.move(to: estimate.value * 0.9, .dropped)
      epoch &+= 1
    } else if let short = window.mean {
      latencies.short = short
      if let long = latencies.long {
        let ratio = min(1.5, max(0.5, tolerance * long / short)).squareRoot()
        if ratio < 1 || Double(window.mostInFlight) >= 0.8 * Double(limit) {
          estimate.move(to: estimate.value * ratio, ratio < 1 ? .slower : .room)
        }
      }
    }
    guard now >= nextTrial, limit > Int(estimate.range.lowerBound), let short = latencies.short
    else { return }
    trialLimit = max(Int(estimate.range.lowerBound), Int(Double(limit) * Self.trialPart))
    begin(.draining, at: now)
    // What does not end keeps the limit low no longer than this.
    alarm = now.advanced(by: .nanoseconds(Int64(min(20 * short, 1e18))))
  }

  private mutating func endTrial(at now: Deadline) {
    if let long = window.mean { latencies.long = long }
    let cost = now.duration(since: phaseBegan)
    nextTrial = now.advanced(by: max(.zero, min(cost, .seconds(10))) * 20)
    alarm = .never
    begin(.working, at: now)
  }

  private mutating func begin(_ phase: Phase, at now: Deadline) {
    if phase == .draining { phaseBegan = now }
    self.phase = phase
    epoch &+= 1
    window = SampleWindow()
  }
}
