import Testing

@testable import Bakery

private struct Failed: Error {}

private func caller(_ number: Int) -> Party {
  Party(
    task: TaskIdentity(number: UInt64(number), name: "\(number)"),
    operation: "value",
    count: 1,
    since: Deadline(nanoseconds: 0)
  )
}

@Suite struct OnceStateTests {
  var state = OnceState()

  private mutating func leads(_ number: Int) -> Bool {
    if case .lead = state.begin(caller(number)) { true } else { false }
  }

  private mutating func wait(_ number: Int) throws -> Ticket {
    guard case .wait(let ticket) = state.begin(caller(number)) else { throw Failed() }
    return ticket
  }

  @Test mutating func `the first leads, the others wait, and all get what it computed`() throws {
    #expect(leads(1))
    let tickets = [try wait(2), try wait(3)]
    #expect(state.leader?.task.name == "1")
    _ = state.complete()
    for ticket in tickets {
      #expect(state.takeOutcome(ticket) == .granted(OnceState.Grant.decided))
    }
    guard case .computed = state.begin(caller(4)) else { Issue.record("not computed"); return }
    #expect(state.leader == nil)
    #expect(state.attempts == 1)
  }

  @Test mutating func `a failure passes the lead on to the next in line`() throws {
    #expect(leads(1))
    let (second, third) = (try wait(2), try wait(3))
    _ = state.fail(remembered: nil)
    #expect(state.takeOutcome(second) == .granted(OnceState.Grant.lead))
    #expect(state.takeOutcome(third) == nil)
    #expect(state.leader?.task.name == "2")
    _ = state.complete()
    #expect(state.takeOutcome(third) == .granted(OnceState.Grant.decided))
  }

  @Test mutating func `a failure that nobody waits for leaves it to the next caller`() throws {
    #expect(leads(1))
    let second = try wait(2)
    _ = state.abort(second, .cancelled)
    _ = state.fail(remembered: nil)
    #expect(state.leader == nil)
    #expect(leads(3))
    #expect(state.attempts == 2)
  }

  @Test mutating func `a failure that is remembered is for all, now and later`() throws {
    #expect(leads(1))
    let second = try wait(2)
    _ = state.fail(remembered: Failed())
    #expect(state.takeOutcome(second) == .granted(OnceState.Grant.decided))
    for number in 2...3 {
      guard case .failed(let error) = state.begin(caller(number)) else {
        Issue.record("forgotten")
        return
      }
      #expect(error is Failed)
    }
  }

  @Test mutating func `a lead that was granted is not given up`() throws {
    #expect(leads(1))
    let second = try wait(2)
    _ = state.fail(remembered: nil)
    _ = state.abort(second, .cancelled)
    #expect(state.takeOutcome(second) == .granted(OnceState.Grant.lead))
    #expect(state.leader?.task.name == "2")
  }

  @Test mutating func `a leader that comes again is known, also one that had waited`() throws {
    #expect(leads(1))
    guard case .reentered = state.begin(caller(1)) else { Issue.record("not known"); return }
    _ = try wait(2)
    _ = state.fail(remembered: nil)
    guard case .reentered = state.begin(caller(2)) else { Issue.record("not known"); return }
    _ = try wait(1)
  }

  @Test func `does what the specification says in 10,000 random calls`() {
    var random = SeededRandom(seed: 19).generator
    var calls = 0
    while calls < 10_000 {
      let remembers = Bool.random(using: &random)
      var driver = OnceDriver(remembersFailure: remembers)
      var specification = OnceSpecification(remembersFailure: remembers)
      for number in 1...40 {
        let other = Int.random(in: 1...number, using: &random)
        let call: OnceSpecification.Call =
          switch Int.random(in: 0..<20, using: &random) {
          case 0 where specification.isLed: .succeed
          case 1...2 where specification.isLed: .fail(isCancellation: false)
          case 3...5 where specification.isLed: .fail(isCancellation: true)
          case 6: .valueIfComputed
          case 7...9: .giveUp(other)
          case 10 where !driver.isInLine(other): .value(other)
          default: .value(number)
          }
        #expect(driver.apply(call) == specification.apply(call), "\(call)")
        calls += 1
      }
    }
  }
}

/// Puts the calls of a specification to the state.
private struct OnceDriver {
  private var state = OnceState()
  private let remembersFailure: Bool
  /// Undecided waits, in the order of their calls.
  private var tickets: [(caller: Int, ticket: Ticket)] = []

  init(remembersFailure: Bool) { self.remembersFailure = remembersFailure }

  /// A task is in one place at a time.
  func isInLine(_ caller: Int) -> Bool { tickets.contains { $0.caller == caller } }

  mutating func apply(_ call: OnceSpecification.Call) -> OnceSpecification.Result {
    switch call {
    case .value(let number):
      switch state.begin(caller(number)) {
      case .lead: return .leads
      case .computed: return .returned
      case .failed: return .threw
      case .reentered: return .misuse
      case .wait(let ticket):
        tickets.append((number, ticket))
        return .blocked
      }
    case .giveUp(let number):
      guard let place = tickets.firstIndex(where: { $0.caller == number }) else {
        return .gaveUp(false)
      }
      let ticket = tickets.remove(at: place).ticket
      _ = state.abort(ticket, .cancelled)
      return .gaveUp(state.takeOutcome(ticket) == .cancelled)
    case .succeed:
      _ = state.complete()
      return .wentOn(granted(OnceState.Grant.decided))
    case .fail(let isCancellation):
      let isRemembered = remembersFailure && !isCancellation
      _ = state.fail(remembered: isRemembered ? Failed() : nil)
      if isRemembered { return .wentOn(granted(OnceState.Grant.decided)) }
      return .passedOn(to: granted(OnceState.Grant.lead).first)
    case .valueIfComputed:
      if case .computed = state.phase { return .isComputed(true) }
      return .isComputed(false)
    }
  }

  private mutating func granted(_ value: UInt64) -> [Int] {
    var granted: [Int] = []
    tickets.removeAll { caller, ticket in
      guard state.takeOutcome(ticket) == .granted(value) else { return false }
      granted.append(caller)
      return true
    }
    return granted
  }
}
