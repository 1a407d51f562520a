import Testing

@testable import Bakery

@Suite struct SelectStateTests {
  private let first = SelectClaim()
  private let second = SelectClaim()

  @Test func `one clause wins, and the select hears how it ends`() {
    var state = SelectState()
    let wins = [state.win(2), state.win(1), state.win(2)]
    #expect(wins == [true, false, false])
    #expect(state.winner == 2 && state.outcome == nil)
    let late = state.abort(.cancelled)
    #expect(late == nil && state.outcome == nil)
    let wake = state.decide(.granted(7))
    #expect(wake == nil)
    #expect(state.outcome == .granted(7))
  }

  @Test func `a cancellation that comes first leaves no clause to win`() {
    var state = SelectState()
    _ = state.abort(.cancelled)
    let wins = state.win(0)
    #expect(!wins && state.winner == nil && state.outcome == .cancelled)
    _ = state.abort(.timedOut)
    #expect(state.outcome == .cancelled)
  }

  @Test func `a select that is won before it suspends is resumed by what the winner decides`() async
  {
    let claim = first
    #expect(claim.win(1))
    let outcome = await withUnsafeContinuation { continuation in
      let waiter = Waiter(
        ticket: Ticket(rawValue: 0),
        party: party("a"),
        continuation: continuation
      )
      #expect(claim.attach(waiter) == nil)
      claim.abort(Ticket(rawValue: 0), .cancelled)
      claim.decide(.granted(3))?.fire()
    }
    #expect(outcome == .granted(3))
  }

  @Test func `two selects are won together or not at all`() {
    let (mine, theirs) = (SelectEntry(first, 0), SelectEntry(second, 1))
    #expect(mine.contest(for: mine) == .own)
    #expect(theirs.contest(for: mine) == .won)
    #expect(first.winner == 0 && second.winner == 1)
    let third = SelectClaim()
    #expect(theirs.contest(for: SelectEntry(third, 0)) == .lost)
    #expect(third.winner == nil)
    #expect(SelectEntry(third, 0).contest(for: mine) == .ownLost)
    #expect(third.winner == nil)
  }

  @Test func `a grant passes over selects that were decided elsewhere`() {
    var queue = WaitQueue()
    let stale = queue.enqueue(party("stale"), for: SelectEntry(first, 0))
    let open = queue.enqueue(party("open"), for: SelectEntry(second, 0))
    _ = first.win(5)
    let ticket = queue.win()
    #expect(ticket == open)
    #expect(queue.parties.map(\.task.name) == ["open"])
    let wake = queue.grant(open, 9)
    #expect(wake == nil && queue.isEmpty)
    #expect(second.outcome == .granted(9))
    queue.leave(stale)
    queue.leave(open)
    // Both slots are free again, and belong to nobody's select.
    let reused = [queue.enqueue(party("a")), queue.enqueue(party("b"))]
    #expect(Set(reused.map(\.index)) == [0, 1])
    #expect(queue.grantFirst().ticket == reused[0])
  }

  @Test func `a select does not meet itself, and does not lose its place by that`() {
    var state = ChannelState(capacity: 0)
    guard case .wait(let receiver) = state.receive(party("both"), for: SelectEntry(first, 0)),
      case .wait(let sender) = state.send(party("both"), for: SelectEntry(first, 1))
    else { return #expect(Bool(false)) }
    guard case .meet(sender, nil) = state.receive(nil) else { return #expect(Bool(false)) }
    #expect(first.winner == 1)
    guard case .full = state.send(nil) else { return #expect(Bool(false)) }
    state.leave(receiver)
    state.leave(sender)
    #expect(state.senders.isEmpty && state.receivers.isEmpty)
  }

  @Test func `two selects that look for each other on two channels meet on one of them`() {
    var (a, b) = (ChannelState(capacity: 0), ChannelState(capacity: 0))
    // Each is in one line when the other one comes to its second.
    _ = a.send(party("first"), for: SelectEntry(first, 0))
    _ = b.send(party("second"), for: SelectEntry(second, 0))
    guard case .meet = b.receive(party("first"), for: SelectEntry(first, 1)) else {
      return #expect(Bool(false))
    }
    #expect(first.winner == 1 && second.winner == 0)
    guard case .lost = a.receive(party("second"), for: SelectEntry(second, 1)) else {
      // The line of `a` has the first select only, which is decided: so this one lines up in vain.
      #expect(a.receivers.waiting == 1)
      return
    }
  }

  @Test func `closing is ready for a select that is open, and nothing for one that is not`() {
    var state = ChannelState(capacity: 0)
    _ = state.receive(party("open"), for: SelectEntry(first, 3))
    _ = state.receive(party("decided"), for: SelectEntry(second, 0))
    _ = second.win(1)
    var wakes = Wakes()
    _ = state.close(into: &wakes)
    #expect(first.winner == 3 && first.outcome == .closed)
    #expect(second.winner == 1 && second.outcome == nil)
    #expect(state.receivers.isEmpty)
    guard case .lost = state.send(nil, for: SelectEntry(second, 2)) else {
      return #expect(Bool(false))
    }
  }

  @Test func `a large request of a decided select holds nobody back once it has left`() {
    var state = SemaphoreState(limit: 3)
    _ = state.tryAcquire(party("holder", 2), recordsHolder: false)
    guard
      case .wait(let stale) = state.acquire(
        party("large", 3),
        recordsHolder: false,
        for: SelectEntry(first, 0)
      )
    else { return #expect(Bool(false)) }
    _ = state.acquire(party("small"), recordsHolder: false, for: SelectEntry(second, 0))
    _ = first.win(1)
    #expect(second.winner == nil)
    _ = state.leave(stale, recordingAt: nil)
    #expect(second.winner == 0 && state.available == 0)
  }

  @Test func `permits pass by a select that was decided elsewhere`() {
    var state = SemaphoreState(limit: 1)
    _ = state.tryAcquire(party("holder"), recordsHolder: false)
    _ = state.acquire(party("stale"), recordsHolder: false, for: SelectEntry(first, 0))
    _ = state.acquire(party("next"), recordsHolder: false)
    _ = first.win(1)
    _ = state.release(1, token: 0, recordingAt: nil)
    #expect(state.available == 0 && state.queue.isEmpty)
    guard
      case .lost = state.acquire(party("late", 9), recordsHolder: false, for: SelectEntry(first, 2))
    else { return #expect(Bool(false)) }
  }

  @Test(arguments: [[0, 0], [0, 1], [2, 0, 1]])
  func `answers as its specification under random calls`(capacities: [Int]) {
    typealias Clause = SelectSpecification.Clause
    var random = SeededRandom(seed: 4).generator
    for _ in 0..<400 {
      var specification = SelectSpecification(capacities: capacities)
      let world = SelectWorld(capacities: capacities)
      for number in 0..<25 {
        let task = Int.random(in: 0..<5, using: &random)
        let channel = Int.random(in: 0..<capacities.count, using: &random)
        let call: SelectSpecification.Call
        switch Int.random(in: 0..<60, using: &random) {
        case 0: call = .close(channel)
        case 1..<12: call = .cancel(task)
        default:
          guard !specification.isWaiting(task) else { continue }
          let clauses = (0..<Int.random(in: 1...4, using: &random)).map { clause -> Clause in
            let channel = Int.random(in: 0..<capacities.count, using: &random)
            return Bool.random(using: &random)
              ? .receive(channel) : .send(channel, number * 10 + clause)
          }
          call = .select(task, clauses)
        }
        let expected = specification.apply(call)
        let result = world.apply(call)
        guard result == expected else {
          Issue.record("\(call) ended \(result), specified is \(expected)")
          return
        }
      }
    }
  }
}

/// Channels, and selects that would suspend here if they were tasks.
private final class SelectWorld {
  private struct Waiting {
    /// None for a plain wait.
    let claim: SelectClaim?
    let clauses: [SelectSpecification.Clause]
    let tickets: [Ticket]
  }

  private let channels: [ChannelCore<Int>]
  private var waiting: [Int: Waiting] = [:]

  init(capacities: [Int]) {
    channels = capacities.map {
      ChannelCore(
        capacity: $0,
        identity: ObjectIdentity(kind: "Channel", name: nil, file: #fileID, line: #line)
      )
    }
  }

  func apply(_ call: SelectSpecification.Call) -> [Int: SelectSpecification.End] {
    var ends: [Int: SelectSpecification.End] = [:]
    switch call {
    case .select(let task, let clauses): ends[task] = select(task, clauses)
    case .cancel(let task): ends[task] = cancel(task)
    case .close(let channel): channels[channel].close()
    }
    for (task, select) in waiting {
      guard let end = end(of: select) else { continue }
      waiting[task] = nil
      ends[task] = end
    }
    return ends
  }

  private func select(
    _ task: Int,
    _ clauses: [SelectSpecification.Clause]
  ) -> SelectSpecification.End? {
    for (number, clause) in clauses.enumerated() {
      if case .end(let end) = ask(clause, number, nil, nil) { return end }
    }
    let claim = clauses.count == 1 ? nil : SelectClaim()
    let tickets = clauses.enumerated().compactMap { number, clause in
      let entry = claim.map { SelectEntry($0, number) }
      return if case .wait(let ticket) = ask(clause, number, party("task"), entry) { ticket } else {
        nil as Ticket?
      }
    }
    waiting[task] = Waiting(claim: claim, clauses: clauses, tickets: tickets)
    return nil
  }

  private enum Answer {
    case end(SelectSpecification.End)
    case wait(Ticket)
    case notYet
  }

  private func ask(
    _ clause: SelectSpecification.Clause,
    _ number: Int,
    _ party: Party?,
    _ entry: SelectEntry?
  ) -> Answer {
    switch clause {
    case .receive(let channel):
      let (element, step) = channels[channel].receiveSlowly(party, for: entry)
      return switch step {
      case .wait(let ticket): .wait(ticket)
      case .empty, .lost: .notYet
      case .take, .takeAndRefill, .meet, .closed: .end(.received(number, element))
      }
    case .send(let channel, let element):
      return switch channels[channel].sendSlowly(element, party, for: entry) {
      case .wait(let ticket): .wait(ticket)
      case .full, .lost, .replaceFirst: .notYet
      case .closed: .end(.refused(number))
      case .buffer, .handOff: .end(.sent(number))
      }
    }
  }

  private func cancel(_ task: Int) -> SelectSpecification.End? {
    guard let select = waiting[task] else { return nil }
    if let claim = select.claim {
      claim.abort(Ticket(rawValue: 0), .cancelled)
    } else {
      channels[select.clauses[0].channel].abort(select.tickets[0], .cancelled)
    }
    return nil
  }

  private func end(of select: Waiting) -> SelectSpecification.End? {
    guard let claim = select.claim else { return plainEnd(of: select) }
    guard let outcome = claim.outcome else { return nil }
    var end = SelectSpecification.End.cancelled
    for (number, clause) in select.clauses.enumerated() {
      let own = number == claim.winner ? outcome : .cancelled
      let ticket = select.tickets[number]
      switch clause {
      case .receive(let channel):
        let element = channels[channel].leave(ticket, own)
        if number == claim.winner { end = .received(number, element) }
      case .send(let channel, _):
        channels[channel].leave(ticket)
        if number == claim.winner { end = own.isGranted ? .sent(number) : .refused(number) }
      }
    }
    return end
  }

  private func plainEnd(of select: Waiting) -> SelectSpecification.End? {
    let core = channels[select.clauses[0].channel]
    guard let outcome = core.state.pointee.takeOutcome(select.tickets[0]) else { return nil }
    switch select.clauses[0] {
    case .receive:
      if outcome.isGranted { return .received(0, core.collect(select.tickets[0])) }
      return outcome == .closed ? .received(0, nil) : .cancelled
    case .send:
      if outcome.isGranted { return .sent(0) }
      _ = core.withdraw(select.tickets[0])
      return outcome == .closed ? .refused(0) : .cancelled
    }
  }
}
