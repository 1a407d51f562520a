/// Lets a fixed number of threads wait for each other, round after round.
///
/// A thread that arrives blocks until all parties have; then all go on, and the barrier stands for the next round. One
/// of them, the last to come, is told that it leads, for work that is done once a round.
///
/// For threads. Tasks must not block: give them a barrier of their own kind, or a task group.
///
/// > Memory: what each thread did before it arrived happens before what any of them does after the round.
///
/// - Complexity: O(1), and O(*parties*) for the last of a round.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "barrier")
public final class ThreadBarrier: Traceable {
  /// What the barrier is called and where it was made.
  public let identity: ObjectIdentity

  private let state: Guarded<ThreadBarrierState>
  private let registration = Registration()

  /// Makes a barrier for `parties` threads.
  ///
  /// - Important: traps when `parties` is less than 1.
  /// - Parameters:
  ///   - parties: How many threads make a round.
  ///   - name: What dumps and errors call it; a named barrier is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    parties: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(parties >= 1, "ThreadBarrier needs at least 1 party, got \(parties)")
    identity = ObjectIdentity(kind: "ThreadBarrier", name: name, file: file, line: line)
    state = Guarded(ThreadBarrierState(parties: parties))
    if name != nil { registration.ensure(self) }
  }

  /// Blocks the calling thread until all parties have arrived.
  ///
  /// - Important: traps when called in a task.
  /// - Returns: Whether the calling thread leads: true for one thread of each round, the last to arrive.
  @available(*, noasync, message: "blocks a thread of the task pool; use a task group")
  @discardableResult
  public func arriveAndWait() -> Bool {
    // Without a deadline the wait has one end only.
    arrive(until: .never) ?? false
  }

  /// Does as `arriveAndWait()` does, and waits no longer than until `deadline`.
  ///
  /// A thread that gives up takes its arrival back; the others need one more.
  ///
  /// - Important: traps when called in a task.
  /// - Parameter deadline: Until when to wait, on the machine's clock.
  /// - Returns: Whether the calling thread leads.
  /// - Throws: `DeadlineExceeded`.
  @available(*, noasync, message: "blocks a thread of the task pool; use a task group")
  @discardableResult
  public func arriveAndWait(deadline: Deadline) throws -> Bool {
    if let leads = arrive(until: deadline) { return leads }
    throw DeadlineExceeded(operation: "arriveAndWait on \(identity)", deadline: deadline)
  }

  /// The barrier now: `parties`, `waiting`, the `rounds` so far, and who waits.
  public func snapshot() -> Snapshot {
    let state = state.withLockUnobserved { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "parties": state.parties, "waiting": state.line.queue.waiting, "rounds": state.rounds,
      ],
      waiters: state.line.queue.parties
    )
  }

  /// Whether the calling thread leads; `nil` when `deadline` came first.
  private func arrive(until deadline: Deadline) -> Bool? {
    requireNoTask("arriveAndWait on \(identity)", instead: "use a task group")
    let party = Party.thread("arriveAndWait")
    let parker = ThreadParker()
    let seen = parker.ticket
    switch state.withLock({ $0.arrive(party, parker) }) {
    case .leads(let parkers):
      Trace.record(.holding, identity)
      for parker in parkers { parker.unpark() }
      return true
    case .waits(let ticket):
      registration.ensure(self)
      Trace.record(.waiting, identity)
      parker.block(since: seen, until: deadline)
      let isOver = state.withLock { $0.leave(ticket) }
      Trace.record(isOver ? .holding : .gaveUp, identity)
      return isOver ? false : nil
    }
  }
}
