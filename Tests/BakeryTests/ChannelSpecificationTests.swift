import Testing

@testable import Bakery

/// Channels with their senders, receivers, reservations and selects, against lists.
@Suite struct ChannelSpecificationTests {
  @Test(arguments: [[0, 0], [0, 1], [2, 0, 1], [1], [3]])
  func `answers as its specification under random calls`(capacities: [Int]) {
    typealias Clause = ChannelSpecification.Clause
    var random = SeededRandom(seed: 4).generator
    for _ in 0..<500 {
      var specification = ChannelSpecification(capacities: capacities)
      let world = World(capacities: capacities)
      for number in 0..<25 {
        let task = Int.random(in: 0..<5, using: &random)
        let channel = Int.random(in: 0..<capacities.count, using: &random)
        let call: ChannelSpecification.Call
        switch Int.random(in: 0..<80, using: &random) {
        case 0: call = .close(channel)
        case 1..<12: call = .cancel(task)
        case 12..<30:
          guard specification.hasReserved(channel) else { continue }
          call = Bool.random(using: &random) ? .sendReserved(channel, -number) : .giveBack(channel)
        case 30..<40:
          guard capacities[channel] > 0, !specification.isWaiting(task) else { continue }
          call = .select(task, [.reserve(channel)])
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
private final class World {
  private struct Waiting {
    /// None for a plain wait.
    let claim: SelectClaim?
    let clauses: [ChannelSpecification.Clause]
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

  func apply(_ call: ChannelSpecification.Call) -> [Int: ChannelSpecification.End] {
    var ends: [Int: ChannelSpecification.End] = [:]
    switch call {
    case .select(let task, let clauses): ends[task] = select(task, clauses)
    case .cancel(let task): ends[task] = cancel(task)
    case .close(let channel): channels[channel].close()
    case .sendReserved(let channel, let element):
      if !channels[channel].sendReserved(element) { ends[-1] = .refused(0) }
    case .giveBack(let channel): channels[channel].giveBackPlace()
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
    _ clauses: [ChannelSpecification.Clause]
  ) -> ChannelSpecification.End? {
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
    case end(ChannelSpecification.End)
    case wait(Ticket)
    case notYet
  }

  private func ask(
    _ clause: ChannelSpecification.Clause,
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
      case .take, .takeAndRefill, .takeAndReserve, .meet, .closed: .end(.received(number, element))
      }
    case .send(let channel, let element):
      return switch channels[channel].sendSlowly(element, party, for: entry) {
      case .wait(let ticket): .wait(ticket)
      case .full, .lost, .replaceFirst: .notYet
      case .closed: .end(.refused(number))
      case .buffer, .handOff: .end(.sent(number))
      }
    case .reserve(let channel):
      return switch channels[channel].state.pointee.reserve(party) {
      case .wait(let ticket): .wait(ticket)
      case .full: .notYet
      case .closed: .end(.refused(number))
      case .granted: .end(.reserved)
      }
    }
  }

  private func cancel(_ task: Int) -> ChannelSpecification.End? {
    guard let select = waiting[task] else { return nil }
    if let claim = select.claim {
      claim.abort(Ticket(rawValue: 0), .cancelled)
    } else {
      channels[select.clauses[0].channel].abort(select.tickets[0], .cancelled)
    }
    return nil
  }

  private func end(of select: Waiting) -> ChannelSpecification.End? {
    guard let claim = select.claim else { return plainEnd(of: select) }
    guard let outcome = claim.outcome else { return nil }
    var end = ChannelSpecification.End.cancelled
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
      case .reserve: break
      }
    }
    return end
  }

  private func plainEnd(of select: Waiting) -> ChannelSpecification.End? {
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
    case .reserve:
      if outcome.isGranted { return .reserved }
      core.leave(select.tickets[0])
      return outcome == .closed ? .refused(0) : .cancelled
    }
  }
}
