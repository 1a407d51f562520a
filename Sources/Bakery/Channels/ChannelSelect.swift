extension Channel.Receiver {
  /// A clause of a `select` that takes the next element.
  ///
  /// - Parameter body: What to do with the element; it gets `nil` when the channel is closed and empty.
  /// - Returns: The clause.
  ///
  /// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
  public func receiving<Success>(
    _ body: nonisolated(nonsending) @escaping (Element?) async throws -> Success
  ) -> SelectClause<Success> {
    ReceiveClause(self, body)
  }
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
  public func sending<Success>(
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> SelectClause<Success> {
    SendClause(self, element, body)
  }
}

private final class ReceiveClause<Element: Sendable, Success>: SelectClause<Success> {
  private let receiver: Channel<Element>.Receiver
  private let body: nonisolated(nonsending) (Element?) async throws -> Success
  private var ticket = Ticket(rawValue: 0)
  private var element: Element?

  init(
    _ receiver: Channel<Element>.Receiver,
    _ body: nonisolated(nonsending) @escaping (Element?) async throws -> Success
  ) {
    self.receiver = receiver
    self.body = body
    super.init()
  }

  override func takeIfReady() -> Bool {
    guard receiver.core.canReceive else { return false }
    let (element, step) = receiver.core.receiveSlowly(nil)
    self.element = element
    if case .empty = step { return false }
    return true
  }

  override func lineUp(_ entry: SelectEntry, as party: Party) -> Place {
    let (element, step) = receiver.core.receiveSlowly(party.asking("select receive"), for: entry)
    self.element = element
    switch step {
    case .wait(let ticket):
      self.ticket = ticket
      receiver.core.willWait()
      return .waits
    case .lost: return .lost
    case .take, .takeAndRefill, .takeAndReserve, .meet, .closed, .empty: return .ready
    }
  }

  override func leave() {
    _ = receiver.core.leave(ticket, .cancelled)
    Trace.record(.gaveUp, receiver.core.identity)
  }

  override func collect(_ outcome: WaitOutcome) {
    element = receiver.core.leave(ticket, outcome)
    Trace.record(element == nil ? .gaveUp : .received, receiver.core.identity)
  }

  override func run() async throws -> Success { try await body(element.take()) }
}

private final class SendClause<Element: Sendable, Success>: SelectClause<Success> {
  private let sender: Channel<Element>.Sender
  private let element: Element
  private let body: nonisolated(nonsending) () async throws -> Success
  private var ticket = Ticket(rawValue: 0)
  private var isClosed = false

  init(
    _ sender: Channel<Element>.Sender,
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) {
    self.sender = sender
    self.element = element
    self.body = body
    super.init()
  }

  override func takeIfReady() -> Bool {
    guard sender.core.canSend else { return false }
    switch sender.core.sendSlowly(element, nil) {
    case .full, .wait, .replaceFirst, .lost: return false
    case .closed: isClosed = true
    case .buffer, .handOff: break
    }
    return true
  }

  override func lineUp(_ entry: SelectEntry, as party: Party) -> Place {
    switch sender.core.sendSlowly(element, party.asking("select send"), for: entry) {
    case .wait(let ticket):
      self.ticket = ticket
      sender.core.willWait()
      return .waits
    case .lost: return .lost
    case .closed: isClosed = true
    case .buffer, .handOff, .replaceFirst, .full: break
    }
    return .ready
  }

  override func leave() {
    sender.core.leave(ticket)
    Trace.record(.gaveUp, sender.core.identity)
  }

  override func collect(_ outcome: WaitOutcome) {
    isClosed = !outcome.isGranted
    sender.core.leave(ticket)
    Trace.record(isClosed ? .gaveUp : .sent, sender.core.identity)
  }

  override func run() async throws -> Success {
    if isClosed { throw SendFailure(.closed, element) }
    return try await body()
  }
}
