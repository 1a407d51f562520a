/// The estimate of `LimitAlgorithm.knee`, which begins with a trial.
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
  /// Which part of the limit a trial leaves, so that two who share a server, of which one tries, still come down.
  private let trialPart: Double
  /// What the first trial leaves at most, before anything is known.
  private static let firstTrial = 5
  /// A trial with this part of the throughput was as full as what it is compared with.
  private static let full = 0.9
  /// Trials take one part in so many of the time, and while the limit moves away from where the last one was one in four.
  private static let rest = 40
  private static let shortRest = 3
  /// How far down the limit goes before a trial confirms it, and how far up while calls already wait for one another.
  private static let trusted = 0.7...1.4
  /// What a long call that began before a trial may cost, in usual calls.
  private static let patience = 100.0
  private static let samplesEnough = 64

  private var estimate: BoundedLimit
  private var phase = Phase.trying
  private var window = SampleWindow()
  /// Calls of this phase not counted yet: those that end first are the short ones.
  private var toSkip: Int
  private(set) var epoch: UInt32 = 0
  private(set) var alarm = Deadline.never
  private(set) var latencies: (short: Double?, long: Double?) = (nil, nil)
  /// The limit at which calls dropped or became slow lately: near it the limit grows as slowly as others' who share the server.
  private var ceiling = Double.infinity

  private var trialLimit: Int
  private var limitBeforeTrial: Double
  private var trialBegan = Deadline(nanoseconds: .min)
  /// From when on a trial is due if the limit has moved, and in any case.
  private var soonest = Deadline(nanoseconds: .min)
  private var latest = Deadline(nanoseconds: .min)

  init(_ range: ClosedRange<Int>, initial: Int, tolerance: Double = 1.6) {
    self.tolerance = tolerance
    trialPart = min(0.5, max(0.1, 2 / tolerance - 1))
    estimate = BoundedLimit(range, initial: initial)
    limitBeforeTrial = Double(initial)
    trialLimit = max(range.lowerBound, min(Self.firstTrial, initial))
    toSkip = trialLimit
  }

  var limit: Int { phase == .working ? settled : min(trialLimit, settled) }
  var settled: Int { estimate.whole }
  var reason: AdaptiveLimiter.Change.Reason { estimate.reason }

  mutating func observe(_ sample: LimitSample) {
    if epoch == 0, alarm == .never {
      // The first trial began unseen.
      let latency = sample.isDropped ? 0 : sample.latency
      trialBegan = sample.time.advanced(by: .nanoseconds(-Int64(latency)))
      if !sample.isDropped { setAlarm(callsTake: latency) }
    }
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
    if target < 0.9 * current { ceiling = current }
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
    let isDue = now >= latest || (hasMoved && now >= soonest) || wasFull(beside: short)
    guard isDue else { return }
    trialLimit = max(least, Int(Double(limit) * trialPart))
    beginTrial(at: now, callsTake: short)
  }

  /// Whether calls waited for one another in the trial, too: the throughput was no less than at a much higher limit.
  private func wasFull(beside short: Double) -> Bool {
    guard let long = latencies.long, estimate.value >= 1.5 * Double(trialLimit) else {
      return false
    }
    return Double(trialLimit) / long > Self.full * estimate.value / short
  }

  private mutating func beginTrial(at now: Deadline, callsTake time: Double) {
    limitBeforeTrial = estimate.value
    trialBegan = now
    setAlarm(callsTake: time)
    begin(.draining)
  }

  private mutating func setAlarm(callsTake time: Double) {
    alarm = trialBegan.advanced(by: .nanoseconds(Int64(min(Self.patience * time, 1e18))))
  }

  private mutating func endTrial(at now: Deadline) {
    let least = Int(estimate.range.lowerBound)
    if let mean = window.mean {
      latencies.long = mean
      if let short = latencies.short, trialLimit > least, wasFull(beside: short) {
        // The right limit is below that of the trial: try less.
        estimate.move(to: max(Double(trialLimit), estimate.value * 0.7), .slower)
        latencies.short = mean
        trialLimit = max(least, Int(Double(trialLimit) * trialPart))
        return beginTrial(at: now, callsTake: mean)
      }
    }
    if latencies.short == nil {
      // Nobody knows yet what more would do.
      estimate.move(to: min(estimate.value, 4 * Double(trialLimit)), .start)
      limitBeforeTrial = estimate.value
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
