import Testing

@testable import Bakery

@Suite struct BarrierStateTests {
  var state = BarrierState(parties: 3)

  private mutating func arrive(_ name: String) -> BarrierState.Admission {
    var wakes = Wakes()
    return state.arrive(party(name), into: &wakes)
  }

  private mutating func leave() -> Bool {
    var wakes = Wakes()
    return state.leave(into: &wakes)
  }

  private var waiting: [String?] { state.queue.parties.map(\.task.name) }

  private func granted(_ phase: UInt64, leads: Bool) -> WaitOutcome {
    .granted(AsyncBarrier.Arrival(phase: phase, isLeader: leads).word)
  }

  @Test mutating func `the last to arrive completes the phase and leads it`() {
    guard case .wait(let first) = arrive("a"), case .wait(let second) = arrive("b") else { return }
    #expect(arrive("c") == .last(.init(phase: 0, isLeader: true)))
    #expect(state.takeOutcome(first) == granted(0, leads: false))
    #expect(state.takeOutcome(second) == granted(0, leads: false))
    guard case .wait = arrive("c") else { Issue.record("nobody else is in phase 1"); return }
    #expect(state.phase == 1)
  }

  @Test mutating func `who gives up withdraws its arrival and breaks nothing`() {
    guard case .wait(let first) = arrive("a") else { return }
    _ = state.abort(first, .cancelled)
    _ = arrive("b")
    guard case .wait = arrive("c") else { Issue.record("a is missing"); return }
    #expect(waiting == ["b", "c"])
    #expect(arrive("a") == .last(.init(phase: 0, isLeader: true)))
  }

  @Test mutating func `a phase that is complete is not given up`() {
    guard case .wait(let first) = arrive("a") else { return }
    _ = arrive("b")
    _ = arrive("c")
    _ = state.abort(first, .cancelled)
    #expect(state.takeOutcome(first) == granted(0, leads: false))
  }

  @Test mutating func `a departure completes the phase, led by who waited longest`() {
    guard case .wait(let first) = arrive("a"), case .wait(let second) = arrive("b") else { return }
    #expect(leave())
    #expect(state.takeOutcome(first) == granted(0, leads: true))
    #expect(state.takeOutcome(second) == granted(0, leads: false))
    #expect(state.parties == 2)
    _ = arrive("a")
    #expect(arrive("b") == .last(.init(phase: 1, isLeader: true)))
  }

  @Test mutating func `departures before all have arrived complete nothing`() {
    #expect(leave())
    #expect(state.phase == 0)
    #expect(leave())
    #expect(arrive("a") == .last(.init(phase: 0, isLeader: true)))
    #expect(leave())
    #expect(state.phase == 1)
    #expect(arrive("a") == .over)
    #expect(!leave())
  }

  @Test func `does what the specification says in 10,000 random calls`() {
    var random = SeededRandom(seed: 18).generator
    var calls = 0
    while calls < 10_000 {
      let parties = Int.random(in: 1...6, using: &random)
      var driver = BarrierDriver(parties: parties)
      var specification = BarrierSpecification(parties: parties)
      for party in 0..<100 {
        let other = Int.random(in: 0...party, using: &random)
        let call: BarrierSpecification.Call =
          switch Int.random(in: 0..<30, using: &random) {
          case 0: .leave
          case 1...8: .giveUp(other)
          default: .arrive(party)
          }
        #expect(driver.apply(call) == specification.apply(call), "\(call)")
        calls += 1
      }
    }
  }
}

/// Puts the calls of a specification to the state.
private struct BarrierDriver {
  private var state: BarrierState
  /// Undecided waits, in the order of their calls.
  private var tickets: [(party: Int, ticket: Ticket)] = []

  init(parties: Int) { state = BarrierState(parties: parties) }

  mutating func apply(_ call: BarrierSpecification.Call) -> BarrierSpecification.Result {
    var wakes = Wakes()
    switch call {
    case .arrive(let number):
      switch state.arrive(party("\(number)"), into: &wakes) {
      case .over: return .misuse
      case .wait(let ticket):
        tickets.append((number, ticket))
        return .blocked
      case .last(let arrival):
        let granted = granted()
        #expect(arrival.isLeader && granted.leader == nil)
        return .completed(phase: Int(arrival.phase), others: granted.parties)
      }
    case .giveUp(let number):
      guard let place = tickets.firstIndex(where: { $0.party == number }) else {
        return .gaveUp(false)
      }
      let ticket = tickets.remove(at: place).ticket
      _ = state.abort(ticket, .cancelled)
      return .gaveUp(state.takeOutcome(ticket) == .cancelled)
    case .leave:
      guard state.leave(into: &wakes) else { return .misuse }
      let granted = granted()
      return .left(phase: granted.phase, leader: granted.leader, wentOn: granted.parties)
    }
  }

  private mutating func granted() -> (phase: Int?, leader: Int?, parties: [Int]) {
    var result: (phase: Int?, leader: Int?, parties: [Int]) = (nil, nil, [])
    tickets.removeAll { party, ticket in
      guard case .granted(let word) = state.takeOutcome(ticket) else { return false }
      let arrival = AsyncBarrier.Arrival(word: word)
      result.phase = Int(arrival.phase)
      if arrival.isLeader { result.leader = party }
      result.parties.append(party)
      return true
    }
    return result
  }
}
