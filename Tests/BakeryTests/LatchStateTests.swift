import Testing

@testable import Bakery

@Suite struct LatchStateTests {
  var state = LatchState(count: 3)

  private mutating func wait(_ name: String) -> LatchState.Admission { state.wait(party(name)) }

  private var waiting: [String?] { state.queue.parties.map(\.task.name) }

  @Test mutating func `everybody waits until the count is zero, and nobody from then on`() {
    for name in ["a", "b"] { _ = wait(name) }
    #expect(state.countDown(by: 2) != nil)
    #expect(waiting == ["a", "b"])
    _ = wait("c")
    #expect(state.countDown(by: 1) != nil)
    #expect(waiting == [])
    #expect(wait("late") == .open)
  }

  @Test mutating func `counting below zero is refused and changes nothing`() {
    _ = wait("a")
    #expect(state.countDown(by: 4) == nil)
    #expect(state.remaining == 3)
    #expect(waiting == ["a"])
    #expect(state.countDown(by: 3) != nil)
    #expect(state.countDown(by: 1) == nil)
    #expect(state.countDown(by: 0) != nil)
    #expect(state.remaining == 0)
  }

  @Test func `a count of zero is open`() {
    var state = LatchState(count: 0)
    #expect(state.wait(party("a")) == .open)
  }

  @Test mutating func `a wait that gave up is not granted, one that was granted does not give up`()
  {
    guard case .wait(let first) = wait("a"), case .wait(let second) = wait("b") else { return }
    _ = state.abort(first, .cancelled)
    #expect(waiting == ["b"])
    _ = state.countDown(by: 3)
    _ = state.abort(second, .timedOut)
    #expect(state.takeOutcome(first) == .cancelled)
    #expect(state.takeOutcome(second) == .granted(0))
  }

  @Test func `does what the specification says in 10,000 random calls`() {
    var random = SeededRandom(seed: 17).generator
    var calls = 0
    while calls < 10_000 {
      let count = Int.random(in: 0...6, using: &random)
      var driver = LatchDriver(count: count)
      var specification = LatchSpecification(count: count)
      for waiter in 0..<25 {
        let other = Int.random(in: 0...waiter, using: &random)
        let call: LatchSpecification.Call =
          switch Int.random(in: 0..<12, using: &random) {
          case 0...1: .countDown(by: .random(in: 0...2, using: &random))
          case 2: .remaining
          case 3...5: .giveUp(other)
          case 6 where waiter > 20: .open
          default: .wait(waiter)
          }
        #expect(driver.apply(call) == specification.apply(call), "\(call)")
        calls += 1
      }
    }
  }
}

/// Puts the calls of a specification to the state.
private struct LatchDriver {
  private var state: LatchState
  /// Undecided waits, in the order of their calls.
  private var tickets: [(waiter: Int, ticket: Ticket)] = []

  init(count: Int) { state = LatchState(count: count) }

  mutating func apply(_ call: LatchSpecification.Call) -> LatchSpecification.Result {
    switch call {
    case .countDown(let number):
      return state.countDown(by: number) == nil ? .misuse : .wentOn(granted())
    case .open:
      _ = state.countDown(by: state.remaining)
      return .wentOn(granted())
    case .wait(let waiter):
      guard case .wait(let ticket) = state.wait(party("\(waiter)")) else { return .returned }
      tickets.append((waiter, ticket))
      return .blocked
    case .giveUp(let waiter):
      guard let place = tickets.firstIndex(where: { $0.waiter == waiter }) else {
        return .gaveUp(false)
      }
      let ticket = tickets.remove(at: place).ticket
      _ = state.abort(ticket, .cancelled)
      return .gaveUp(state.takeOutcome(ticket) == .cancelled)
    case .remaining: return .remains(state.remaining)
    }
  }

  private mutating func granted() -> [Int] {
    var granted: [Int] = []
    tickets.removeAll { waiter, ticket in
      guard state.takeOutcome(ticket) == .granted(0) else { return false }
      granted.append(waiter)
      return true
    }
    return granted
  }
}
