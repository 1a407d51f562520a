import Testing

@testable import Bakery

@Suite struct BroadcastStateTests {
  /// What a step says, without tickets and wakes.
  private enum Step: Equatable {
    case store(Int), overwrite(Int), nobody
    case copy(Int), take(Int), lagged(Int), waits, empty, closed
  }

  var state = BroadcastState(capacity: 2)

  private mutating func send() -> Step {
    switch state.send() {
    case .store(let position): .store(position)
    case .overwrite(let position): .overwrite(position)
    case .nobody: .nobody
    case .closed: .closed
    }
  }

  private mutating func receive(_ cursor: inout Int, _ party: Party? = nil) -> Step {
    switch state.receive(at: &cursor, party) {
    case .copy(let position): .copy(position)
    case .take(let position): .take(position)
    case .lagged(let missed): .lagged(missed)
    case .wait: .waits
    case .empty: .empty
    case .closed: .closed
    }
  }

  @Test mutating func `nothing is kept for nobody`() {
    let step = send()
    #expect(step == .nobody)
    #expect(state.tail == 0)
  }

  @Test mutating func `the last receiver that passes an element takes it out`() {
    var (first, second) = (state.subscribe(), state.subscribe())
    _ = send()
    let copied = receive(&first)
    #expect(copied == .copy(0))
    #expect(state.head == 0)
    let taken = receive(&second)
    #expect(taken == .take(0))
    #expect(state.head == 1)
  }

  @Test mutating func `a full ring overwrites, and who was too slow hears how many it missed`() {
    var (slow, quick) = (state.subscribe(), state.subscribe())
    for position in 0..<2 {
      let stored = send()
      let copied = receive(&quick)
      #expect(stored == .store(position) && copied == .copy(position))
    }
    for position in 2..<5 {
      let overwritten = send()
      let copied = receive(&quick)
      #expect(overwritten == .overwrite(position) && copied == .copy(position))
    }
    let steps = (0..<4).map { _ in receive(&slow) }
    #expect(steps == [.lagged(3), .take(3), .take(4), .empty])
  }

  @Test mutating func `a late receiver sees what is sent from then on`() {
    var early = state.subscribe()
    _ = send()
    var late = state.subscribe()
    let before = receive(&late)
    _ = send()
    let after = receive(&late)
    #expect(before == .empty && after == .copy(1))
    let first = receive(&early)
    let second = receive(&early)
    #expect(first == .take(0) && second == .take(1))
  }

  @Test mutating func `a receiver that goes lets go of what only it had not passed`() {
    let slow = state.subscribe()
    var quick = state.subscribe()
    _ = send()
    _ = send()
    _ = receive(&quick)
    let released = state.unsubscribe(at: slow)
    #expect(released == 0..<1)
    let rest = state.unsubscribe(at: quick)
    #expect(rest == 1..<2)
    let step = send()
    #expect(step == .nobody)
  }

  @Test mutating func `a receiver that goes while it lags leaves the count right`() {
    let slow = state.subscribe()
    var quick = state.subscribe()
    for _ in 0..<5 {
      _ = send()
      _ = receive(&quick)
    }
    let released = state.unsubscribe(at: slow)
    #expect(released == 3..<5)
    #expect(state.head == state.tail)
    _ = send()
    let step = receive(&quick)
    #expect(step == .take(5))
  }

  @Test mutating func `a send and the end wake all who wait, once`() {
    var cursors = (0..<3).map { _ in state.subscribe() }
    var tickets: [Ticket] = []
    for index in cursors.indices {
      guard case .wait(let ticket) = state.receive(at: &cursors[index], party("\(index)")) else {
        Issue.record("does not wait")
        return
      }
      tickets.append(ticket)
    }
    _ = state.abort(tickets[1], .cancelled)
    _ = send()
    var batch = WakeBatch()
    state.wakeAll(into: &batch)
    #expect(state.queue.isEmpty)
    let outcomes = tickets.map { state.takeOutcome($0) }
    #expect(outcomes == [.granted(0), .cancelled, .granted(0)])
    let first = state.close()
    let second = state.close()
    #expect(first && !second)
    let sent = send()
    #expect(sent == .closed)
    // What is kept can still be received; then comes the end.
    let steps = (0..<2).map { _ in receive(&cursors[1], party("late")) }
    #expect(steps == [.copy(0), .closed])
  }

  @Test func `the ring grows to the capacity and keeps everybody's place`() {
    var state = BroadcastState(capacity: 1_000)
    let slow = state.subscribe()
    var quick = state.subscribe()
    for _ in 0..<1_000 {
      _ = state.send()
      _ = state.receive(at: &quick, nil)
    }
    #expect(state.places == 1_024)
    #expect(state.tail - state.head == 1_000)
    #expect(state.unsubscribe(at: slow) == 0..<1_000)
  }

  @Test(arguments: [1, 2, 3, 15, 16, 40])
  func `answers as its specification under random calls`(capacity: Int) {
    var random = SeededRandom(seed: UInt64(capacity)).generator
    var state = BroadcastState(capacity: capacity)
    var specification = BroadcastSpecification(capacity: capacity)
    var cursors: [Int: Int] = [:]
    var admitted = 0
    for step in 0..<10_000 {
      let name = specification.living.randomElement(using: &random) ?? 0
      let call: BroadcastSpecification.Call =
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<70: .send
        case 70..<160: .tryReceive(name)
        case 160..<170: .isFinished(name)
        case 170..<178: .subscribe
        case 178..<185: .unsubscribe(name)
        case 185 where step > 9_900: .close
        default: .buffered
        }
      let expected = specification.apply(call)
      let result = apply(call, to: &state, &cursors, &admitted)
      guard result == expected else {
        Issue.record("step \(step): \(call) gave \(result), specified is \(expected)")
        return
      }
    }
  }

  private func apply(
    _ call: BroadcastSpecification.Call,
    to state: inout BroadcastState,
    _ cursors: inout [Int: Int],
    _ admitted: inout Int
  ) -> BroadcastSpecification.Result {
    switch call {
    case .send:
      switch state.send() {
      case .store, .overwrite: return .shown(state.receivers)
      case .nobody: return .noReceivers
      case .closed: return .closed
      }
    case .subscribe:
      cursors[admitted] = state.subscribe()
      admitted += 1
      return .done
    case .tryReceive(let name):
      guard var cursor = cursors[name] else { return .nothing }
      defer { cursors[name] = cursor }
      switch state.receive(at: &cursor, nil) {
      case .copy(let position), .take(let position): return .element(position)
      case .lagged(let missed): return .lagged(missed)
      case .wait, .empty, .closed: return .nothing
      }
    case .isFinished(let name): return .finished(state.isClosed && cursors[name] == state.tail)
    case .unsubscribe(let name):
      if let cursor = cursors.removeValue(forKey: name) { _ = state.unsubscribe(at: cursor) }
      return .done
    case .close:
      _ = state.close()
      return .done
    case .buffered: return .buffered(state.tail - state.head)
    }
  }
}
