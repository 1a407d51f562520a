/// The decisions of `AsyncOnce`: pure, without a lock, a clock, a task or the value.
///
/// ```
///            begin                 complete
///   idle ────────────► computing ────────────► computed
///     ▲                 │  ▲  │
///     │ fail, nobody    │  └──┘ fail, the next in line leads
///     └─────────────────┘  │
///                          └──► failed: fail, and the error is remembered
/// ```
/// Invariant: there is a leader exactly while the phase is `computing`.
/// Invariant: nobody is in line unless somebody leads.
struct OnceState: Sendable {
  enum Phase: Sendable {
    case idle
    case computing(leader: Party)
    case computed
    case failed(any Error)
  }

  enum Admission {
    case lead
    case computed
    case failed(any Error)
    case wait(Ticket)
    /// The caller is the leader: it would wait for itself.
    case reentered
  }

  /// What a granted wait is told.
  enum Grant {
    static let lead: UInt64 = 0
    static let decided: UInt64 = 1
  }

  private(set) var phase = Phase.idle
  private(set) var queue = WaitQueue()
  /// How many leaders there were.
  private(set) var attempts = 0

  var leader: Party? {
    if case .computing(let leader) = phase { leader } else { nil }
  }

  /// Hands out what is decided, makes the first caller the leader, and gives others a place in line.
  mutating func begin(_ party: Party) -> Admission {
    switch phase {
    case .computed: return .computed
    case .failed(let error): return .failed(error)
    case .computing(let leader):
      let isLeader = leader.task.number == party.task.number && leader.task.number != 0
      return isLeader ? .reentered : .wait(queue.enqueue(party))
    case .idle:
      lead(party)
      return .lead
    }
  }

  /// The leader has the value: nobody waits any more.
  mutating func complete() -> Wakes {
    end(as: .computed)
  }

  /// The leader has no value; with `remembered` nobody will have one, otherwise the next in line leads.
  mutating func fail(remembered: (any Error)?) -> Wakes {
    if let remembered { return end(as: .failed(remembered)) }
    var wakes = Wakes()
    if let next = queue.firstParty {
      lead(next)
      wakes.add(queue.grantFirst(Grant.lead).wake)
    } else {
      phase = .idle
    }
    return wakes
  }

  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    queue.abort(ticket, outcome).wake
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    queue.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }

  private mutating func lead(_ party: Party) {
    attempts += 1
    phase = .computing(leader: party)
  }

  private mutating func end(as final: Phase) -> Wakes {
    phase = final
    var wakes = Wakes()
    queue.abortAll(.granted(Grant.decided), into: &wakes)
    return wakes
  }
}
