/// Hands one value from one task to another: an answer to a request, the result of a job.
///
/// Give `sender` to who produces the value and `receiver` to who waits for it. When the last reference to an
/// end is gone, the other end is told with an error, so that nobody waits for what cannot come, and nobody produces
/// what no one wants; the `Oneshot` value itself holds both, so let it go after the split.
///
/// > Ordering: several tasks may wait; the first in line gets the value, the others `OneshotFailure`.
///
/// > Memory: what a task did before `send` happens before the matching `receive` returns.
///
/// - Complexity: O(1) for every operation; what ends the oneshot is O(*waiters*). Without waiters no
///   suspension, and no allocation but the three objects of `init`.
///
/// @Snippet(path: "bakery/Snippets/AnswerRequests", slice: "oneshot")
public struct Oneshot<Element: Sendable>: Sendable {
  /// The end that gives the value.
  public let sender: Sender
  /// The end that waits for it.
  public let receiver: Receiver

  /// Makes a oneshot.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call it; a named oneshot is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  @inlinable
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt32 = #line) {
    let identity = ObjectIdentity(kind: "Oneshot", name: name, file: file, line: line)
    let core = OneshotCore<Element>(identity: identity)
    sender = Sender(core)
    receiver = Receiver(core)
  }

  /// The end that gives the value.
  public final class Sender: Sendable {
    @usableFromInline let core: OneshotCore<Element>

    @inlinable
    init(_ core: OneshotCore<Element>) {
      self.core = core
    }

    deinit {
      core.close(as: .abandoned)
    }

    /// Gives the value; never waits.
    ///
    /// - Parameter element: The value.
    /// - Throws: `SendFailure`, which gives the value back: the receiver is gone or closed, a value was sent before,
    ///   or this end was closed.
    @inlinable
    public func send(_ element: Element) throws(SendFailure<Element>) {
      if core.sendFast(element) { return }
      if !core.sendSlowly(element) { throw SendFailure(.closed, element) }
    }

    /// Says that no value will come: who waits for it gets `OneshotFailure`.
    ///
    /// Does nothing after `send`, and nothing more the second time.
    public func close() { core.close(as: .abandoned) }

    /// Whether the receiver left before a value was sent, so that producing one is in vain.
    public var isCancelled: Bool { core.phase == .closed }

    /// Waits until nothing can be sent any more, so that a producer can stop when nobody waits for the value.
    ///
    /// Returns when the receiver is closed or gone, and also when a value was sent or this end was closed meanwhile;
    /// `isCancelled` tells the first from the others.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait.
    /// - Throws: `CancellationError` or `DeadlineExceeded`.
    public func waitUntilClosed(deadline: Deadline = .never) async throws {
      try await core.waitUntilClosed(deadline)
    }

    /// The oneshot now: `sent`, `taken`, `receivers waiting`, `senders waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }
  }

  /// The end that waits for the value.
  public final class Receiver: Sendable {
    @usableFromInline let core: OneshotCore<Element>

    @inlinable
    init(_ core: OneshotCore<Element>) {
      self.core = core
    }

    deinit {
      core.close(as: .closed)
      core.discard()
    }

    /// Takes the value; waits until it comes.
    ///
    /// The value comes once. To ask again is an error and not a trap, because two tasks that share the end cannot know
    /// of each other.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait. One that has passed still takes a value that is there.
    /// - Returns: The value.
    /// - Throws: `OneshotFailure` when the sender ended without sending, somebody else took the value, or this end
    ///   was closed; `CancellationError`; `DeadlineExceeded`.
    @inlinable
    public func receive(deadline: Deadline = .never) async throws -> Element {
      if let element = core.receiveFast() { return element }
      return try await receiveSlowly(deadline)
    }

    @inlinable @inline(never)
    func receiveSlowly(_ deadline: Deadline) async throws -> Element {
      let (element, step) = core.receiveSlowly(.arriving("receive"))
      if let element { return element }
      guard case .wait(let ticket) = step else { throw core.failure() }
      try await core.waitToReceive(ticket, until: deadline)
      return core.collect()
    }

    /// Takes the value if it is there; never suspends.
    ///
    /// - Returns: The value, or `nil` when it was not sent yet.
    /// - Throws: `OneshotFailure` when no value can come any more.
    @inlinable
    public func tryReceive() throws(OneshotFailure) -> Element? {
      if let element = core.receiveFast() { return element }
      let (element, step) = core.receiveSlowly(nil)
      if case .refused = step { throw core.failure() }
      return element
    }

    /// Refuses the value from now on, and tells the sender.
    ///
    /// A value that was sent before can still be received. Closing twice does nothing more.
    public func close() { core.close(as: .closed) }

    /// The oneshot now: `sent`, `taken`, `receivers waiting`, `senders waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }
  }
}

/// Why a oneshot has no value for who asks.
public struct OneshotFailure: Error, Hashable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Reason: Hashable, Sendable {
    /// The sender was closed, or is gone, without having sent.
    case abandoned
    /// The receiver was closed before a value was sent.
    case closed
    /// The value was received before.
    case taken
  }

  /// Why.
  public let reason: Reason
  /// Which oneshot.
  public let oneshot: String

  /// What happened and what to do.
  public var description: String {
    switch reason {
    case .abandoned:
      "\(oneshot) gets no value, its sender ended without sending; look at what became of that task"
    case .closed:
      "\(oneshot) was closed by its receiver before a value came; do not receive after close()"
    case .taken:
      "the value of \(oneshot) was received before; it comes once, use Channel for several"
    }
  }
}
