import Testing

@testable import Bakery

/// The algorithms by themselves.
@Suite struct LimitEstimatorTests {
  /// Lets `count` calls end, each after `latency` in a full limit.
  private func feed(
    _ estimator: inout some LimitEstimator,
    _ count: Int,
    latency: Double,
    dropped: Bool = false,
    inFlight: Int? = nil,
    from start: Int64 = 0
  ) {
    for call in 0..<count {
      estimator.observe(
        LimitSample(
          latency: latency,
          isDropped: dropped,
          inFlight: inFlight ?? estimator.limit,
          epoch: estimator.epoch,
          time: Deadline(nanoseconds: start + Int64(call) * 1_000_000)
        )
      )
    }
  }

  @Test func `aimd adds one a round, and backs off once for all that was under way at a drop`() {
    var aimd = AIMDState(1...100, initial: 10, timeout: nil, backoff: 0.5)
    feed(&aimd, 10, latency: 1e6)
    #expect(aimd.limit == 11)
    let epoch = aimd.epoch
    for _ in 0..<5 {
      aimd.observe(
        LimitSample(
          latency: 1e6,
          isDropped: true,
          inFlight: 11,
          epoch: epoch,
          time: Deadline(nanoseconds: 0)
        )
      )
    }
    #expect(aimd.limit == 6)
    #expect(aimd.reason == .dropped)
  }

  @Test func `aimd takes a call over its time for a drop`() {
    var aimd = AIMDState(1...100, initial: 10, timeout: .milliseconds(10), backoff: 0.5)
    feed(&aimd, 1, latency: 11e6)
    #expect(aimd.limit == 5)
    #expect(aimd.reason == .slower)
  }

  @Test func `a limit that is not reached does not grow`() {
    var aimd = AIMDState(1...100, initial: 20, timeout: nil, backoff: 0.5)
    feed(&aimd, 100, latency: 1e6, inFlight: 2)
    #expect(aimd.limit == 20)
    var knee = KneeState(1...100, initial: 20)
    feed(&knee, 1000, latency: 1e6, inFlight: 2)
    #expect(knee.settled == 20)
  }

  @Test func `vegas grows while nothing waits and shrinks when most do`() {
    var vegas = VegasState(1...1000, initial: 100)
    feed(&vegas, 200, latency: 1e6)
    let grown = vegas.limit
    #expect(grown > 100)
    feed(&vegas, 20 * grown, latency: 3e6)
    #expect(vegas.limit < grown)
  }

  @Test func `gradient2 shrinks when calls get longer than usual and halves on a drop`() {
    var gradient = Gradient2State(1...1000, initial: 100, tolerance: 1.5)
    feed(&gradient, 1000, latency: 1e6)
    let settled = gradient.limit
    feed(&gradient, settled, latency: 10e6)
    #expect(gradient.limit < settled)
    let before = gradient.limit
    feed(&gradient, 2 * before, latency: 1e6, dropped: true)
    #expect(gradient.limit <= before / 2)
  }

  /// The same after the trial with which it begins.
  private func knee(_ range: ClosedRange<Int>, initial: Int, latency: Double = 1e6) -> KneeState {
    var knee = KneeState(range, initial: initial)
    feed(&knee, knee.limit + 8, latency: latency)
    return knee
  }

  @Test(arguments: [(1, 1, 1), (4, 4, 4), (20, 5, 20), (200, 5, 20)])
  func `the knee begins with a few, and then with no more than four times as many`(
    initial: Int,
    first: Int,
    then: Int
  ) {
    #expect(KneeState(1...1000, initial: initial).limit == first)
    let knee = knee(1...1000, initial: initial)
    #expect(knee.limit == then)
    #expect(knee.settled == then)
    #expect(knee.latencies.long == 1e6)
  }

  @Test func `a first trial in which all but one call hang is over at its alarm`() {
    var knee = KneeState(1...100, initial: 20)
    feed(&knee, 1, latency: 1e6, from: 5_000_000)
    #expect(knee.alarm == Deadline(nanoseconds: 104_000_000))
    knee.timePassed(until: knee.alarm)
    #expect(knee.limit == 20)
  }

  @Test func `a trial that was as full as the work before it is followed by a smaller one`() {
    var knee = knee(1...100, initial: 20, latency: 5e6)
    // The throughput is the same at 20 as in the first trial, at 5.
    feed(&knee, 20 + 20, latency: 20e6)
    #expect(knee.limit == 4)
    feed(&knee, 1, latency: 20e6, inFlight: 4)
    feed(&knee, 4 + 8, latency: 5e6)
    #expect(knee.limit == 1)
    let settled = knee.settled
    #expect((11...13).contains(settled))
    feed(&knee, 1, latency: 5e6, inFlight: 1)
    feed(&knee, 1 + 8, latency: 1e6)
    #expect(knee.latencies.long == 1e6)
    #expect(knee.limit == settled)
    feed(&knee, settled + 16, latency: 10e6)
    #expect(knee.settled < settled)
    #expect(knee.reason == .slower)
  }

  @Test func `after calls got slow the limit grows in small steps until it has passed that place`()
  {
    var knee = knee(1...1000, initial: 20)
    feed(&knee, 20 + 20, latency: 2e6)
    #expect(knee.settled < 20)
    var steps: [Int] = []
    for _ in 0..<20 where knee.settled <= 25 {
      let before = knee.settled
      feed(&knee, knee.limit, latency: 1e6)
      steps.append(knee.settled - before)
    }
    #expect(steps.dropLast().allSatisfy { $0 <= 3 }, "\(steps)")
    #expect(steps.count >= 3)
    #expect((steps.last ?? 0) >= 10)
  }

  /// A second later than anything before.
  private let later: Int64 = 1_000_000_000

  @Test func `the knee tries a quarter, learns the baseline there, and comes back`() {
    var knee = knee(1...100, initial: 20)
    feed(&knee, 20 + 20, latency: 2e6, from: later)
    #expect(knee.limit == 4)
    let settled = knee.settled
    #expect((17...19).contains(settled))
    // The queue has gone: the first of few in flight begins the trial.
    feed(&knee, 1, latency: 2e6, inFlight: 4, from: later)
    feed(&knee, 4 + 8, latency: 0.9e6, from: later)
    #expect(knee.limit == settled)
    #expect(knee.latencies.long == 0.9e6)
    feed(&knee, 40, latency: 4e6, from: later)
    #expect(knee.settled < settled)
    #expect(knee.reason == .slower)
  }

  @Test func `a trial in which nothing ends is over at its alarm`() {
    var knee = knee(1...100, initial: 20)
    feed(&knee, 40, latency: 2e6, from: later)
    #expect(knee.limit == 4)
    let alarm = knee.alarm
    #expect(alarm != .never)
    knee.timePassed(until: Deadline(nanoseconds: alarm.nanoseconds - 1))
    #expect(knee.limit == 4)
    knee.timePassed(until: alarm)
    #expect(knee.limit == knee.settled)
    #expect(knee.alarm == .never)
  }

  @Test func `after the time went back there are still trials`() {
    var knee = knee(1...100, initial: 20)
    feed(&knee, 40, latency: 2e6, from: 1_000_000_000_000)
    knee.timePassed(until: knee.alarm)
    #expect(knee.limit == knee.settled)
    feed(&knee, 40, latency: 2e6)
    #expect(knee.limit <= 5)
  }

  @Test func `a limit stays in its range`() {
    var knee = KneeState(5...30, initial: 20)
    feed(&knee, 10_000, latency: 1e6, dropped: true)
    #expect(knee.settled == 5)
    var aimd = AIMDState(5...30, initial: 20, timeout: nil, backoff: 0.5)
    feed(&aimd, 10_000, latency: 1e6)
    #expect(aimd.limit == 30)
  }
}
