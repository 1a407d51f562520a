import Testing

@testable import Bakery

private func at(_ seconds: Int64) -> Deadline { Deadline(nanoseconds: seconds * 1_000_000_000) }

/// A breaker of four calls that opens for ten seconds when half of at least two have failed.
private func breaker(_ change: (inout CircuitBreaker.Settings) -> Void = { _ in }) -> BreakerState {
  var settings = CircuitBreaker.Settings()
  (settings.calls, settings.minimumCalls) = (4, 2)
  change(&settings)
  return BreakerState(settings: settings)
}

extension BreakerState {
  fileprivate mutating func call(_ outcome: Permit.Outcome, at time: Deadline) {
    guard case .admitted(let epoch) = admit(at: time) else {
      Issue.record("refused at \(time)")
      return
    }
    report(outcome, epoch: epoch, at: time)
  }
}

@Suite struct BreakerStateTests {
  @Test func `too many failures open it, for its time`() {
    var state = breaker()
    state.call(.success, at: at(0))
    state.call(.dropped, at: at(1))
    #expect(state.phase == .open(until: at(11)))
    #expect(state.admit(at: at(10)) == .refused(retryAt: at(11)))
  }

  @Test func `fewer calls than the minimum say nothing, and neither do those that are ignored`() {
    var state = breaker()
    state.call(.dropped, at: at(0))
    for _ in 0..<10 { state.call(.ignore, at: at(0)) }
    #expect(state.phase == .closed)
    #expect(state.count == 1)
  }

  @Test func `only the last calls count`() {
    var state = breaker { $0.failureRate = 0.75 }
    state.call(.dropped, at: at(0))
    for _ in 0..<4 { state.call(.success, at: at(0)) }
    #expect(state.failures == 0)
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    #expect(state.phase == .closed)
    state.call(.dropped, at: at(0))
    #expect(state.phase == .open(until: at(10)))
  }

  @Test func `calls that are too old do not count`() {
    var state = breaker { $0.within = .seconds(5) }
    state.call(.dropped, at: at(0))
    state.call(.success, at: at(6))
    #expect(state.count == 1)
    #expect(state.failures == 0)
    state.call(.success, at: at(7))
    state.call(.success, at: at(8))
    state.call(.dropped, at: at(9))
    #expect(state.phase == .closed)
  }

  @Test func `a probe that succeeds closes it, and nothing of before is remembered`() {
    var state = breaker()
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    state.call(.success, at: at(10))
    #expect(state.phase == .closed)
    #expect(state.count == 0)
  }

  @Test func `a probe that fails opens it again for its time`() {
    var state = breaker()
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(12))
    #expect(state.phase == .open(until: at(22)))
  }

  @Test func `no more probes than allowed are under way, and all must succeed`() {
    var state = breaker { $0.probes = 2 }
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    guard case .admitted(let epoch) = state.admit(at: at(10)) else {
      Issue.record("refused"); return
    }
    #expect(state.admit(at: at(11)) == .admitted(epoch: epoch))
    #expect(state.admit(at: at(12)) == .refused(retryAt: at(21)))
    state.report(.success, epoch: epoch, at: at(13))
    #expect(state.admit(at: at(13)) == .refused(retryAt: at(21)))
    state.report(.success, epoch: epoch, at: at(14))
    #expect(state.phase == .closed)
  }

  @Test func `a probe that says nothing gives its place to another`() {
    var state = breaker()
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    state.call(.ignore, at: at(10))
    state.call(.success, at: at(10))
    #expect(state.phase == .closed)
  }

  @Test func `a probe that never returns is not waited for longer than the breaker is open`() {
    var state = breaker()
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    guard case .admitted(let lost) = state.admit(at: at(10)) else {
      Issue.record("refused"); return
    }
    #expect(state.admit(at: at(19)) == .refused(retryAt: at(20)))
    guard case .admitted(let next) = state.admit(at: at(20)) else {
      Issue.record("refused"); return
    }
    // The lost one comes back at last: it belongs to an epoch that is over.
    state.report(.dropped, epoch: lost, at: at(21))
    #expect(state.phase == .halfOpen(out: 1, succeeded: 0, since: at(20)))
    state.report(.success, epoch: next, at: at(22))
    #expect(state.phase == .closed)
  }

  @Test func `calls from before the last change do not count`() {
    var state = breaker()
    guard case .admitted(let early) = state.admit(at: at(0)) else {
      Issue.record("refused"); return
    }
    state.call(.dropped, at: at(0))
    state.call(.dropped, at: at(0))
    state.call(.success, at: at(10))
    state.report(.dropped, epoch: early, at: at(11))
    #expect(state.failures == 0)
  }

  @Test func `random calls keep the counts that a slow model counts`() {
    for seed in 0..<50 {
      let random = SeededRandom(seed: UInt64(seed))
      var state = breaker { settings in
        (settings.calls, settings.minimumCalls, settings.failureRate) = (8, 5, 0.6)
        settings.within = .seconds(6)
      }
      var model: [(time: Deadline, failed: Bool)] = []
      var now = at(0)
      for _ in 0..<400 {
        now = now.advanced(by: .milliseconds(Int64(random.next() % 2000)))
        guard case .admitted(let epoch) = state.admit(at: now) else { continue }
        let failed = random.next() % 2 == 0
        let wasClosed = state.phase == .closed
        state.report(failed ? .dropped : .success, epoch: epoch, at: now)
        guard wasClosed else { model = []; continue }
        model.append((now, failed))
        model = model.suffix(8).filter { now.duration(since: $0.time) <= .seconds(6) }
        let failures = model.count { $0.failed }
        let opens = model.count >= 5 && Double(failures) >= 0.6 * Double(model.count)
        #expect(opens == (state.phase != .closed))
        if opens {
          model = []
        } else {
          #expect(state.failures == failures && state.count == model.count)
        }
      }
    }
  }
}
