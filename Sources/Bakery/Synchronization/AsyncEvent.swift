/// Something that happens once: tasks wait for it, and find it set ever after.
///
/// An event is not set to begin with. `set()` lets everybody go on who waits, and whoever comes later does not
/// wait at all. It cannot be reset: a waiter that is woken by an event which may be reset does not know
/// whether it still holds. Make a new event for each thing that happens; for values that change use a channel.
///
/// > Ordering: waiters go on in the order of their calls.
///
/// > Memory: what a task did before `set()` happens before what a waiter does after `wait`, and before what
/// a reader does that found `isSet` true.
///
/// - Complexity: O(1), and O(*waiters*) for the `set()` that wakes them and for `snapshot()`. A wait for an event
///   that is set is one atomic load, no lock, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/WaitForOthers", slice: "event")
public final class AsyncEvent: Sendable {
  /// What the event is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: LatchCore

  /// Makes an event that is not set.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call it; a named event is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt32 = #line) {
    identity = ObjectIdentity(kind: "AsyncEvent", name: name, file: file, line: line)
    core = LatchCore(count: 1, isEvent: true, identity: identity)
  }

  /// Whether the event is set; once true, always true.
  @inlinable public var isSet: Bool { core.remaining == 0 }

  /// Sets the event and lets everybody go on who waits for it.
  ///
  /// Setting it again does nothing.
  ///
  /// - Returns: Whether this call set it, true for exactly one.
  @discardableResult
  public func set() -> Bool { core.open() }

  /// Waits until the event is set.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
  /// that does not have to wait does not look at cancellation.
  ///
  /// - Parameter deadline: Until when to wait. One that has passed still finds the event set.
  /// - Throws: `CancellationError`; `DeadlineExceeded`.
  @inlinable
  public func wait(deadline: Deadline = .never) async throws {
    if core.isOpenFast { return }
    try await core.waitSlowly("wait", deadline)
  }

  /// The event now: whether it is `set`, how many are `waiting`, and who they are.
  public func snapshot() -> Snapshot { core.snapshot() }
}
