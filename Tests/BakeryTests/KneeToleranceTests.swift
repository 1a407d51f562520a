import Testing

@testable import Bakery

@Suite struct KneeToleranceTests {
  /// The limits after calls to a server that has eight at work and lets the others wait, without those of trials.
  private func limits(tolerance: Double) -> [Int] {
    var state = KneeState(1...100, initial: 8, tolerance: tolerance)
    var limits: [Int] = []
    var now = Deadline(nanoseconds: 0)
    for _ in 0..<5000 {
      let inFlight = state.limit
      let latency = 1e8 * max(1, Double(inFlight) / 8)
      now = now.advanced(by: .nanoseconds(Int64(latency) / Int64(inFlight)))
      state.observe(
        LimitSample(latency: latency, inFlight: inFlight, epoch: state.epoch, time: now)
      )
      state.timePassed(until: now)
      limits.append(state.settled)
    }
    return limits
  }

  @Test(arguments: [(1.2, 10...11), (1.5, 12...13), (2.0, 16...17)])
  func `as many are let wait as the tolerance says`(tolerance: Double, expected: ClosedRange<Int>) {
    let last = limits(tolerance: tolerance).suffix(1000)
    #expect(last.allSatisfy(expected.contains), "\(Set(last).sorted())")
  }
}
