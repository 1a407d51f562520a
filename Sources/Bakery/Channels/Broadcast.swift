/// Shows every element to every receiver; who is too slow misses the oldest, and is told how many.
///
/// All receivers share one ring of `capacity` elements, and each has its place in it: there is one copy of an element,
/// however many receivers there are. `send` never waits; in a full ring it overwrites the oldest element, and
/// receivers that had not seen it get `Item.lagged` before they go on with the oldest that is kept. When the last
/// reference to `sender` is gone the broadcast closes by itself; the `Broadcast` value itself holds it, so let it go
/// after the split. Whoever must not miss anything needs a `Channel` of its own.
///
/// > Ordering: all receivers see the elements in the same order, that of the calls of `send`. Tasks that share one
/// receiver each get some of its elements, in no promised order.
///
/// > Memory: what a task did before `send` happens before each `receive` of that element returns. An element is let
/// go when every receiver has passed it or is gone, or when it is overwritten, whatever comes first.
///
/// - Complexity: O(1) for every operation, and O(*waiting*) for a `send` or `close()` that wakes receivers. The end of
///   a receiver is O(*elements that only it kept*). A delivery allocates nothing; the ring grows to what is used, up to
///   the capacity.
///
/// @Snippet(path: "bakery/Snippets/FollowEvents", slice: "broadcast")
public struct Broadcast<Element: Sendable>: Sendable {
  /// The end that sends, and admits receivers.
  public let sender: Sender

  /// Makes a broadcast without receivers.
  ///
  /// - Important: traps when `capacity` is not in 1…2³¹-1.
  /// - Parameters:
  ///   - capacity: How many elements are kept for those who have not seen them.
  ///   - name: What dumps and errors call it; a named broadcast is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    capacity: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    let identity = ObjectIdentity(kind: "Broadcast", name: name, file: file, line: line)
    sender = Sender(BroadcastCore<Element>(capacity: capacity, identity: identity))
  }

  /// Admits a receiver, which sees what is sent from now on.
  public func subscribe() -> Receiver { sender.subscribe() }

  /// What a receiver gets.
  public enum Item: Sendable {
    /// The next element.
    case element(Element)
    /// So many elements were overwritten before this receiver saw them.
    case lagged(Int)

    /// The element, or `nil` for a lag.
    @inlinable public var element: Element? {
      if case .element(let element) = self { element } else { nil }
    }
  }

  /// The sending end of a broadcast; share it among as many tasks as you like.
  public final class Sender: Sendable {
    @usableFromInline let core: BroadcastCore<Element>

    init(_ core: BroadcastCore<Element>) {
      self.core = core
    }

    deinit {
      core.close()
    }

    /// Shows an element to all receivers; never waits.
    ///
    /// - Complexity: O(1), and O(*waiting*) to wake those who wait.
    /// - Parameter element: What to send.
    /// - Returns: How many receivers may see it. Some may still lag, or end, before they do.
    /// - Throws: `BroadcastFailure`, which gives the element back: there is no receiver now, or the broadcast is closed.
    @inlinable @discardableResult
    public func send(_ element: Element) throws(BroadcastFailure<Element>) -> Int {
      if let receivers = core.sendFast(element) { return receivers }
      let (step, receivers) = core.sendSlowly(element)
      switch step {
      case .store, .overwrite: return receivers
      case .nobody: throw BroadcastFailure(.noReceivers, element)
      case .closed: throw BroadcastFailure(.closed, element)
      }
    }

    /// Admits a receiver, which sees what is sent from now on.
    public func subscribe() -> Receiver { Receiver(core) }

    /// Ends sending: receivers see what is kept for them, and then the end.
    ///
    /// Closing twice does nothing more.
    public func close() { core.close() }

    /// The broadcast now: `capacity`, `buffered`, `sent`, `receivers`, `waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }
  }

  // Safe because the cursor is touched only under the core's lock.
  /// One place in the stream of elements; ends when its last reference is gone.
  ///
  /// Give each task that wants all elements a receiver of its own. Tasks that share one share its place: each element
  /// goes to one of them.
  public final class Receiver: AsyncSequence, @unchecked Sendable {
    @usableFromInline let core: BroadcastCore<Element>
    /// The position to read next; owned by this object, guarded by the core's lock.
    @usableFromInline let cursor: UnsafeMutablePointer<Int>

    init(_ core: BroadcastCore<Element>) {
      self.core = core
      cursor = .allocate(capacity: 1)
      cursor.initialize(to: core.subscribe())
    }

    deinit {
      core.unsubscribe(at: cursor)
      cursor.deallocate()
    }

    /// Takes the next element; waits while there is none.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait. One that has passed still takes what is there.
    /// - Returns: The element, or how many were missed before the next one, or `nil` when the broadcast is closed and
    ///   this receiver has seen what was kept for it.
    /// - Throws: `CancellationError` or `DeadlineExceeded`.
    @inlinable @inline(__always)
    public func receive(deadline: Deadline = .never) async throws -> Item? {
      if let element = core.receiveFast(at: cursor) { return .element(element) }
      return try await receiveSlowly(deadline)
    }

    @inlinable @inline(never)
    func receiveSlowly(_ deadline: Deadline) async throws -> Item? {
      while true {
        let seen = core.spinner.seen
        let (element, step) = core.receiveSlowly(at: cursor, .arriving("receive"))
        if let element { return .element(element) }
        if case .lagged(let missed) = step { return .lagged(missed) }
        guard case .wait(let ticket) = step else { return nil }
        // Another task that shares this receiver may have been faster afterwards: then wait again.
        try await core.wait(ticket, until: deadline, since: seen)
      }
    }

    /// Takes the next element if there is one; never suspends.
    ///
    /// - Returns: The element, or how many were missed before the next one, or `nil` when there is nothing now.
    ///   `isFinished` tells whether there will be anything.
    @inlinable
    public func tryReceive() -> Item? {
      if let element = core.receiveFast(at: cursor) { return .element(element) }
      let (element, step) = core.receiveSlowly(at: cursor, nil)
      if let element { return .element(element) }
      if case .lagged(let missed) = step { return .lagged(missed) }
      return nil
    }

    /// Whether the broadcast is closed and this receiver has seen what was kept for it.
    @inlinable public var isFinished: Bool { core.isFinished(at: cursor) }

    /// Admits another receiver, which sees what is sent from now on, whatever this one has seen.
    public func resubscribe() -> Receiver { Receiver(core) }

    /// The broadcast now: `capacity`, `buffered`, `sent`, `receivers`, `waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }

    /// Iterates over what this receiver gets, lags included, until the broadcast is closed and seen to its end.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Receives one item after another; yields to other tasks now and then even if elements are always there.
    public struct AsyncIterator: AsyncIteratorProtocol {
      @usableFromInline let receiver: Receiver
      @usableFromInline var turn = YieldTurn()

      @inlinable
      init(_ receiver: Receiver) {
        self.receiver = receiver
      }

      /// The next element or lag, or `nil` at the end.
      ///
      /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
      ///
      /// - Throws: `CancellationError` if the task is cancelled while waiting.
      @inlinable
      public mutating func next() async throws -> Item? {
        if let element = receiver.core.receiveFast(at: receiver.cursor) {
          if turn.isOverAfterTaking() { await yieldInTurn() }
          return .element(element)
        }
        turn.restart()
        return try await receiver.receiveSlowly(.never)
      }
    }
  }
}

extension Broadcast.Item: Equatable where Element: Equatable {}
extension Broadcast.Item: Hashable where Element: Hashable {}

/// An element that was shown to nobody, and why.
public struct BroadcastFailure<Element: Sendable>: Error, CustomStringConvertible {
  /// The kinds of failure.
  public enum Reason: Hashable, Sendable {
    /// Nobody receives now; somebody may subscribe later.
    case noReceivers
    /// The broadcast is closed: nothing can be sent any more.
    case closed
  }

  /// Why.
  public let reason: Reason
  /// The element, given back.
  public let element: Element

  @usableFromInline
  init(_ reason: Reason, _ element: Element) {
    self.reason = reason
    self.element = element
  }

  /// What happened and what to do.
  public var description: String {
    switch reason {
    case .noReceivers:
      "the broadcast has no receiver and kept no element; `element` has it, ignore this if nobody need listen"
    case .closed: "the broadcast is closed and took no element; `element` has it, send no more"
    }
  }
}
