import Testing

@testable import Bakery

@Suite struct StarvationStateTests {
  private func time(_ milliseconds: Int64) -> Deadline {
    Deadline(nanoseconds: milliseconds * 1_000_000)
  }

  private var state = StarvationState(threshold: 100_000_000)

  @Test mutating func `a thread that slept through the stall is reported at the threshold`() {
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(60)).isEmpty)
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(99)).isEmpty)
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(100)) == [7: time(60)])
  }

  @Test mutating func `a thread that ran in between counts from then on`() {
    #expect(state.stall(since: time(0), sleepers: [7: 3, 8: 1], now: time(60)).isEmpty)
    #expect(state.stall(since: time(0), sleepers: [7: 4, 8: 1], now: time(120)) == [8: time(60)])
    #expect(state.stall(since: time(0), sleepers: [7: 4], now: time(140)) == [7: time(120)])
  }

  @Test mutating func `a thread that was awake at a look counts anew`() {
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(100)).isEmpty)
    #expect(state.stall(since: time(0), sleepers: [:], now: time(120)).isEmpty)
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(140)).isEmpty)
  }

  @Test mutating func `a late look alone is no reason for a report`() {
    // The watchdog itself may have been kept from running: what it sees then is new to it.
    #expect(state.stall(since: time(0), sleepers: [7: 3], now: time(5000)).isEmpty)
  }

  @Test mutating func `threads that compute are not reported`() {
    for now in stride(from: Int64(20), to: 60_000, by: 20) {
      #expect(state.stall(since: time(0), sleepers: [:], now: time(now)).isEmpty)
    }
  }

  @Test mutating func `one report for a stall, and one for the next`() {
    func stall(at start: Int64) -> [Int32: Deadline] {
      _ = state.stall(since: time(start), sleepers: [7: 3], now: time(start + 50))
      return state.stall(since: time(start), sleepers: [7: 3], now: time(start + 100))
    }
    #expect(stall(at: 0) == [7: time(50)])
    // Until it is said to be reported, the question comes again: the thread may have turned out to wait for work.
    #expect(stall(at: 0) == [7: time(50)])
    state.reported()
    #expect(stall(at: 0).isEmpty)
    state.progress()
    #expect(stall(at: 1000) == [7: time(1050)])
  }
}
