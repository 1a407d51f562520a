/// A count that falls to zero once, and lets everybody go on who waits for that.
///
/// Make a latch with the number of things that have to happen; whoever sees to one of them counts down, and need
/// not wait. A latch with a count of 0 is open. It does not count up again; tasks that meet again and again use
/// `AsyncBarrier`.
///
/// > Ordering: waiters go on in the order of their calls.
///
/// > Memory: what tasks did before they counted down happens before what a waiter does after `wait`, and before what
/// a reader does that found `remaining` 0.
///
/// - Complexity: O(1), and O(*waiters*) for the count that wakes them and for `snapshot()`. A wait for an open latch
///   is one atomic load, no lock, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/WaitForOthers", slice: "latch")
public final class AsyncLatch: Sendable {
  /// What the latch is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: LatchCore

  /// Makes a latch that opens after `count`.
  ///
  /// - Important: traps when `count` is below 0.
  /// - Parameters:
  ///   - count: How many things have to happen.
  ///   - name: What dumps and errors call it; a named latch is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    count: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(count >= 0, "AsyncLatch needs a count of at least 0, got \(count)")
    identity = ObjectIdentity(kind: "AsyncLatch", name: name, file: file, line: line)
    core = LatchCore(count: count, isEvent: false, identity: identity)
  }

  /// How many are still to be counted down; once 0, always 0.
  @inlinable public var remaining: Int { core.remaining }

  /// Counts down without waiting, and opens the latch at zero.
  ///
  /// - Important: traps when `number` is below 0 or above `remaining`: something was counted twice, or was
  ///   left out of the count, and then the latch opens too early for somebody.
  /// - Parameter number: How many things happened.
  public func countDown(by number: Int = 1) {
    core.countDown(by: number)
  }

  /// Waits until the count is zero.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation.
  ///
  /// - Parameter deadline: Until when to wait. One that has passed still finds the latch open.
  /// - Throws: `CancellationError`; `DeadlineExceeded`.
  @inlinable
  public func wait(deadline: Deadline = .never) async throws {
    if core.isOpenFast { return }
    try await core.waitSlowly("wait", deadline)
  }

  /// Counts down by one and waits until the count is zero.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The count
  /// stays lowered in any case: what was counted has happened. The last one to arrive does not wait.
  ///
  /// - Important: traps when the count is zero already.
  /// - Parameter deadline: Until when to wait. It does not limit the counting.
  /// - Throws: `CancellationError`; `DeadlineExceeded`.
  public func arriveAndWait(deadline: Deadline = .never) async throws {
    core.countDown(by: 1)
    if core.isOpenFast { return }
    try await core.waitSlowly("arriveAndWait", deadline)
  }

  /// The latch now: its `count`, how many are `remaining`, how many are `waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }
}
