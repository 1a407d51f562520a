import Testing

@testable import Bakery

@Suite struct SelectStateTests {
  private let first = SelectClaim()
  private let second = SelectClaim(as: party("second"))

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
    let stale = queue.enqueue(.lining("a"), for: SelectEntry(first, 0))
    let open = queue.enqueue(.lining("b"), for: SelectEntry(second, 0))
    _ = first.win(5)
    let ticket = queue.win()
    #expect(ticket == open)
    #expect(queue.parties.map(\.task.name) == ["second"])
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
}
