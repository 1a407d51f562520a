/// The decisions of `AdaptiveLimiter`: pure, without a lock, a clock or a task.
///
/// Invariant: while somebody waits, the first of the highest class that waits does not fit.
struct AdaptiveState: Sendable {
  enum Admission: Equatable {
    case granted(token: UInt64)
    case wait(Ticket)
    case refused
  }

  /// What is known of a permit in flight; its token is the slot's index and one.
  private struct Flight: Sendable {
    var start: Deadline
    var epoch: UInt32
    var holder: UInt64
  }

  private(set) var estimator: any LimitEstimator
  let waitingRange: ClosedRange<Int>
  private(set) var inFlight = 0
  private(set) var refused = 0
  private(set) var lastChange: AdaptiveLimiter.Change
  /// A line for each class, the highest last.
  private var lines: [WaitQueue]
  private var flights: [Flight] = []
  private var free: [Int] = []
  private var holders = RecordedHolders()

  init(_ estimator: any LimitEstimator, waiting: ClosedRange<Int>, at now: Deadline) {
    self.estimator = estimator
    waitingRange = waiting
    let limit = estimator.limit
    lastChange = AdaptiveLimiter.Change(from: limit, to: limit, reason: .start, time: now)
    lines = AdaptiveLimiter.Priority.allCases.map { _ in WaitQueue() }
  }

  var limit: Int { estimator.limit }
  var waiting: Int { waiting(from: .low) }
  var waiters: [Party] { lines.reversed().flatMap(\.parties) }
  var recordedHolders: [Party] { holders.parties }

  /// Grants what fits while nobody of this class or a higher one waits.
  mutating func tryAcquire(
    _ party: Party,
    _ priority: AdaptiveLimiter.Priority,
    at now: Deadline,
    recordsHolder: Bool
  ) -> UInt64? {
    guard fits(party.count), waiting(from: priority) == 0 else { return nil }
    return take(party, at: now, recordsHolder: recordsHolder)
  }

  /// Grants, refuses, or takes a place in line; `chance` is random bits.
  mutating func acquire(
    _ party: Party,
    _ priority: AdaptiveLimiter.Priority,
    at now: Deadline,
    chance: UInt64,
    recordsHolder: Bool
  ) -> (Admission, Wakes) {
    if let token = tryAcquire(party, priority, at: now, recordsHolder: recordsHolder) {
      return (.granted(token: token), Wakes())
    }
    var wakes = Wakes()
    if isRefused(priority, chance) {
      refused += 1
      // Instead of this one, the one that has waited longest in the lowest class below it.
      let lower = lines.indices.first { $0 < priority.rawValue && !lines[$0].isEmpty }
      guard let lower, let ticket = lines[lower].win() else { return (.refused, wakes) }
      wakes.add(lines[lower].abort(ticket, .impossible).wake)
    }
    return (.wait(lines[priority.rawValue].enqueue(party)), wakes)
  }

  /// How many wait in this class and above.
  private func waiting(from priority: AdaptiveLimiter.Priority) -> Int {
    var count = 0
    for line in priority.rawValue..<lines.count { count += lines[line].waiting }
    return count
  }

  /// Whether the line is full, or chance says so, the more likely the fuller it is and the lower the class.
  private func isRefused(_ priority: AdaptiveLimiter.Priority, _ chance: UInt64) -> Bool {
    let (soft, full) = (waitingRange.lowerBound, waitingRange.upperBound)
    let waiting = waiting
    guard waiting >= soft else { return false }
    guard waiting < full else { return true }
    let fullness = Double(waiting - soft + 1) / Double(full - soft + 1)
    let drawn = Double(chance >> 11) / Double(1 << 53)
    switch priority {
    case .low: return drawn < fullness.squareRoot()
    case .normal: return drawn < fullness
    case .high: return drawn < fullness * fullness
    }
  }

  mutating func release(
    _ count: Int,
    token: UInt64,
    _ outcome: Permit.Outcome,
    at now: Deadline,
    recordsHolder: Bool
  ) -> Wakes {
    let flight = flights[Int(token) - 1]
    free.append(Int(token) - 1)
    holders.remove(flight.holder)
    let latency = now.duration(since: flight.start).wholeNanoseconds
    // A time that went back, or stood, measures nothing.
    if outcome == .dropped || (outcome == .success && latency > 0) {
      let sample = LimitSample(
        latency: Double(latency),
        isDropped: outcome == .dropped,
        inFlight: inFlight,
        epoch: flight.epoch,
        time: now
      )
      learn(at: now) { $0.observe(sample) }
    }
    inFlight -= count
    return grantWhatFits(at: now, recordsHolder: recordsHolder)
  }

  mutating func abort(
    _ ticket: Ticket,
    _ priority: AdaptiveLimiter.Priority,
    _ outcome: WaitOutcome,
    at now: Deadline,
    recordsHolder: Bool
  ) -> Wakes {
    let (found, wake) = lines[priority.rawValue].abort(ticket, outcome)
    guard found else { return Wakes() }
    var wakes = Wakes()
    wakes.add(wake)
    grantWhatFits(at: now, recordsHolder: recordsHolder, into: &wakes)
    return wakes
  }

  mutating func attach(_ waiter: Waiter, _ priority: AdaptiveLimiter.Priority) -> WaitOutcome? {
    lines[priority.rawValue].attach(waiter)
  }

  mutating func timePassed(until now: Deadline, recordsHolder: Bool) -> Wakes {
    learn(at: now) { $0.timePassed(until: now) }
    return grantWhatFits(at: now, recordsHolder: recordsHolder)
  }

  private mutating func learn(
    at now: Deadline,
    _ lesson: (inout any LimitEstimator) -> Void
  ) {
    let old = estimator.settled
    lesson(&estimator)
    let new = estimator.settled
    guard new != old else { return }
    lastChange = AdaptiveLimiter.Change(from: old, to: new, reason: estimator.reason, time: now)
  }

  /// A request above the limit fits when it would be alone, so that it need not wait for a limit that may never come.
  private func fits(_ count: Int) -> Bool { inFlight == 0 || inFlight + count <= limit }

  private mutating func grantWhatFits(at now: Deadline, recordsHolder: Bool) -> Wakes {
    var wakes = Wakes()
    grantWhatFits(at: now, recordsHolder: recordsHolder, into: &wakes)
    return wakes
  }

  private mutating func grantWhatFits(
    at now: Deadline,
    recordsHolder: Bool,
    into wakes: inout Wakes
  ) {
    for line in lines.indices.reversed() {
      while let party = lines[line].firstParty {
        guard fits(party.count) else { return }
        let holding = party.holding(since: now)
        let token = take(holding, at: now, recordsHolder: recordsHolder)
        wakes.add(lines[line].grantFirst(token).wake)
      }
    }
  }

  private mutating func take(_ party: Party, at now: Deadline, recordsHolder: Bool) -> UInt64 {
    inFlight += party.count
    let flight = Flight(
      start: now,
      epoch: estimator.epoch,
      holder: recordsHolder ? holders.record(party) : 0
    )
    guard let index = free.popLast() else {
      flights.append(flight)
      return UInt64(flights.count)
    }
    flights[index] = flight
    return UInt64(index + 1)
  }
}
