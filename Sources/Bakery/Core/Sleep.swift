/// Suspends the calling task until `deadline`, by the time source in force.
///
/// Under a `ManualClock` it takes no real time. A deadline that has passed returns at once, `never`
/// sleeps until cancelled; a cancelled task always throws. All sleepers share one timer wheel and appear in the dump.
///
/// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
///
/// - Complexity: O(1).
/// - Throws: `CancellationError` if the task is cancelled before the deadline.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "sleep")
public func sleep(until deadline: Deadline) async throws {
  try Task.checkCancellation()
  guard deadline > .now else { return }
  let outcome = await Sleepers.shared.sleep(until: deadline, as: "sleep", count: 1)
  if outcome == .cancelled { throw CancellationError() }
}

/// Does the same under the name of what waits, as the dump shows it; false if the task is cancelled.
///
/// The task gives way also when the deadline has passed, so that a loop without delays does not keep its thread.
func sleep(until deadline: Deadline, as operation: StaticString, count: Int) async -> Bool {
  guard deadline > .now else {
    await Task.yield()
    return !Task.isCancelled
  }
  return await Sleepers.shared.sleep(until: deadline, as: operation, count: count) != .cancelled
}

/// Everybody who sleeps; the deadline is the grant.
private final class Sleepers: WaitOwner, Traceable {
  static let shared = Sleepers()

  let identity = ObjectIdentity(kind: "Sleep", name: "all", file: #fileID, line: #line)
  private let queue = Guarded(WaitQueue())

  private init() {
    Trace.registerShared(self)
  }

  func sleep(
    until deadline: Deadline,
    as operation: StaticString,
    count: Int
  ) async -> WaitOutcome {
    let party = Party.current(operation, count: count)
    let ticket = queue.withLock { $0.enqueue(party) }
    return await suspend(ticket, as: party, until: deadline)
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.withLock { $0.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    queue.withLock { $0.abort(ticket, outcome).wake }?.fire()
  }

  func snapshot() -> Snapshot {
    let waiters = queue.withLockUnobserved { $0.parties }
    return Snapshot(of: identity, figures: ["waiting": waiters.count], waiters: waiters)
  }
}
