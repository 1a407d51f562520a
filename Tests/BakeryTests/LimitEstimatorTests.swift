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

  @Test func `the knee tries a quarter, learns the baseline there, and comes back`() {
    var knee = KneeState(1...100, initial: 20)
    feed(&knee, 20 + 20, latency: 4e6)
    #expect(knee.limit == 5)
    #expect(knee.settled == 20)
    // The queue has gone: the first of few in flight begins the trial.
    feed(&knee, 1, latency: 4e6, inFlight: 5)
    feed(&knee, 5 + 8, latency: 1e6)
    #expect(knee.limit == 20)
    #expect(knee.latencies.long == 1e6)
    feed(&knee, 40, latency: 4e6)
    #expect(knee.settled < 20)
    #expect(knee.reason == .slower)
  }

  @Test func `a trial in which nothing ends is over at its alarm`() {
    var knee = KneeState(1...100, initial: 20)
    feed(&knee, 40, latency: 4e6)
    #expect(knee.limit == 5)
    let alarm = knee.alarm
    #expect(alarm != .never)
    knee.timePassed(until: Deadline(nanoseconds: alarm.nanoseconds - 1))
    #expect(knee.limit == 5)
    knee.timePassed(until: alarm)
    #expect(knee.limit == 20)
    #expect(knee.alarm == .never)
  }

  @Test func `after the time went back there are still trials`() {
    var knee = KneeState(1...100, initial: 20)
    feed(&knee, 40, latency: 4e6, from: 1_000_000_000_000)
    knee.timePassed(until: knee.alarm)
    #expect(knee.limit == 20)
    feed(&knee, 40, latency: 4e6)
    #expect(knee.limit == 5)
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
