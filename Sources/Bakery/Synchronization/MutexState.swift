/// The decisions of `AsyncMutex` and of the conditions that belong to it: pure, without a lock, a clock or a task.
///
/// A wait on a condition has two lines to go through. It gives the lock back and stands in the condition's line;
/// when it is notified, or ends for another reason, it takes a place in the line for the lock *without waking up*,
/// and it wakes when the lock is its own again:
/// ```
///              notify / abort                  the lock is free
///   waiting ────────────────────► returning ────────────────────► over, holds the lock
/// ```
/// So the order of notifications is the order in which the lock comes back, and each wait costs one wake.
///
/// A task that has suspended in line for the lock itself is called: it wakes, keeps its place, and takes the lock when it runs.
/// Until then others may take it, a bounded number of times:
/// ```
///             the lock is free            runs, it is free
///   in line ───────────────────► called ───────────────────► holds the lock
///                                  │ runs, it is taken              ▲
///                                  ▼            unlock              │
///                              overtaken ───────────────────────────┘
/// ```
/// A task that was called and gives up, or has its loans used up, is called no longer: the lock goes on as if it had been unlocked.
///
/// Invariant: while the lock is free and nobody is called, nobody is in line for it.
/// Invariant: whoever is called is the first in line. There are no loans while nobody is.
/// Invariant: a wait that is returning has exactly one place in `line`, and `places` and its condition know it.
struct MutexState: WordState, Sendable {
  enum Admission: Equatable {
    case granted
    case wait(Ticket)
  }

  /// The waits on one condition.
  private struct Condition {
    var queue = WaitQueue(marked: true)
    /// By the slot of a wait: its way back to the lock, while it is on it.
    var returning: ContiguousArray<Return?> = []
  }

  private struct Return {
    let ticket: Ticket
    let place: Ticket
    /// How to resume the task; `nil` until it has suspended.
    var wake: Wake?
  }

  /// The condition that every mutex has: a scope has ended, so the value may have changed.
  static let change = 0
  /// What a wait is told that is to come and take the lock.
  static let call: UInt64 = 1

  private(set) var isLocked = false
  /// Who is on its way to the lock.
  private(set) var called: Ticket?
  /// How often others may still take the lock before that task.
  private(set) var loansLeft = 0
  /// Who came to a lock that was taken, and is given it next.
  private var overtaken: Ticket?
  private var lending = Lending()
  /// Who has the lock, if it was taken while holders are recorded.
  private(set) var holder: Party?
  private(set) var line = WaitQueue()
  /// How many waits for the lock have suspended their task, each counted once.
  private(set) var suspended = 0
  /// By the slot of a place in `line`: the wait on a condition whose place it is.
  private var places: ContiguousArray<(condition: Int, ticket: Ticket)?> = []
  private var conditions: ContiguousArray<Condition> = [Condition()]
  private var unusedConditions: [Int] = []

  /// See `MutexWord`.
  var word: Int {
    get {
      let state = (isLocked ? MutexWord.locked : 0) | (called != nil ? MutexWord.called : 0)
      return state | loansLeft << MutexWord.loansShift
    }
    set {
      isLocked = newValue & MutexWord.locked != 0
      loansLeft = newValue >> MutexWord.loansShift
    }
  }

  /// How many are in line for the lock.
  var waiting: Int { line.waiting }

  var needsAttention: Bool {
    if holder != nil || !conditions[Self.change].queue.isEmpty { return true }
    return !line.isEmpty && called == nil
  }

  /// The waits on one condition that nobody has notified.
  func queue(of condition: Int) -> WaitQueue { conditions[condition].queue }

  /// Takes the lock if it is free, be it before the task that was called.
  mutating func tryLock(_ party: Party, recordsHolder: Bool) -> Bool {
    guard !isLocked else { return false }
    if called != nil { loansLeft -= 1 }
    isLocked = true
    holder = recordsHolder ? party : nil
    return true
  }

  /// Takes the lock, or a place in line for it.
  mutating func lock(_ party: Party, recordsHolder: Bool) -> Admission {
    tryLock(party, recordsHolder: recordsHolder) ? .granted : .wait(line.enqueue(party))
  }

  /// Calls the next in line or gives it the lock; those who wait for a change take their place in it first.
  mutating func unlock(hasChanged: Bool = true, recordingAt now: Deadline?) -> Wakes {
    isLocked = false
    holder = nil
    if hasChanged {
      while !conditions[Self.change].queue.isEmpty { returnFirst(of: Self.change) }
    }
    if called != nil, loansLeft == 0 { endCall() }
    return serveFirst(recordingAt: now)
  }

  /// Ends a wait for the lock itself; if it was called, the next in line is served.
  mutating func abort(
    _ ticket: Ticket,
    _ outcome: WaitOutcome,
    recordingAt now: Deadline?
  ) -> Wakes {
    let (isFound, wake) = line.abort(ticket, outcome)
    guard isFound, ticket == called else {
      var wakes = Wakes()
      wakes.add(wake)
      return wakes
    }
    called = nil
    loansLeft = 0
    return serveFirst(recordingAt: now)
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? { line.takeOutcome(ticket) }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    let outcome = line.attach(waiter)
    if outcome == nil, waiter.ticket != overtaken { suspended += 1 }
    return outcome
  }

  /// The task that was called runs: how its wait ended, or `nil` if it has to go on waiting, at the front of the line.
  mutating func arrive(_ ticket: Ticket, recordingAt now: Deadline?) -> WaitOutcome? {
    if let outcome = line.takeOutcome(ticket) { return outcome }
    endCall()
    if isLocked { overtaken = ticket }
    // It is not suspended, so it is given the lock and not called again.
    _ = serveFirst(recordingAt: now)
    return line.takeOutcome(ticket)
  }

  private mutating func endCall() {
    lending.didEnd(after: Lending.most - loansLeft, isLent: isLocked)
    called = nil
    loansLeft = 0
  }

  /// Calls the first in line if it has suspended and was not overtaken yet.
  private mutating func callFirst() -> Wake? {
    guard line.firstTicket != overtaken, lending.isAllowed() else { return nil }
    guard let (ticket, wake) = line.callFirst(Self.call) else { return nil }
    called = ticket
    loansLeft = Lending.most
    return wake
  }

  /// Gives the lock to the first in line, or calls it.
  private mutating func serveFirst(recordingAt now: Deadline?) -> Wakes {
    var wakes = Wakes()
    guard !isLocked, called == nil, let party = line.firstParty else { return wakes }
    if let wake = callFirst() {
      wakes.add(wake)
      return wakes
    }
    isLocked = true
    holder = now.map { party.holding(since: $0) }
    let (place, wake) = line.grantFirst()
    guard place.index < places.count, let wait = places[place.index].take() else {
      wakes.add(wake)
      return wakes
    }
    // Nobody suspends on this place: the task suspends on its wait for the condition.
    _ = line.takeOutcome(place)
    if let wake = conditions[wait.condition].returning[wait.ticket.index].take()?.wake {
      conditions[wait.condition].queue.finish(wait.ticket)
      wakes.add(wake)
    }
    return wakes
  }
}

extension MutexState {
  mutating func makeCondition() -> Int {
    if let number = unusedConditions.popLast() { return number }
    conditions.append(Condition())
    return conditions.count - 1
  }

  /// The condition is gone; nobody waits for it.
  mutating func removeCondition(_ number: Int) {
    unusedConditions.append(number)
  }

  /// Takes a place in the condition's line and gives the lock back.
  mutating func wait(
    for condition: Int,
    _ party: Party,
    recordingAt now: Deadline?
  ) -> (ticket: Ticket, wakes: Wakes) {
    let ticket = conditions[condition].queue.enqueue(party)
    // Whoever waits for a change has only looked at the value.
    return (ticket, unlock(hasChanged: condition != Self.change, recordingAt: now))
  }

  /// Sends the first waits of the condition, at most `limit`, back to the lock.
  mutating func notify(_ condition: Int, limit: Int, recordingAt now: Deadline?) -> Wakes {
    var count = 0
    while count < limit, !conditions[condition].queue.isEmpty {
      returnFirst(of: condition)
      count += 1
    }
    return serveFirst(recordingAt: now)
  }

  /// Ends a wait on a condition that was not notified; it comes back to the lock all the same.
  ///
  /// Only a wait for a change does without the lock: nobody sees the value after it.
  mutating func abort(
    _ ticket: Ticket,
    of condition: Int,
    _ outcome: WaitOutcome,
    recordingAt now: Deadline?
  ) -> Wakes {
    let (found, wake) = conditions[condition].queue.abort(ticket, outcome, keep: true)
    guard condition == Self.change else {
      if found { comeBack(ticket, of: condition, wake) }
      return serveFirst(recordingAt: now)
    }
    var wakes = Wakes()
    if found {
      if wake != nil { conditions[condition].queue.finish(ticket) }
      wakes.add(wake)
    } else {
      wakes.add(leave(ticket, outcome))
    }
    return wakes
  }

  /// Ends a wait on a condition before anybody attached to it; `nil` while it is not over.
  mutating func takeOutcome(_ ticket: Ticket, of condition: Int) -> WaitOutcome? {
    guard way(of: ticket, condition) == nil,
      let outcome = conditions[condition].queue.takeOutcome(ticket)
    else { return nil }
    conditions[condition].queue.finish(ticket)
    return outcome
  }

  mutating func attach(_ waiter: Waiter, of condition: Int) -> WaitOutcome? {
    guard let outcome = conditions[condition].queue.attach(waiter) else { return nil }
    guard way(of: waiter.ticket, condition) == nil else {
      let wake = Wake(continuation: waiter.continuation, outcome: outcome)
      conditions[condition].returning[waiter.ticket.index]?.wake = wake
      return nil
    }
    conditions[condition].queue.finish(waiter.ticket)
    return outcome
  }

  private func way(of ticket: Ticket, _ condition: Int) -> Return? {
    let returning = conditions[condition].returning
    guard ticket.index < returning.count, returning[ticket.index]?.ticket == ticket else {
      return nil
    }
    return returning[ticket.index]
  }

  private mutating func returnFirst(of condition: Int) {
    let (ticket, wake) = conditions[condition].queue.grantFirst(keep: true)
    comeBack(ticket, of: condition, wake)
  }

  /// Gives a wait that is decided its place in line for the lock, and holds its wake back until then.
  private mutating func comeBack(_ ticket: Ticket, of condition: Int, _ wake: Wake?) {
    let place = line.enqueue(conditions[condition].queue.party(of: ticket))
    while places.count <= place.index { places.append(nil) }
    places[place.index] = (condition, ticket)
    while conditions[condition].returning.count <= ticket.index {
      conditions[condition].returning.append(nil)
    }
    conditions[condition].returning[ticket.index] = Return(
      ticket: ticket,
      place: place,
      wake: wake
    )
  }

  /// Takes a suspended wait for a change out of the line for the lock.
  ///
  /// One that has not suspended yet stays: what it finds when it does was decided before.
  private mutating func leave(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    guard let way = way(of: ticket, Self.change), let wake = way.wake else { return nil }
    _ = line.abort(way.place, outcome)
    _ = line.takeOutcome(way.place)
    places[way.place.index] = nil
    conditions[Self.change].returning[ticket.index] = nil
    conditions[Self.change].queue.finish(ticket)
    return Wake(continuation: wake.continuation, outcome: outcome)
  }
}
