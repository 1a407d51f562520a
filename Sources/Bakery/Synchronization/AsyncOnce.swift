// Safe because the leader alone writes `storage`, before `core` says that it is computed, and all others read it after.
/// A value that is computed once, by the first task that needs it, and shared by all.
///
/// The first caller is the leader: it runs its closure in its own task, with its priority, its deadline and its
/// actor. Callers that come meanwhile wait for it. Nobody computes in the background, so nothing outlives its callers.
///
/// If the leader's closure throws, the error is the leader's, and the next in line leads with its own closure; or
/// all get the error, now and later, if the object was made so. A leader that is cancelled always passes the
/// lead on: that one caller gave up says nothing about the value.
///
/// > Ordering: waiters are served, and get the lead, in the order of their calls.
///
/// > Memory: what the leader did before its closure returned happens before what anybody does with the value. What
/// a leader did before it failed happens before the next one's closure.
///
/// - Complexity: O(1), and O(*waiters*) for who ends their wait and for `snapshot()`. Once the value is there, one
///   atomic load and a copy of the value, no lock, no allocation, no suspension.
///
/// @Snippet(path: "bakery/Snippets/ComputeOnce", slice: "once")
public final class AsyncOnce<Value: Sendable>: @unchecked Sendable {
  /// What becomes of the error of a leader.
  public enum FailurePolicy: Sendable {
    /// The leader gets it; the next in line, or the next caller, leads.
    case retry
    /// Everybody gets it, now and later. Cancellation is not remembered.
    case remember
  }

  /// What the object is called and where it was made.
  public let identity: ObjectIdentity

  @usableFromInline let core: OnceCore
  /// Room for the value, which is there once `core` says so.
  @usableFromInline let storage: UnsafeMutablePointer<Value>

  /// Makes room for a value that nobody has computed.
  ///
  /// - Parameters:
  ///   - onFailure: What becomes of the error when computing the value fails.
  ///   - name: What dumps and errors call it; a named object is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    onFailure: FailurePolicy = .retry,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    identity = ObjectIdentity(kind: "AsyncOnce", name: name, file: file, line: line)
    core = OnceCore(remembersFailure: onFailure == .remember, identity: identity)
    storage = .allocate(capacity: 1)
  }

  deinit {
    if core.word.loadFast() != 0 { storage.deinitialize(count: 1) }
    storage.deallocate()
  }

  /// The value, if it has been computed; does not wait.
  @inlinable public var valueIfComputed: Value? { core.isComputed ? storage.pointee : nil }

  /// Returns the value, and computes it if nobody has.
  ///
  /// The body runs on the caller's actor and may use its state. It runs only if the caller leads.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. What is
  /// granted is the value or the lead; a cancelled leader runs its body, whose business cancellation then is.
  ///
  /// - Important: traps when the body asks the same object for its value in the same task: it would wait for
  ///   itself. A child task of the body that does so cannot be told from others, and waits for ever.
  /// - Parameters:
  ///   - deadline: Until when to wait for another caller; it does not limit the body.
  ///   - body: What computes the value.
  /// - Returns: The value, the same for all.
  /// - Throws: What `body` throws, to the caller that ran it; the error that is remembered, without running `body`;
  ///   `CancellationError`; `DeadlineExceeded`.
  @inlinable
  public func value(
    deadline: Deadline = .never,
    orCompute body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    if core.isComputedFast { return storage.pointee }
    guard try await core.begin(deadline) == .lead else { return storage.pointee }
    do {
      storage.initialize(to: try await body())
    } catch {
      core.fail(error)
      throw error
    }
    core.complete()
    return storage.pointee
  }

  /// The object now: whether it is `computed` or `failed` for good, how many `attempts` there were, how many
  /// are `waiting`, who computes (`holders`) and who waits.
  public func snapshot() -> Snapshot { core.snapshot() }
}
