/// A place where a fixed number of tasks meet, again and again.
///
/// Each party does its part of the work and arrives; when all have, all go on and the next phase begins. One of
/// them is told that it is the leader, to do what is to be done once in each phase. A party that is done for good,
/// or cannot go on, leaves, and the others meet without it.
///
/// A party that is cancelled, or whose deadline passes, while it waits, withdraws its arrival: the others go on
/// waiting, for it or for its departure, and it may arrive again. So a barrier never breaks, unlike Java's
/// `CyclicBarrier`, where one interrupted party makes the waits of all fail. In exchange a party that gives up
/// has to say so with `leave()`, or the others wait for ever; `defer { barrier.leave() }` around its work does it.
///
/// > Ordering: within a phase waiters go on in the order of their calls.
///
/// > Memory: what each party did before it arrived, or left, happens before what any party does after that phase.
///
/// - Complexity: O(1), and O(*parties*) for who completes a phase and for `snapshot()`. The last to arrive takes a
///   lock once and does not suspend.
///
/// @Snippet(path: "bakery/Snippets/WaitForOthers", slice: "barrier")
public final class AsyncBarrier: Sendable {
  /// What a party learns when its phase is complete.
  public struct Arrival: Hashable, Sendable {
    /// Which phase it was, counted from 0.
    public let phase: UInt64
    /// Whether this party leads the phase, true for exactly one of those who waited.
    public let isLeader: Bool
  }

  /// What the barrier is called and where it was made.
  public let identity: ObjectIdentity

  private let core: BarrierCore

  /// Makes a barrier for `parties` tasks.
  ///
  /// - Important: traps when `parties` is not in 1…2³¹-1.
  /// - Parameters:
  ///   - parties: How many tasks meet.
  ///   - name: What dumps and errors call it; a named barrier is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    parties: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(
      parties >= 1 && parties <= Int(Int32.max),
      "AsyncBarrier needs 1 to \(Int32.max) parties, got \(parties)"
    )
    identity = ObjectIdentity(kind: "AsyncBarrier", name: name, file: file, line: line)
    core = BarrierCore(parties: parties, identity: identity)
  }

  /// How many tasks meet, less those who left.
  public var parties: Int { core.parties }

  /// Arrives, and waits until all parties have.
  ///
  /// The last to arrive is the leader and does not wait. If it is a departure that completes the phase, the
  /// leader is who waited longest.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The arrival
  /// is withdrawn and the others go on waiting. The last to arrive does not look at cancellation.
  ///
  /// - Important: traps when all parties have left. More tasks than there are parties cannot be told from
  ///   parties that arrive for the next phase.
  /// - Parameter deadline: Until when to wait. One that has passed still completes a phase.
  /// - Returns: Which phase is complete, and whether the caller leads it.
  /// - Throws: `CancellationError`; `DeadlineExceeded`. The caller is still a party then: it arrives again or leaves.
  @discardableResult
  public func arriveAndWait(deadline: Deadline = .never) async throws -> Arrival {
    try await core.arriveAndWait(deadline)
  }

  /// Leaves for good, without waiting: from this phase on there is one party fewer.
  ///
  /// It completes the phase if all others have arrived. Call it in place of arriving, not while waiting.
  ///
  /// - Important: traps when all parties have left.
  public func leave() {
    core.leave()
  }

  /// The barrier now: its `parties`, the `phase`, how many are `waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }
}
