/// Hands elements from any number of senders to any number of receivers, with a bounded buffer.
///
/// A full buffer suspends senders and an empty one receivers: that is the back pressure that keeps a fast
/// producer from filling the memory. With a capacity of 0 every `send` waits for its `receive` (rendezvous).
/// Give `sender` to those who produce and `receiver` to those who consume. When the last reference to
/// either is gone the channel closes by itself, so that nobody waits for a side that does not exist; the `Channel`
/// value itself holds both, so let it go after the split.
///
/// What a full buffer means is said where something is sent: `send` waits for room, `reserve` waits before the element is
/// made, `trySend` gives the new element back, and `sendDroppingOldest` the oldest. To wait on several channels at
/// once use `select`.
///
/// > Ordering: first in, first out; waiting senders and receivers are served in the order of their calls.
///
/// > Memory: what a task did before `send` happens before the matching `receive` returns.
///
/// - Complexity: O(1) for every operation; `close()` is O(*waiters*). Without waiters no allocation and no
///   suspension; the buffer grows to what is used, up to the capacity.
///
/// @Snippet(path: "bakery/Snippets/PassElements", slice: "channel")
public struct Channel<Element: Sendable>: Sendable {
  /// The end that puts elements in.
  public let sender: Sender
  /// The end that takes elements out.
  public let receiver: Receiver

  /// Makes a channel.
  ///
  /// - Important: traps when `capacity` is not in 0…2³¹-1.
  /// - Parameters:
  ///   - capacity: How many elements may wait in the buffer; 0 makes senders meet receivers.
  ///   - name: What dumps and errors call it; a named channel is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    capacity: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    let identity = ObjectIdentity(kind: "Channel", name: name, file: file, line: line)
    let core = ChannelCore<Element>(capacity: capacity, identity: identity)
    sender = Sender(core)
    receiver = Receiver(core)
  }

  /// The sending end of a channel; share it among as many tasks as you like.
  public final class Sender: Sendable {
    @usableFromInline let core: ChannelCore<Element>

    init(_ core: ChannelCore<Element>) {
      self.core = core
    }

    deinit {
      core.close()
    }

    /// Puts an element in; waits while the buffer is full.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameters:
    ///   - element: What to send.
    ///   - deadline: Until when to wait. One that has passed still uses free room.
    /// - Throws: `SendFailure`, which gives the element back, when the channel is or gets closed;
    ///   `CancellationError`; `DeadlineExceeded`. After any error the element was not sent.
    @inlinable @inline(__always)
    public func send(_ element: Element, deadline: Deadline = .never) async throws {
      if !core.sendFast(element) { try await sendSlowly(element, deadline) }
    }

    @inlinable @inline(never)
    func sendSlowly(_ element: Element, _ deadline: Deadline) async throws {
      let seen = core.spinner.seen
      switch core.sendSlowly(element, .arriving("send")) {
      case .buffer, .handOff: return
      case .replaceFirst, .full, .closed, .lost: throw SendFailure(.closed, element)
      case .wait(let ticket):
        let outcome = await core.waitToSend(ticket, until: deadline, since: seen)
        if case .granted = outcome { return Trace.record(.sent, core.identity) }
        Trace.record(.gaveUp, core.identity)
        let element = core.withdraw(ticket)
        if outcome == .closed { throw SendFailure(.closed, element) }
        throw outcome.failure("send", on: core.identity, until: deadline)
      }
    }

    /// Puts an element in if there is room or a receiver waits; never suspends.
    ///
    /// - Parameter element: What to send.
    /// - Throws: `SendFailure`, which gives the element back: the channel is full or closed.
    @inlinable
    public func trySend(_ element: Element) throws(SendFailure<Element>) {
      if core.sendFast(element) { return }
      switch core.sendSlowly(element, nil) {
      case .buffer, .handOff: return
      case .closed: throw SendFailure(.closed, element)
      case .replaceFirst, .full, .wait, .lost: throw SendFailure(.full, element)
      }
    }

    /// Puts an element in; when the buffer is full, the oldest element makes room.
    ///
    /// Never suspends. For receivers that want what is new rather than all of it. While senders wait in `send`, and when the capacity is 0
    /// and nobody receives, there is no place for the new element, and it is the one that is left out.
    ///
    /// - Parameter element: What to send.
    /// - Returns: The element that was left out, if any.
    /// - Throws: `SendFailure`, which gives the element back, when the channel is closed.
    ///
    /// @Snippet(path: "bakery/Snippets/PassElements", slice: "newest")
    @inlinable @discardableResult
    public func sendDroppingOldest(_ element: Element) throws(SendFailure<Element>) -> Element? {
      if core.sendFast(element) { return nil }
      let (isClosed, dropped) = core.sendDroppingOldest(element)
      if isClosed { throw SendFailure(.closed, element) }
      return dropped
    }

    /// Waits for a place in the buffer and keeps it free for an element to come.
    ///
    /// For elements that are made only when there is room for them, and for those that must not be lost to a
    /// cancellation once they are made: what is reserved is sent without a wait.
    ///
    /// > Ordering: in line with the tasks that wait in `send`.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Important: traps when the capacity is 0, because elements then go from hand to hand.
    /// - Parameter deadline: Until when to wait. One that has passed still takes a free place.
    /// - Returns: The place, or `nil` when the channel is closed.
    /// - Throws: `CancellationError` or `DeadlineExceeded`.
    ///
    /// @Snippet(path: "bakery/Snippets/PassElements", slice: "reserve")
    @inlinable @inline(__always)
    public func reserve(deadline: Deadline = .never) async throws -> Reservation? {
      if core.reserveFast() { return Reservation(self) }
      return try await core.reserveSlowly(deadline) ? Reservation(self) : nil
    }

    /// Keeps a place of the buffer free if there is one; never suspends.
    ///
    /// - Important: traps when the capacity is 0, because elements then go from hand to hand.
    /// - Returns: The place, or `nil` when the channel is full or closed.
    @inlinable
    public func tryReserve() -> Reservation? {
      core.reserveFast() || core.tryReserveSlowly() ? Reservation(self) : nil
    }

    /// Ends sending: waiting senders get their elements back, receivers drain the buffer and then see the end.
    ///
    /// Closing twice, or from the other side too, does nothing more.
    public func close() { core.close() }

    /// The channel now: `capacity`, `buffered`, `reserved`, `senders waiting`, `receivers waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }
  }

  /// The receiving end of a channel; share it among as many tasks as you like, each element goes to one of them.
  public final class Receiver: AsyncSequence, Sendable {
    @usableFromInline let core: ChannelCore<Element>

    init(_ core: ChannelCore<Element>) {
      self.core = core
    }

    deinit {
      core.close()
      while core.receiveSlowly(nil).0 != nil {}
    }

    /// Takes the next element; waits while there is none.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait. One that has passed still takes what is there.
    /// - Returns: The element, or `nil` when the channel is closed and empty.
    /// - Throws: `CancellationError` or `DeadlineExceeded`. A closed channel is not an error.
    @inlinable @inline(__always)
    public func receive(deadline: Deadline = .never) async throws -> Element? {
      if let element = core.receiveFast() { return element }
      return try await receiveSlowly(deadline)
    }

    @inlinable @inline(never)
    func receiveSlowly(_ deadline: Deadline) async throws -> Element? {
      let seen = core.spinner.seen
      let (element, step) = core.receiveSlowly(.arriving("receive"))
      guard case .wait(let ticket) = step else { return element }
      let (outcome, received) = await core.waitToReceive(ticket, until: deadline, since: seen)
      Trace.record(received == nil ? .gaveUp : .received, core.identity)
      if received != nil || outcome == .closed { return received }
      throw outcome.failure("receive", on: core.identity, until: deadline)
    }

    /// Takes what is there, up to `count` elements; waits while there is none.
    ///
    /// For receivers for which many elements cost less together than one by one, such as a writer of a file.
    ///
    /// > Ordering: the elements are in the order in which they were sent. Other receivers may take some in between.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
    ///
    /// - Complexity: O(*elements*); one lock for all that is buffered while no sender waits.
    /// - Important: traps when `count` is less than 1.
    /// - Parameters:
    ///   - count: How many to take at most.
    ///   - deadline: Until when to wait for the first one.
    /// - Returns: The elements, at least one; none when the channel is closed and empty.
    /// - Throws: `CancellationError` or `DeadlineExceeded`. A closed channel is not an error.
    ///
    /// @Snippet(path: "bakery/Snippets/PassElements", slice: "batch")
    @inlinable
    public func receive(upTo count: Int, deadline: Deadline = .never) async throws -> [Element] {
      guard count >= 1 else {
        misuse("\(core.identity): receive needs a count of at least 1, got \(count)")
      }
      var elements: [Element] = []
      core.receiveFast(upTo: count, into: &elements)
      if elements.isEmpty {
        guard let first = try await receive(deadline: deadline) else { return [] }
        elements.append(first)
      }
      while elements.count < count, let next = tryReceive() { elements.append(next) }
      return elements
    }

    /// Takes the next element if there is one; never suspends.
    ///
    /// - Returns: The element, or `nil` when there is none now. `isFinished` tells whether there will be any.
    @inlinable
    public func tryReceive() -> Element? {
      core.receiveFast() ?? core.receiveSlowly(nil).0
    }

    /// Whether the channel is closed and empty, so that no element will come any more.
    public var isFinished: Bool { core.isFinished }

    /// Refuses further elements: waiting and later senders get theirs back.
    ///
    /// What is buffered can still be received.
    /// Closing twice, or from the other side too, does nothing more.
    public func close() { core.close() }

    /// The channel now: `capacity`, `buffered`, `reserved`, `senders waiting`, `receivers waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }

    /// Iterates over the elements that this task receives, until the channel is closed and empty.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Receives one element after another; yields to other tasks now and then even if elements are always there.
    public struct AsyncIterator: AsyncIteratorProtocol {
      @usableFromInline let receiver: Receiver
      @usableFromInline var turn = YieldTurn()

      @inlinable
      init(_ receiver: Receiver) {
        self.receiver = receiver
      }

      /// The next element, or `nil` at the end.
      ///
      /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
      ///
      /// - Throws: `CancellationError` if the task is cancelled while waiting.
      @inlinable
      public mutating func next() async throws -> Element? {
        if let element = receiver.core.receiveFast() {
          if turn.isOverAfterTaking() { await yieldInTurn() }
          return element
        }
        turn.restart()
        return try await receiver.receiveSlowly(.never)
      }
    }
  }
}

/// An element that could not be sent, and why.
public struct SendFailure<Element: Sendable>: Error, CustomStringConvertible {
  /// The kinds of failure.
  public enum Reason: Hashable, Sendable {
    /// The channel is closed: nothing can be sent any more.
    case closed
    /// The buffer is full and nobody receives right now.
    case full
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
    case .closed: "the channel is closed and took no element; `element` has it, send no more"
    case .full: "the channel is full and took no element; `element` has it, use send(_:) to wait"
    }
  }
}
