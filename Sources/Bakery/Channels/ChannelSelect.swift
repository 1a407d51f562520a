extension Channel.Receiver {
  /// A clause of a `select` that takes the next element.
  ///
  /// - Parameter body: What to do with the element; it gets `nil` when the channel is closed and empty.
  /// - Returns: The clause.
  ///
  /// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
  @inlinable @inline(__always)
  public func receiving<Success>(
    _ body: nonisolated(nonsending) @escaping (Element?) async throws -> Success
  ) -> ReceiveClause<Element, Success> {
    ReceiveClause(self, body)
  }
}

/// What `receiving` makes.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
public struct ReceiveClause<Element: Sendable, Success>: SelectClause {
  /// The end itself, so that the channel stays open while the select waits.
  @usableFromInline let receiver: Channel<Element>.Receiver
  @usableFromInline let body: nonisolated(nonsending) (Element?) async throws -> Success
  /// Its place in line.
  @usableFromInline var ticket: Ticket?

  @inlinable @inline(__always)
  init(
    _ receiver: Channel<Element>.Receiver,
    _ body: nonisolated(nonsending) @escaping (Element?) async throws -> Success
  ) {
    self.receiver = receiver
    self.body = body
  }

  /// One.
  @inlinable @inline(__always)
  public var clauseCount: Int { 1 }

  /// Takes the next element, or a place in line for it.
  @inlinable @inline(__always)
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Element?? {
    let number = attempt.next()
    switch attempt.phase {
    case .look: return attempt.numbers.contains(number) ? receiver.core.receiveNow() : nil
    case .lineUp: return lineUp(number, &attempt)
    case .leave: return leave(number, attempt)
    }
  }

  @inlinable @inline(never)
  mutating func lineUp(_ number: Int, _ attempt: inout SelectAttempt) -> Element?? {
    guard let entry = attempt.entry(number) else { return nil }
    let core = receiver.core
    let (element, step) = core.receiveSlowly(.lining("select receive"), for: entry)
    if case .wait(let ticket) = step {
      self.ticket = ticket
      core.willWait()
      return nil
    }
    attempt.stop()
    if case .lost = step { return nil }
    return .some(element)
  }

  @inlinable @inline(never)
  mutating func leave(_ number: Int, _ attempt: SelectAttempt) -> Element?? {
    guard let ticket = ticket.take() else { return nil }
    let core = receiver.core
    let outcome = attempt.outcome(of: number)
    let element = core.leave(ticket, outcome ?? .cancelled)
    Trace.record(element == nil ? .gaveUp : .received, core.identity)
    return outcome == nil ? nil : .some(element)
  }

  /// Calls the body.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable @inline(__always)
  public mutating func finish(_ taken: Element?) async throws -> Success { try await body(taken) }
}

extension Channel.Sender {
  /// A clause of a `select` that puts an element in.
  ///
  /// When another clause is chosen, the element was not sent. When the channel is closed, the select throws
  /// `SendFailure`, which gives the element back, without calling a body.
  ///
  /// - Parameters:
  ///   - element: What to send.
  ///   - body: What to do when it was sent.
  /// - Returns: The clause.
  ///
  /// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "sending")
  @inlinable @inline(__always)
  public func sending<Success>(
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> SendClause<Element, Success> {
    SendClause(self, element, body)
  }
}

/// What `sending` makes.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "sending")
public struct SendClause<Element: Sendable, Success>: SelectClause {
  /// The end itself, so that the channel stays open while the select waits.
  @usableFromInline let sender: Channel<Element>.Sender
  @usableFromInline let element: Element
  @usableFromInline let body: nonisolated(nonsending) () async throws -> Success
  /// Its place in line.
  @usableFromInline var ticket: Ticket?

  @inlinable @inline(__always)
  init(
    _ sender: Channel<Element>.Sender,
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) {
    self.sender = sender
    self.element = element
    self.body = body
  }

  /// One.
  @inlinable @inline(__always)
  public var clauseCount: Int { 1 }

  /// Sends, or takes a place in line for that; whether the element was sent, or the channel is closed.
  @inlinable @inline(__always)
  public mutating func attempt(_ attempt: inout SelectAttempt) -> Bool? {
    let number = attempt.next()
    switch attempt.phase {
    case .look:
      guard attempt.numbers.contains(number) else { return nil }
      return sender.core.sendFast(element) ? true : sendSlowly()
    case .lineUp: return lineUp(number, &attempt)
    case .leave: return leave(number, attempt)
    }
  }

  @inlinable @inline(never)
  func sendSlowly() -> Bool? {
    guard sender.core.canSend else { return nil }
    return answer(to: sender.core.sendSlowly(element, nil))
  }

  @inlinable @inline(never)
  mutating func lineUp(_ number: Int, _ attempt: inout SelectAttempt) -> Bool? {
    guard let entry = attempt.entry(number) else { return nil }
    let core = sender.core
    let step = core.sendSlowly(element, .lining("select send"), for: entry)
    if case .wait(let ticket) = step {
      self.ticket = ticket
      core.willWait()
      return nil
    }
    attempt.stop()
    return answer(to: step)
  }

  @inlinable @inline(never)
  mutating func leave(_ number: Int, _ attempt: SelectAttempt) -> Bool? {
    guard let ticket = ticket.take() else { return nil }
    let core = sender.core
    core.leave(ticket)
    let outcome = attempt.outcome(of: number)
    Trace.record(outcome?.isGranted == true ? .sent : .gaveUp, core.identity)
    return outcome?.isGranted
  }

  @inlinable
  func answer(to step: ChannelState.SendStep) -> Bool? {
    switch step {
    case .wait, .full, .lost: nil
    case .closed: false
    case .buffer, .handOff, .replaceFirst: true
    }
  }

  /// Calls the body if the element was sent.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable @inline(never)
  public mutating func finish(_ isSent: Bool) async throws -> Success {
    // Not inlined: the optimizer of 6.3.1 crashes on what an empty body leaves of this in a caller.
    guard isSent else { throw SendFailure(.closed, element) }
    return try await body()
  }
}
