/// The estimate of `LimitAlgorithm.knee`.
/// ```
///                a trial is due                     few enough in flight
///   working ────────────────────────► draining ──────────────────────────► trying
///      ▲                                  │ it takes too long                 │ enough seen, or it takes too long
///      └──────────────────────────────────┴───────────────────────────────────┘
/// ```
/// Each arrow begins a new epoch; what was granted in an older one says nothing about this phase. The figures below were
/// chosen on simulated servers; the record of the decision (0032) says which.
struct KneeState: LimitEstimator {
  private enum Phase: Sendable {
    case working, draining, trying
  }

  /// How much longer than in a trial calls may take at the right limit.
  private let tolerance: Double
  /// What is added all the same: limiters that share a server become equal by it.
  private static let headroom = 1.0
  /// Which part of the limit a trial leaves.
  private static let trialPart = 0.25
  /// Trials take one part in so many of the time, and while the limit moves away from where the last one was one in four.
  private static let rest = 20
  private static let shortRest = 3
  /// How far down the limit goes before a trial confirms it, and how far up while calls already wait for one another.
  private static let trusted = 0.7...1.4
  /// What a long call that began before a trial may cost, in usual calls.
  private static let patience = 100.0
  private static let samplesEnough = 64

  private var estimate: BoundedLimit
  private var phase = Phase.working
  private var window = SampleWindow()
  /// Calls of this phase not counted yet: those that end first are the short ones.
  private var toSkip: Int
  private(set) var epoch: UInt32 = 0
  private(set) var alarm = Deadline.never
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)
  /// The limit at which calls dropped lately: near it the limit grows as slowly as others' who share the server.
  private var ceiling = Double.infinity

  private var trialLimit: Int
  private var limitBeforeTrial = 0.0
  private var lastTrial: Double?
  private var trialBegan = Deadline(nanoseconds: .min)
  /// From when on a trial is due if the limit has moved, and in any case.
  private var soonest = Deadline(nanoseconds: .min)
  private var latest = Deadline(nanoseconds: .min)

  init(_ range: ClosedRange<Int>, initial: Int, tolerance: Double = 1.5) {
    self.tolerance = tolerance
    estimate = BoundedLimit(range, initial: initial)
    toSkip = initial
    trialLimit = range.lowerBound
  }

  var limit: Int { phase == .working ? settled : min(trialLimit, settled) }
  var settled: Int { estimate.whole }
  var reason: AdaptiveLimiter.Change.Reason { estimate.reason }

  mutating func observe(_ sample: LimitSample) {
    if phase == .draining, sample.inFlight - 1 <= limit { begin(.trying) }
    guard sample.epoch == epoch else { return }
    guard toSkip == 0 else {
      toSkip -= 1
      return
    }
    window.add(sample)
    switch phase {
    case .draining: break
    case .trying:
      if isEnough(atLeast: 8, turns: 1, error: 0.1) { endTrial(at: sample.time) }
    case .working:
      if isEnough(atLeast: 16, turns: 4, error: 0.07) { endWindow(at: sample.time) }
    }
  }

  mutating func timePassed(until now: Deadline) {
    if now >= alarm { endTrial(at: now) }
  }

  /// Whether the window says something: accurate enough, or as many calls as there is time for.
  private func isEnough(atLeast minimum: Int, turns: Int, error: Double) -> Bool {
    guard window.count >= max(minimum, limit) else { return false }
    return window.count >= max(Self.samplesEnough, turns * limit)
      || (window.dropped > 0 && phase == .working) || window.isAccurate(within: error)
  }

  private mutating func endWindow(at now: Deadline) {
    if window.dropped > 0 {
      giveWay()
    } else if let short = window.mean {
      adjust(to: short, at: now)
    }
    window = SampleWindow()
    beginTrialIfDue(at: now)
  }

  private mutating func giveWay() {
    ceiling = estimate.value
    let part = Double(window.dropped) / Double(window.count)
    estimate.move(to: estimate.value * max(0.5, 1 - max(0.1, 0.6 * part)), .dropped)
    epoch &+= 1
    toSkip = 0
  }

  private mutating func adjust(to short: Double, at now: Deadline) {
    latencies.short = short
    // What is not above the limit of a trial is as good as one.
    var long = limit <= trialLimit ? short : latencies.long ?? short
    if short < long { long += 0.5 * (short - long) }
    if latencies.long != nil || limit <= trialLimit { latencies.long = long }
    guard latencies.long != nil else { return }

    let current = estimate.value
    var target = current * min(1.5, max(0.5, tolerance * long / short)) + Self.headroom
    if now < soonest {
      target = max(target, min(current, Self.trusted.lowerBound * limitBeforeTrial))
    }
    if current > 1.25 * ceiling { ceiling = .infinity }
    if ceiling < .infinity { target = min(target, current + max(1, 0.5 * current.squareRoot())) }
    let grows = target >= current
    // Nobody knows what a limit does that is not reached.
    guard !grows || Double(window.mostInFlight) >= 0.8 * Double(limit) else { return }
    let gain = grows && short < 1.2 * long ? 1 : 0.5
    estimate.move(to: current + gain * (target - current), grows ? .room : .slower)
  }

  private mutating func beginTrialIfDue(at now: Deadline) {
    let least = Int(estimate.range.lowerBound)
    guard limit > least, let short = latencies.short else { return }
    // The time went back: what was to be later would be for ever.
    if now < trialBegan { (soonest, latest) = (now, now) }
    let hasQueue = short > 1.2 * (latencies.long ?? 0)
    let hasMoved =
      estimate.value < Self.trusted.lowerBound * limitBeforeTrial
      || (hasQueue && estimate.value > Self.trusted.upperBound * limitBeforeTrial)
    guard now >= latest || (hasMoved && now >= soonest) else { return }
    trialLimit = max(least, Int(Double(limit) * Self.trialPart))
    limitBeforeTrial = estimate.value
    trialBegan = now
    alarm = now.advanced(by: .nanoseconds(Int64(min(Self.patience * short, 1e18))))
    begin(.draining)
  }

  private mutating func endTrial(at now: Deadline) {
    if let mean = window.mean {
      // The shorter of two, because another limiter of the same server may have filled it this time.
      latencies.long = min(mean, lastTrial ?? mean)
      lastTrial = mean
    }
    let cost = min(max(now.duration(since: trialBegan), .zero), .seconds(10))
    soonest = now.advanced(by: cost * Self.shortRest)
    latest = now.advanced(by: cost * Self.rest)
    alarm = .never
    begin(.working)
  }

  private mutating func begin(_ phase: Phase) {
    self.phase = phase
    epoch &+= 1
    toSkip = limit
    window = SampleWindow()
  }
}
