import Testing

@testable import Bakery

@Suite struct WatchStateTests {
  /// What a step says, without tickets.
  private enum Step: Equatable {
    case store, outdated, new, waits, same, closed
  }

  var state = WatchState()

  private mutating func store(over seen: Int? = nil) -> Step {
    switch state.store(over: seen) {
    case .store: .store
    case .outdated: .outdated
    case .closed: .closed
    }
  }

  private mutating func look(_ seen: inout Int, _ party: Party? = nil) -> Step {
    switch state.look(&seen, party) {
    case .new: .new
    case .wait: .waits
    case .same: .same
    case .closed: .closed
    }
  }

  @Test mutating func `the value of the subscription counts as seen, the next one is new once`() {
    _ = store()
    var seen = state.subscribe()
    let steps = [look(&seen), store(), store(), look(&seen), look(&seen)]
    #expect(steps == [.same, .store, .store, .new, .same])
    #expect(seen == 3)
  }

  @Test mutating func `a change of a version that was replaced is refused`() {
    let steps = [store(over: 0), store(over: 0), store(over: 1)]
    #expect(steps == [.store, .outdated, .store])
    _ = state.close()
    let late = store(over: 2)
    #expect(late == .closed)
  }

  @Test mutating func `a change wakes all receivers that wait, and not the sending side`() {
    var cursors = [state.subscribe(), state.subscribe()]
    guard case .wait(let first) = state.look(&cursors[0], party("first")),
      case .wait(let second) = state.look(&cursors[1], party("second")),
      let watcher = state.watch(party("watcher"))
    else { Issue.record("does not wait"); return }
    _ = state.abort(second, .timedOut)
    let hadNews = state.hasNews
    _ = store()
    var batch = WakeBatch()
    state.wakeAll(into: &batch)
    #expect(hadNews && !state.hasNews)
    let outcomes = [first, second].map { state.takeOutcome($0) }
    #expect(outcomes == [.granted(0), .timedOut])
    #expect(state.takeOutcome(watcher) == nil)
    let step = look(&cursors[0])
    #expect(step == .new)
  }

  @Test mutating func `the sending side hears of the last receiver's end, and of the close`() {
    _ = state.subscribe()
    _ = state.subscribe()
    let watcher = state.watch(party("watcher"))
    state.unsubscribe()
    let early = state.hasNews
    state.unsubscribe()
    let late = state.hasNews
    #expect(!early && late)
    var batch = WakeBatch()
    state.wakeAll(into: &batch)
    let outcome = watcher.flatMap { state.takeOutcome($0) }
    #expect(outcome == .granted(0))
    let nobody = state.watch(party("watcher"))
    #expect(nobody == nil)
    _ = state.subscribe()
    _ = state.close()
    let closed = state.watch(party("watcher"))
    #expect(closed == nil)
  }

  @Test mutating func `after the close the last value is seen, and then the end`() {
    var seen = state.subscribe()
    _ = store()
    let first = state.close()
    let second = state.close()
    #expect(first && !second)
    let steps = [store(), look(&seen, party("a")), look(&seen, party("a"))]
    #expect(steps == [.closed, .new, .closed])
    #expect(state.queue.isEmpty)
  }

  @Test func `answers as its specification under random calls`() {
    for seed in 0..<10 as Range<UInt64> {
      var random = SeededRandom(seed: seed).generator
      var state = WatchState()
      var specification = WatchSpecification()
      var cursors: [Int: Int] = [:]
      var admitted = 0
      for step in 0..<1_000 {
        let name = specification.living.randomElement(using: &random) ?? 0
        let call: WatchSpecification.Call =
          switch Int.random(in: 0..<100, using: &random) {
          case 0..<20: .send
          case 20..<30: .commit(late: Int.random(in: 0...min(2, state.version), using: &random))
          case 30..<70: .tryChanged(name)
          case 70..<78: .subscribe
          case 78..<86: .unsubscribe(name)
          case 86 where step > 800: .close
          default: .isObserved
          }
        let expected = specification.apply(call)
        let result = apply(call, to: &state, &cursors, &admitted)
        guard result == expected else {
          Issue.record("seed \(seed), \(call) gave \(result), specified is \(expected)")
          return
        }
      }
    }
  }

  private func apply(
    _ call: WatchSpecification.Call,
    to state: inout WatchState,
    _ cursors: inout [Int: Int],
    _ admitted: inout Int
  ) -> WatchSpecification.Result {
    switch call {
    case .send: return result(state.store())
    case .commit(let late): return result(state.store(over: state.version - late))
    case .subscribe:
      cursors[admitted] = state.subscribe()
      admitted += 1
      return .done
    case .tryChanged(let name):
      guard var seen = cursors[name] else { return .same }
      defer { cursors[name] = seen }
      switch state.look(&seen, nil) {
      case .new: return .value(state.version)
      case .same, .wait: return .same
      case .closed: return .finished
      }
    case .unsubscribe(let name):
      if cursors.removeValue(forKey: name) != nil { state.unsubscribe() }
      return .done
    case .close:
      _ = state.close()
      return .done
    case .isObserved: return .observed(state.isObserved)
    }
  }

  private func result(_ step: WatchState.CommitStep) -> WatchSpecification.Result {
    switch step {
    case .store: .done
    case .outdated: .outdated
    case .closed: .closed
    }
  }
}
