import Testing

@testable import Bakery

@Suite struct WindowStateTests {
  private func party(_ operation: StaticString = "take") -> Party {
    Party(task: TaskIdentity(number: 1, name: nil), operation: operation, count: 1, since: .never)
  }

  /// A window with the calls that tests make most; wakes are dropped, since nobody suspends.
  private struct Window {
    var state: WindowState<Int>
    var wakes = Wakes()
    let party: Party

    mutating func turn() -> WindowState<Int>.Turn { state.turn(party) }

    mutating func take() -> Int? {
      guard state.turn(party) == .take else { return nil }
      return state.didTake(true, &wakes)
    }

    mutating func place(_ index: Int) { state.place(index * 10, of: index, &wakes) }

    mutating func receive() -> Int? {
      guard case .output(let output) = state.receive(nil, &wakes) else { return nil }
      return output
    }

    mutating func waitToReceive() -> Ticket? {
      guard case .wait(let ticket) = state.receive(party, &wakes) else { return nil }
      return ticket
    }

    mutating func waitForTurn() -> Ticket? {
      guard case .wait(let ticket) = state.turn(party) else { return nil }
      return ticket
    }
  }

  private func window(capacity: Int, order: GatherOrder = .input) -> Window {
    Window(state: WindowState(capacity: capacity, order: order), party: party())
  }

  @Test func `in input order an output waits for those before it`() {
    var window = window(capacity: 4)
    #expect([window.take(), window.take(), window.take()] == [0, 1, 2])
    window.place(2)
    window.place(1)
    #expect(window.receive() == nil)
    window.place(0)
    #expect([window.receive(), window.receive(), window.receive()] == [0, 10, 20])
    #expect(window.receive() == nil)
  }

  @Test func `in completion order the first that is done is the first received`() {
    var window = window(capacity: 4, order: .completion)
    #expect([window.take(), window.take(), window.take()] == [0, 1, 2])
    window.place(2)
    window.place(0)
    #expect([window.receive(), window.receive(), window.receive()] == [20, 0, nil])
  }

  @Test(arguments: [GatherOrder.input, .completion])
  func `no more than the capacity is in flight`(order: GatherOrder) {
    var window = window(capacity: 3, order: order)
    #expect([window.take(), window.take(), window.take()] == [0, 1, 2])
    window.place(0)
    #expect(window.waitForTurn() != nil)
    #expect(window.receive() == 0)
    #expect(window.take() == 3)
    #expect(window.state.inFlight == 3)
  }

  @Test func `one worker at a time has the turn`() {
    var window = window(capacity: 4)
    #expect(window.turn() == .take)
    let ticket = window.waitForTurn()
    #expect(ticket != nil)
    #expect(window.state.didTake(true, &window.wakes) == 0)
    // The next one in line was called when the turn was free.
    #expect(ticket.flatMap { window.state.takeOutcome($0) } == .granted(0))
    #expect(window.state.arrive(party()) == .take)
  }

  @Test func `a worker is called when half of the room is free, the next when that one has come`() {
    var window = window(capacity: 4)
    for index in 0..<4 { #expect(window.take() == index) }
    let tickets = [window.waitForTurn(), window.waitForTurn()].compactMap(\.self)
    #expect(tickets.count == 2)
    for index in 0..<4 { window.place(index) }
    #expect(window.receive() == 0)
    #expect(window.state.takeOutcome(tickets[0]) == nil)
    #expect(window.receive() == 10)
    #expect(window.state.takeOutcome(tickets[0]) == .granted(0))
    #expect(window.receive() == 20)
    #expect(window.state.takeOutcome(tickets[1]) == nil)
    #expect(window.state.arrive(party()) == .take)
    #expect(window.state.takeOutcome(tickets[1]) == nil)
    #expect(window.state.didTake(true, &window.wakes) == 4)
    #expect(window.state.takeOutcome(tickets[1]) == .granted(0))
  }

  @Test func `a worker is started only when it could take something, and one at a time`() {
    var window = window(capacity: 2)
    #expect(window.state.needsWorker(party()) == .take)
    guard case .wait(let ticket) = window.state.needsWorker(party()) else {
      Issue.record("a second worker was asked for before the first one came")
      return
    }
    #expect(window.state.arrive(party()) == .take)
    #expect(window.state.takeOutcome(ticket) == nil)
    #expect(window.state.didTake(true, &window.wakes) == 0)
    #expect(window.state.takeOutcome(ticket) == .granted(0))
  }

  @Test func `receivers are served in the order of their calls, each with its output`() {
    var window = window(capacity: 8)
    for index in 0..<3 { #expect(window.take() == index) }
    let tickets = (0..<2).compactMap { _ in window.waitToReceive() }
    window.place(1)
    #expect(window.state.takeOutcome(tickets[0]) == nil)
    window.place(0)
    #expect(window.state.takeOutcome(tickets[0]) == .granted(0))
    #expect(window.state.takeOutcome(tickets[1]) == .granted(0))
    #expect(window.state.collect(tickets[1]) == 10)
    #expect(window.state.collect(tickets[0]) == 0)
    #expect(window.state.received == 2)
  }

  @Test func `a grant that raced a cancellation stands, a cancelled receiver takes nothing`() {
    var window = window(capacity: 8)
    #expect([window.take(), window.take()] == [0, 1])
    let tickets = (0..<2).compactMap { _ in window.waitToReceive() }
    _ = window.state.abort(tickets[1], .cancelled)
    window.place(0)
    _ = window.state.abort(tickets[0], .cancelled)
    #expect(window.state.takeOutcome(tickets[0]) == .granted(0))
    #expect(window.state.collect(tickets[0]) == 0)
    #expect(window.state.takeOutcome(tickets[1]) == .cancelled)
    window.place(1)
    #expect(window.receive() == 10)
  }

  @Test func `the end comes when the last output is received`() {
    var window = window(capacity: 4)
    #expect(window.take() == 0)
    #expect(window.turn() == .take)
    let waiting = window.waitForTurn()
    #expect(window.state.didTake(false, &window.wakes) == nil)
    #expect(waiting.flatMap { window.state.takeOutcome($0) } == .closed)
    #expect(window.turn() == .end)
    #expect(window.state.needsWorker(party()) == .end)
    let receivers = (0..<2).compactMap { _ in window.waitToReceive() }
    window.place(0)
    #expect(window.state.takeOutcome(receivers[0]) == .granted(0))
    #expect(window.state.takeOutcome(receivers[1]) == .closed)
    #expect(window.state.isOver)
  }

  @Test func `after a stop receivers hear of the end when the crew has left`() {
    var window = window(capacity: 4)
    window.state.join()
    #expect([window.take(), window.take()] == [0, 1])
    window.place(0)
    window.state.stop(&window.wakes)
    #expect(window.receive() == nil)
    let receiver = window.waitToReceive()
    #expect(receiver != nil)
    window.state.leave(&window.wakes)
    #expect(receiver.flatMap { window.state.takeOutcome($0) } == nil)
    window.state.leave(&window.wakes)
    #expect(receiver.flatMap { window.state.takeOutcome($0) } == .closed)
    #expect(window.turn() == .end)
  }

  @Test func `an input that came after the stop is not worked on`() {
    var window = window(capacity: 4)
    #expect(window.turn() == .take)
    window.state.stop(&window.wakes)
    #expect(window.state.didTake(true, &window.wakes) == nil)
    #expect(window.state.taken == 0)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `whatever comes in whatever order, the invariants hold and nothing is lost`(seed: UInt64) {
    let random = SeededRandom(seed: seed)
    var window = window(capacity: Int(random.next() % 40) + 1)
    var (underWay, expected): ([Int], Int) = ([], 0)
    for _ in 0..<5000 {
      switch random.next() % 3 {
      case 0: if window.state.mayTake, let index = window.take() { underWay.append(index) }
      case 1:
        guard !underWay.isEmpty else { continue }
        window.place(underWay.remove(at: Int(random.next() % UInt64(underWay.count))))
      default:
        guard let output = window.receive() else { continue }
        #expect(output == expected * 10)
        expected += 1
      }
      let state = window.state
      #expect(state.received <= state.ready && state.ready <= state.taken)
      #expect(state.inFlight <= state.capacity)
      #expect(state.taken - state.finished == underWay.count)
    }
    #expect(expected > 0)
  }
}
