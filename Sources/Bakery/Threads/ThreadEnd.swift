internal import Synchronization

/// The end of something that runs on threads: tasks await it, threads block until it comes.
final class ThreadEnd: WaitOwner {
  let identity: ObjectIdentity
  private let state = Guarded(ThreadEndState())
  /// 0 until the end, then 1: what blocked threads sleep on.
  private let word = Atomic<UInt32>(0)

  init(identity: ObjectIdentity) {
    self.identity = identity
  }

  var hasEnded: Bool {
    if Mode.schedules { SchedulingPoint.reach() }
    return word.load(ordering: .acquiring) != 0
  }

  var waiters: [Party] { state.withLock { $0.queue.parties } }

  func end() {
    let wakes = state.withLock { state in
      word.store(1, ordering: .releasing)
      return state.end()
    }
    withUnsafePointer(to: word) { Futex.wake($0, Int32.max) }
    wakes.fire()
  }

  /// Suspends the calling task until the end.
  func wait(_ operation: StaticString, until deadline: Deadline) async throws {
    guard !hasEnded else { return }
    let party = Party.current(operation)
    guard case .wait(let ticket) = state.withLock({ $0.wait(party) }) else { return }
    Trace.record(.waiting, identity)
    let outcome = await suspend(ticket, as: party, until: deadline)
    Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
    try outcome.grantedValue(operation, on: identity, until: deadline)
  }

  /// The same for a wait that neither a cancellation nor a deadline ends.
  func waitUncancellably(_ operation: StaticString) async {
    guard !hasEnded else { return }
    let party = Party.current(operation)
    guard case .wait(let ticket) = state.withLock({ $0.wait(party) }) else { return }
    Trace.record(.waiting, identity)
    _ = await suspendUncancellable(ticket, as: party)
    Trace.record(.holding, identity)
  }

  /// Blocks the calling thread until the end, or until `deadline` on the machine's clock; false if that came first.
  func block(_ operation: StaticString, until deadline: Deadline) -> Bool {
    guard !hasEnded else { return true }
    let party = Party.thread(operation)
    guard case .wait(let ticket) = state.withLock({ $0.wait(party) }) else { return true }
    while !hasEnded, let nanoseconds = RealTime.nanoseconds(until: deadline) {
      withUnsafePointer(to: word) { Futex.wait($0, while: 0, nanoseconds: nanoseconds) }
    }
    // Leaves the line if the end did not come, and frees the place in either case.
    let outcome = state.withLock { state in
      _ = state.abort(ticket, .timedOut)
      return state.takeOutcome(ticket)
    }
    return outcome == .granted(0)
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    state.withLock { $0.abort(ticket, outcome) }?.fire()
  }
}
