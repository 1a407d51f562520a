extension Channel.Receiver {
  /// A clause of a `select` that takes the next element.
  ///
  /// - Parameter body: What to do with the element; it gets `nil` when the channel is closed and empty.
  /// - Returns: The clause.
  ///
  /// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "select")
  @inlinable
  public func receiving<Success>(
    _ body: nonisolated(nonsending) @escaping (Element?) async throws -> Success
  ) -> SelectClause<Success> {
    SelectClause { attempt in
      switch attempt {
      case .now:
        if let element = self.core.receiveFast() { return .ready { try await body(element) } }
        guard self.core.canReceive else { return .notYet }
        let (element, step) = self.core.receiveSlowly(nil)
        if case .empty = step { return .notYet }
        return .ready { try await body(element) }
      case .wait(let entry, let party):
        let (element, step) = self.core.receiveSlowly(party.asking("select receive"), for: entry)
        switch step {
        case .wait(let ticket):
          self.core.willWait()
          return .waits(ticket)
        case .lost: return .lost
        case .take, .takeAndRefill, .takeAndReserve, .meet, .closed, .empty:
          return .ready { try await body(element) }
        }
      case .end(let ticket, let outcome):
        let element = self.core.leave(ticket, outcome ?? .cancelled)
        Trace.record(element == nil ? .gaveUp : .received, self.core.identity)
        return outcome == nil ? .notYet : .ready { try await body(element) }
      }
    }
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
  @inlinable
  public func sending<Success>(
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> SelectClause<Success> {
    SelectClause { attempt in
      switch attempt {
      case .now:
        if self.core.sendFast(element) { return .ready(body) }
        guard self.core.canSend else { return .notYet }
        return self.answer(to: self.core.sendSlowly(element, nil), element, body)
      case .wait(let entry, let party):
        let step = self.core.sendSlowly(element, party.asking("select send"), for: entry)
        return self.answer(to: step, element, body)
      case .end(let ticket, let outcome):
        self.core.leave(ticket)
        let isSent = outcome?.isGranted ?? false
        Trace.record(isSent ? .sent : .gaveUp, self.core.identity)
        guard outcome != nil else { return .notYet }
        return isSent ? .ready(body) : .ready { throw SendFailure(.closed, element) }
      }
    }
  }

  @inlinable
  func answer<Success>(
    to step: ChannelState.SendStep,
    _ element: Element,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> SelectAnswer<Success> {
    switch step {
    case .wait(let ticket):
      core.willWait()
      return .waits(ticket)
    case .full: return .notYet
    case .lost: return .lost
    case .closed: return .ready { throw SendFailure(.closed, element) }
    case .buffer, .handOff, .replaceFirst: return .ready(body)
    }
  }
}
