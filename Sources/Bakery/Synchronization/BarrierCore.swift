/// The working part of `AsyncBarrier`: the lock, and the decisions of `BarrierState`.
///
/// There is no fast path: every arrival changes the count that the next one decides by.
final class BarrierCore: WaitOwner, Traceable {
  let identity: ObjectIdentity
  private let state: Guarded<BarrierState>
  private let registration = Registration()
  private let spinner = Spinner()

  init(parties: Int, identity: ObjectIdentity) {
    self.identity = identity
    state = Guarded(BarrierState(parties: parties))
    if identity.name != nil { registration.ensure(self) }
  }

  func arriveAndWait(_ deadline: Deadline) async throws -> AsyncBarrier.Arrival {
    let seen = spinner.seen
    let party = Party.arriving("arriveAndWait")
    let (admission, wakes) = state.withLock { state in
      var wakes = Wakes()
      let admission = state.arrive(party, into: &wakes)
      if case .last = admission { spinner.didDecide() }
      return (admission, wakes)
    }
    wakes.fire()
    switch admission {
    case .last(let arrival):
      Trace.record(.holding, identity)
      return arrival
    case .over: misuse("\(identity): arriveAndWait after all parties have left")
    case .wait(let ticket):
      registration.ensure(self)
      Trace.record(.waiting, identity)
      let outcome = await outcome(of: ticket, until: deadline, since: seen)
      Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
      return try AsyncBarrier.Arrival(
        word: outcome.grantedValue("arriveAndWait", on: identity, until: deadline)
      )
    }
  }

  private func outcome(
    of ticket: Ticket,
    until deadline: Deadline,
    since seen: Int
  ) async -> WaitOutcome {
    let early = spinner.outcome(since: seen) { state.withLock { $0.takeOutcome(ticket) } }
    if let early { return early }
    return await suspend(ticket, as: .current("arriveAndWait"), until: deadline)
  }

  func leave() {
    let wakes: Wakes? = state.withLock { state in
      var wakes = Wakes()
      guard state.leave(into: &wakes) else { return nil }
      spinner.didDecide()
      return wakes
    }
    guard let wakes else { misuse("\(identity): leave after all parties have left") }
    Trace.record(.done, identity)
    wakes.fire()
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    state.withLock { state in
      defer { spinner.didDecide() }
      return state.abort(ticket, outcome)
    }?.fire()
  }

  var parties: Int { state.withLock { $0.parties } }

  func snapshot() -> Snapshot {
    let state = state.withLock { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "parties": state.parties, "phase": Int(state.phase), "waiting": state.queue.waiting,
      ],
      waiters: state.queue.parties
    )
  }
}
