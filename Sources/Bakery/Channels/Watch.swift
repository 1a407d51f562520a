/// Shows the latest value to whoever watches: a configuration, a state, progress.
///
/// `sender` replaces the value; each receiver can read it at any time, and wait for one that it has not seen. Who
/// waits gets the value that is there when it looks: values that were replaced meanwhile are skipped, so nobody falls
/// behind. When the last reference to `sender` is gone the watch closes by itself, and the last value can still be
/// read; the `Watch` value itself holds it, so let it go after the split.
///
/// > Ordering: a receiver sees values in the order in which they were set, some of them.
///
/// > Memory: what a task did before it set a value happens before any receiver gets that value.
///
/// - Complexity: O(1) for every operation, and O(*waiting*) for one that wakes receivers. A change allocates nothing.
///
/// @Snippet(path: "bakery/Snippets/FollowEvents", slice: "watch")
public struct Watch<Element: Sendable>: Sendable {
  /// The end that sets the value, and admits receivers.
  public let sender: Sender

  /// Makes a watch without receivers.
  ///
  /// - Parameters:
  ///   - value: The first value.
  ///   - name: What dumps and errors call it; a named watch is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    _ value: Element,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    let identity = ObjectIdentity(kind: "Watch", name: name, file: file, line: line)
    sender = Sender(WatchCore(value, identity: identity))
  }

  /// Admits a receiver, for which the value of now counts as seen.
  public func subscribe() -> Receiver { sender.subscribe() }

  /// The end that sets the value; share it among as many tasks as you like.
  public final class Sender: Sendable {
    @usableFromInline let core: WatchCore<Element>

    init(_ core: WatchCore<Element>) {
      self.core = core
    }

    deinit {
      core.close()
    }

    /// The value now.
    @inlinable public var value: Element { core.current().0 }

    /// Sets the value; never waits.
    ///
    /// Also without receivers: who subscribes later reads it. It counts as a change even if it equals the value before;
    /// `modify(_:)` can tell.
    ///
    /// - Complexity: O(1), and O(*waiting*) to wake those who wait.
    /// - Parameter element: The new value.
    /// - Throws: `SendFailure`, which gives the value back, when the watch is closed.
    @inlinable
    public func send(_ element: Element) throws(SendFailure<Element>) {
      if core.sendFast(element) { return }
      if case .closed = core.sendSlowly(element) { throw SendFailure(.closed, element) }
    }

    /// Changes the value, depending on what it is.
    ///
    /// `body` works on a copy, with no lock held, so it may take its time and use whatever it likes. If the value was
    /// replaced meanwhile, the copy is thrown away and `body` is called again with the new one: it must do nothing but
    /// change its argument, and not set this watch's value itself, which would go on for ever.
    ///
    /// > Ordering: changes take effect one after another, none is lost.
    ///
    /// - Parameter body: Changes its argument, and returns whether the receivers should know: if not, nothing happens.
    /// - Returns: What `body` returned in the end.
    /// - Throws: What `body` throws, and then nothing happened; `SendFailure` with the changed value when the watch is
    ///   closed.
    @inlinable @discardableResult
    public func modify(_ body: (inout Element) throws -> Bool) throws -> Bool {
      while true {
        var (element, version) = core.current()
        guard try body(&element) else { return false }
        switch core.sendSlowly(element, over: version) {
        case .store: return true
        case .outdated: continue
        case .closed: throw SendFailure(.closed, element)
        }
      }
    }

    /// Admits a receiver, for which the value of now counts as seen.
    public func subscribe() -> Receiver { Receiver(core) }

    /// Whether there are receivers, and the watch is open.
    public var isObserved: Bool { core.isObserved }

    /// Waits until there is no receiver, so that a producer can stop when nobody watches any more.
    ///
    /// Returns also when the watch is closed meanwhile.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait.
    /// - Throws: `CancellationError` or `DeadlineExceeded`.
    public func waitUntilUnobserved(deadline: Deadline = .never) async throws {
      try await core.waitUntilUnobserved(deadline)
    }

    /// Ends the changes: receivers see the last value, and then the end.
    ///
    /// Closing twice does nothing more.
    public func close() { core.close() }

    /// The watch now: `version`, `receivers`, `receivers waiting`, `senders waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { core.snapshot() }
  }

  /// Counts as one receiver for as long as a value of `Receiver` refers to it.
  @usableFromInline
  final class Subscription: Sendable {
    @usableFromInline let core: WatchCore<Element>
    let seen: Int

    init(_ core: WatchCore<Element>) {
      self.core = core
      seen = core.subscribe()
    }

    deinit {
      core.unsubscribe()
    }
  }

  /// Reads the value and waits for changes; remembers which value it has seen.
  ///
  /// A value type: each copy remembers for itself from then on, so a copy for each task sees every change that its task
  /// has not seen, and the compiler rejects that two tasks use one. Copies count as one receiver of the watch until the
  /// last of them is gone. In an actor, copy it into a local variable to wait.
  public struct Receiver: AsyncSequence, Sendable {
    @usableFromInline let subscription: Subscription
    /// The version that was seen last.
    @usableFromInline var seen: Int

    init(_ core: WatchCore<Element>) {
      subscription = Subscription(core)
      seen = subscription.seen
    }

    /// The value now; does not count as seen.
    @inlinable public var value: Element { subscription.core.current().0 }

    /// Whether there is a value that this receiver has not seen.
    @inlinable public var hasChanged: Bool { subscription.core.hasChanged(since: seen) }

    /// Whether the watch is closed and this receiver has seen its last value.
    public var isFinished: Bool { subscription.core.isFinished(at: seen) }

    /// Takes the value if this receiver has not seen it; never suspends.
    ///
    /// - Returns: The value, or `nil` when it was seen. `isFinished` tells whether there will be another.
    @inlinable
    public mutating func tryChanged() -> Element? {
      if let element = subscription.core.changedFast(&seen) { return element }
      return subscription.core.changedSlowly(&seen, nil).0
    }

    /// Takes the latest value, as soon as it is one that this receiver has not seen.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameter deadline: Until when to wait. One that has passed still takes a new value that is there.
    /// - Returns: The value, or `nil` when the watch is closed and its last value was seen.
    /// - Throws: `CancellationError` or `DeadlineExceeded`.
    @inlinable
    public mutating func changed(deadline: Deadline = .never) async throws -> Element? {
      if let element = subscription.core.changedFast(&seen) { return element }
      return try await changedSlowly(deadline)
    }

    @inlinable @inline(never)
    mutating func changedSlowly(_ deadline: Deadline) async throws -> Element? {
      let core = subscription.core
      while true {
        let decisions = core.spinner.seen
        let (element, step) = core.changedSlowly(&seen, .arriving("changed"))
        if let element { return element }
        guard case .wait(let ticket) = step else { return nil }
        try await core.waitForChange(ticket, until: deadline, since: decisions)
      }
    }

    /// Takes the first value that fulfils a condition: the one of now, or one that comes.
    ///
    /// Values that were replaced before this task looked are skipped, whether they fulfil it or not.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. A call
    /// that does not have to wait does not look at cancellation.
    ///
    /// - Parameters:
    ///   - deadline: Until when to wait. One that has passed still takes a value that is there.
    ///   - predicate: The condition; called in this task, with no lock held.
    /// - Returns: The value, which counts as seen.
    /// - Throws: `WatchFailure` when the watch is closed and its last value does not fulfil the condition;
    ///   `CancellationError`; `DeadlineExceeded`; what `predicate` throws.
    @inlinable
    public mutating func wait(
      deadline: Deadline = .never,
      until predicate: (Element) throws -> Bool
    ) async throws -> Element {
      var element: Element
      (element, seen) = subscription.core.current()
      while try !predicate(element) {
        guard let next = try await changed(deadline: deadline) else {
          throw WatchFailure(watch: subscription.core.identity.description)
        }
        element = next
      }
      return element
    }

    /// The watch now: `version`, `receivers`, `receivers waiting`, `senders waiting`, `closed`, and who waits.
    public func snapshot() -> Snapshot { subscription.core.snapshot() }

    /// Iterates over the value of now and those that come, the latest each time, until the watch is closed.
    ///
    /// The loop remembers for itself what it has seen.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Takes one value after another; yields to other tasks now and then even if there is always a new one.
    public struct AsyncIterator: AsyncIteratorProtocol {
      @usableFromInline var receiver: Receiver
      @usableFromInline var turn = YieldTurn()

      @inlinable
      init(_ receiver: Receiver) {
        self.receiver = receiver
        // Before the first version: the value of now is new to the loop.
        self.receiver.seen = -1
      }

      /// The next value, or `nil` at the end.
      ///
      /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
      ///
      /// - Throws: `CancellationError` if the task is cancelled while waiting.
      @inlinable
      public mutating func next() async throws -> Element? {
        if let element = receiver.subscription.core.changedFast(&receiver.seen) {
          if turn.isOverAfterTaking() { await yieldInTurn() }
          return element
        }
        turn.restart()
        return try await receiver.changedSlowly(.never)
      }
    }
  }
}

/// A watch was closed before it had a value that was waited for.
public struct WatchFailure: Error, Hashable, CustomStringConvertible {
  /// Which watch.
  public let watch: String

  @usableFromInline
  init(watch: String) {
    self.watch = watch
  }

  /// What happened and what to do.
  public var description: String {
    "\(watch) was closed before it had the value that was waited for; "
      + "its last value can still be read, look at what became of its sender"
  }
}
