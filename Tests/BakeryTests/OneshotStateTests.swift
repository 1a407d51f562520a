import Testing

@testable import Bakery

@Suite struct OneshotStateTests {
  var state = OneshotState()

  private mutating func send() -> Bool {
    var wakes = Wakes()
    guard case .store = state.send(into: &wakes) else { return false }
    return true
  }

  private mutating func close(as final: OneshotState.Phase) -> Bool {
    var wakes = Wakes()
    return state.close(as: final, into: &wakes)
  }

  private mutating func wait(_ name: String) -> Ticket? {
    guard case .wait(let ticket) = state.receive(party(name)) else { return nil }
    return ticket
  }

  /// How the wait of a task that has not suspended yet was decided.
  private func outcome(_ ticket: Ticket?) -> WaitOutcome? {
    guard let ticket else { return nil }
    var queue = ticket.isMarked ? state.watchers : state.receivers
    return queue.takeOutcome(ticket)
  }

  @Test mutating func `a value that is sent first is taken once`() {
    let sent = send()
    #expect(sent && state.phase == .sent)
    guard case .take = state.receive(nil) else { Issue.record("not there"); return }
    guard case .refused = state.receive(party("late")) else { Issue.record("twice"); return }
    #expect(state.phase == .taken)
  }

  @Test mutating func `a second value is refused, taken or not`() {
    let first = send()
    let second = send()
    _ = state.receive(nil)
    let third = send()
    #expect(first && !second && !third)
  }

  @Test mutating func `the first in line gets the value and the others learn that it is gone`() {
    let (first, second) = (wait("first"), wait("second"))
    let watcher = state.watch(party("watcher"))
    let sent = send()
    #expect(sent && state.phase == .taken)
    #expect(outcome(first) == .granted(0))
    #expect(outcome(second) == .closed)
    #expect(outcome(watcher) == .granted(0))
    guard case .refused = state.receive(nil) else { Issue.record("taken from the first"); return }
  }

  @Test mutating func `a cancelled wait leaves the value to the next`() {
    let (first, second) = (wait("first"), wait("second"))
    guard let first else { return }
    _ = state.abort(first, .cancelled)
    let sent = send()
    #expect(sent)
    #expect(outcome(first) == .cancelled)
    #expect(outcome(second) == .granted(0))
  }

  @Test mutating func `a cancellation after the grant finds nothing`() {
    guard let first = wait("first") else { return }
    let sent = send()
    let wake = state.abort(first, .cancelled)
    #expect(sent && wake == nil)
    #expect(outcome(first) == .granted(0))
  }

  @Test(arguments: [OneshotState.Phase.abandoned, .closed])
  mutating func `an end before the value ends all waits, once`(end: OneshotState.Phase) {
    let receiver = wait("receiver")
    let watcher = state.watch(party("watcher"))
    let first = close(as: end)
    let second = close(as: .abandoned)
    #expect(first && !second && state.phase == end)
    #expect(outcome(receiver) == .closed)
    #expect(outcome(watcher) == .granted(0))
    let sent = send()
    let late = state.watch(party("late"))
    #expect(!sent && late == nil)
  }

  @Test mutating func `closing after the send changes nothing, discarding gives the value up`() {
    let sent = send()
    let closed = close(as: .closed)
    #expect(sent && !closed && state.phase == .sent)
    let first = state.discard()
    let second = state.discard()
    #expect(first && !second && state.phase == .taken)
  }

  @Test func `answers as its specification under random calls`() {
    var random = SeededRandom(seed: 1).generator
    for _ in 0..<2_000 {
      var state = OneshotState()
      var specification = OneshotSpecification()
      for _ in 0..<5 {
        guard let call = OneshotSpecification.Call.allCases.randomElement(using: &random) else {
          return
        }
        let expected = specification.apply(call)
        let result = apply(call, to: &state)
        guard result == expected else {
          Issue.record("\(call) gave \(result), specified is \(expected)")
          return
        }
      }
    }
  }

  private func apply(
    _ call: OneshotSpecification.Call,
    to state: inout OneshotState
  ) -> OneshotSpecification.Result {
    var wakes = Wakes()
    switch call {
    case .send:
      if case .store = state.send(into: &wakes) { return .done }
      return .refused
    case .tryReceive:
      switch state.receive(nil) {
      case .take: return .value
      case .empty, .wait: return .notYet
      case .refused: break
      }
      return state.phase == .taken ? .taken : state.phase == .closed ? .closed : .abandoned
    case .closeSender:
      _ = state.close(as: .abandoned, into: &wakes)
      return .done
    case .closeReceiver:
      _ = state.close(as: .closed, into: &wakes)
      return .done
    case .isOver:
      guard let ticket = state.watch(party("watcher")) else { return .over(true) }
      _ = state.abort(ticket, .cancelled)
      return .over(false)
    }
  }
}
