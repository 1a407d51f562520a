import Testing

@testable import Bakery

@Suite struct ChannelStateTests {
  @Test func `a buffered channel takes its capacity and no more`() {
    var state = ChannelState(capacity: 2)
    for _ in 0..<2 {
      guard case .buffer = state.send(nil) else { Issue.record("no room"); return }
    }
    guard case .full = state.send(nil) else { Issue.record("over capacity"); return }
    guard case .take = state.receive(nil) else { Issue.record("nothing there"); return }
    #expect(state.buffered == 1)
  }

  @Test func `with capacity 0 a send meets a receive`() {
    var state = ChannelState(capacity: 0)
    guard case .full = state.send(nil) else { Issue.record("buffered"); return }
    guard case .wait(let sender) = state.send(party("sender")) else { return }
    guard case .meet(let met, nil) = state.receive(nil) else { Issue.record("not met"); return }
    #expect(met == sender)
    guard case .wait(let receiver) = state.receive(party("receiver")) else { return }
    guard case .handOff(let given, nil) = state.send(nil) else { Issue.record("not given"); return }
    #expect(given == receiver)
  }

  @Test func `room that a receive makes goes to the first waiting sender`() {
    var state = ChannelState(capacity: 1)
    _ = state.send(nil)
    guard case .wait(let first) = state.send(party("first")) else { return }
    _ = state.send(party("second"))
    guard case .takeAndRefill(let refilled, nil) = state.receive(nil) else { return }
    #expect(refilled == first)
    #expect(state.buffered == 1)
    #expect(state.senders.parties.map(\.task.name) == ["second"])
  }

  @Test func `closing ends both kinds of waits once and leaves the buffer`() {
    var state = ChannelState(capacity: 1)
    _ = state.send(nil)
    _ = state.send(party("sender"))
    var wakes = Wakes()
    let isFirst = state.close(into: &wakes)
    let isSecond = state.close(into: &wakes)
    #expect(isFirst && !isSecond)
    #expect(state.senders.isEmpty)
    guard case .closed = state.send(party("late")) else { Issue.record("sent"); return }
    guard case .take = state.receive(nil) else { Issue.record("buffer lost"); return }
    guard case .closed = state.receive(party("late")) else { Issue.record("waits"); return }
  }

  @Test func `the oldest element makes room only in a full buffer with nobody in line`() {
    var state = ChannelState(capacity: 1)
    guard case .buffer = state.sendDroppingOldest() else { return #expect(Bool(false)) }
    guard case .replaceFirst = state.sendDroppingOldest() else { return #expect(Bool(false)) }
    #expect(state.buffered == 1)
    guard case .wait = state.send(.arriving("send")) else { return #expect(Bool(false)) }
    guard case .full = state.sendDroppingOldest() else { return #expect(Bool(false)) }
    var rendezvous = ChannelState(capacity: 0)
    guard case .full = rendezvous.sendDroppingOldest() else { return #expect(Bool(false)) }
  }

  @Test func `a reserved place is no room for others, and comes back by a send or without`() {
    var state = ChannelState(capacity: 2)
    guard case .granted = state.reserve(nil) else { return #expect(Bool(false)) }
    guard case .buffer = state.send(nil), case .full = state.send(nil) else {
      return #expect(Bool(false))
    }
    guard case .full = state.reserve(nil) else { return #expect(Bool(false)) }
    guard case .buffer = state.sendReserved() else { return #expect(Bool(false)) }
    #expect(state.buffered == 2 && state.reserved == 0)
  }

  @Test func `places go to senders and reservers in the order of their calls`() {
    var state = ChannelState(capacity: 1)
    _ = state.send(nil)
    guard case .wait(let first) = state.reserve(party("first")),
      case .wait(let second) = state.send(party("second"))
    else { return #expect(Bool(false)) }
    guard case .takeAndReserve(nil) = state.receive(nil) else { return #expect(Bool(false)) }
    #expect(state.takeOutcome(first) == .granted(0))
    #expect(state.buffered == 0 && state.reserved == 1)
    // Everything is reserved, so this receiver waits beside the sender.
    guard case .wait(let receiver) = state.receive(party("receiver")) else {
      return #expect(Bool(false))
    }
    state.reserved -= 1
    guard case .handOff(second, nil, to: receiver, nil) = state.fillPlace() else {
      return #expect(Bool(false))
    }
    guard case .none = state.fillPlace() else { return #expect(Bool(false)) }
    #expect(state.buffered == 0 && state.senders.isEmpty && state.receivers.isEmpty)
  }

  @Test func `closing ends waits for a place, and a place that is held takes nothing`() {
    var state = ChannelState(capacity: 1)
    _ = state.reserve(nil)
    guard case .wait(let ticket) = state.reserve(party("late")) else {
      return #expect(Bool(false))
    }
    var wakes = Wakes()
    _ = state.close(into: &wakes)
    #expect(state.takeOutcome(ticket) == .closed)
    guard case .closed = state.sendReserved(), case .closed = state.reserve(nil) else {
      return #expect(Bool(false))
    }
    #expect(state.reserved == 0)
  }

  @Test func `a reserved place has no oldest element to drop`() {
    var state = ChannelState(capacity: 1)
    _ = state.reserve(nil)
    guard case .full = state.sendDroppingOldest() else { return #expect(Bool(false)) }
  }
}
