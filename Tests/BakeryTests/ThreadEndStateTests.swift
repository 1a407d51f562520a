import Testing

@testable import Bakery

@Suite struct ThreadEndStateTests {
  private let party = Party(
    task: TaskIdentity(number: 1, name: nil),
    operation: "join",
    count: 1,
    since: .never
  )

  private func ticket(_ admission: ThreadEndState.Admission) throws -> Ticket {
    guard case .wait(let ticket) = admission else { throw CancellationError() }
    return ticket
  }

  @Test func `who comes before the end waits and who comes after does not`() throws {
    var state = ThreadEndState()
    let first = try ticket(state.wait(party))
    let second = try ticket(state.wait(party))
    #expect(state.queue.waiting == 2)
    #expect(state.takeOutcome(first) == nil)
    _ = state.end()
    #expect(state.hasEnded)
    #expect(state.queue.isEmpty)
    #expect(state.takeOutcome(first) == .granted(0))
    #expect(state.takeOutcome(second) == .granted(0))
    #expect(state.wait(party) == .ended)
  }

  @Test func `who gives up leaves the line, unless the end was first`() throws {
    var state = ThreadEndState()
    let gone = try ticket(state.wait(party))
    let patient = try ticket(state.wait(party))
    _ = state.abort(gone, .timedOut)
    #expect(state.takeOutcome(gone) == .timedOut)
    #expect(state.queue.waiting == 1)
    _ = state.end()
    _ = state.abort(patient, .cancelled)
    #expect(state.takeOutcome(patient) == .granted(0))
  }

  @Test func `a second end does nothing`() {
    var state = ThreadEndState()
    _ = state.end()
    _ = state.end()
    #expect(state.wait(party) == .ended)
  }
}
