extension AsyncSemaphore {
  /// A clause of a `select` that takes `count` permits.
  ///
  /// When another clause is chosen, nothing was taken. When the semaphore is closed or its limit is below `count`, the
  /// select throws `SemaphoreFailure` without calling a body.
  ///
  /// - Important: traps when `count` is less than 1.
  /// - Parameters:
  ///   - count: How many permits to take together.
  ///   - body: What to do with the permits, which are given back when their value's life ends.
  /// - Returns: The clause.
  ///
  /// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "acquiring")
  @inlinable
  public func acquiring<Success>(
    _ count: Int = 1,
    _ body: nonisolated(nonsending) @escaping (consuming Permit) async throws -> Success
  ) -> SelectClause<Success> {
    guard count >= 1 else {
      misuse("\(identity): acquiring needs a count of at least 1, got \(count)")
    }
    return SelectClause { attempt in
      switch self.core.answer(attempt, count) {
      case .granted(let token):
        .ready { try await body(Permit(owner: self, count: count, token: token)) }
      case .refused(let failure): .ready { throw failure }
      case .waits(let ticket): .waits(ticket)
      case .notYet: .notYet
      case .lost: .lost
      }
    }
  }
}

extension SemaphoreCore {
  /// What becomes of a clause.
  @usableFromInline
  enum ClauseAnswer: Sendable {
    case granted(token: UInt64)
    case refused(SemaphoreFailure)
    case waits(Ticket)
    case notYet
    case lost
  }

  @usableFromInline
  func answer(_ attempt: SelectAttempt, _ count: Int) -> ClauseAnswer {
    switch attempt {
    case .now: return admit(count).map { answer($0, count) } ?? .notYet
    case .wait(let entry, let party):
      return answer(acquire(party.asking("select acquire", count: count), for: entry), count)
    case .end(let ticket, let outcome):
      leave(ticket, outcome ?? .cancelled, count: count)
      switch outcome {
      case .granted(let token): return .granted(token: token)
      case .closed: return .refused(failure(.closed, count))
      case .impossible: return .refused(failure(.impossible, count))
      case .cancelled, .timedOut, nil: return .notYet
      }
    }
  }

  private func answer(_ admission: SemaphoreState.Admission, _ count: Int) -> ClauseAnswer {
    switch admission {
    case .granted(let token): .granted(token: token)
    case .closed: .refused(failure(.closed, count))
    case .impossible: .refused(failure(.impossible, count))
    case .wait(let ticket): .waits(ticket)
    case .saturated, .lost: .lost
    }
  }
}
