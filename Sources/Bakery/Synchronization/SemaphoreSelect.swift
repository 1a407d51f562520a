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
  @inlinable @inline(__always)
  public func acquiring<Success>(
    _ count: Int = 1,
    _ body: nonisolated(nonsending) @escaping (consuming Permit) async throws -> Success
  ) -> AcquireClause<Success> {
    guard count >= 1 else {
      misuse("\(identity): acquiring needs a count of at least 1, got \(count)")
    }
    return AcquireClause(self, count, body)
  }
}

/// What `acquiring` makes.
///
/// @Snippet(path: "bakery/Snippets/SelectFirst", slice: "acquiring")
public struct AcquireClause<Success>: SelectClause {
  @usableFromInline let semaphore: AsyncSemaphore
  @usableFromInline let count: Int
  @usableFromInline
  let body: nonisolated(nonsending) (consuming Permit) async throws -> Success
  /// Its place in line.
  @usableFromInline var ticket: Ticket?

  @inlinable @inline(__always)
  init(
    _ semaphore: AsyncSemaphore,
    _ count: Int,
    _ body:
      nonisolated(nonsending) @escaping (consuming Permit) async throws
      -> Success
  ) {
    self.semaphore = semaphore
    self.count = count
    self.body = body
  }

  /// One.
  @inlinable @inline(__always)
  public var clauseCount: Int { 1 }

  /// Takes the permits, or a place in line for them; what identifies them in records, or why there will be none.
  @inlinable @inline(__always)
  public mutating func attempt(
    _ attempt: inout SelectAttempt
  ) -> Result<UInt64, SemaphoreFailure>? {
    let number = attempt.next()
    if attempt.phase == .look, !attempt.numbers.contains(number) { return nil }
    return semaphore.core.answer(&attempt, number, count, &ticket)
  }

  /// Calls the body with the permits.
  ///
  /// > Cancellation: does not observe cancellation. What the body calls does as ever.
  @inlinable @inline(__always)
  public mutating func finish(_ taken: Result<UInt64, SemaphoreFailure>) async throws -> Success {
    try await body(Permit(owner: semaphore, count: count, token: taken.get()))
  }
}

extension SemaphoreCore {
  @usableFromInline
  func answer(
    _ attempt: inout SelectAttempt,
    _ number: Int,
    _ count: Int,
    _ ticket: inout Ticket?
  ) -> Result<UInt64, SemaphoreFailure>? {
    switch attempt.phase {
    case .look: return admit(count).flatMap { answer($0, count, &ticket) }
    case .lineUp:
      guard let entry = attempt.entry(number) else { return nil }
      let admission = acquire(.lining("select acquire", count: count), for: entry)
      let answer = answer(admission, count, &ticket)
      if ticket == nil { attempt.stop() }
      return answer
    case .leave:
      guard let place = ticket.take() else { return nil }
      let outcome = attempt.outcome(of: number)
      leave(place, outcome ?? .cancelled, count: count)
      switch outcome {
      case .granted(let token): return .success(token)
      case .closed: return .failure(failure(.closed, count))
      case .impossible: return .failure(failure(.impossible, count))
      case .cancelled, .timedOut, nil: return nil
      }
    }
  }

  private func answer(
    _ admission: SemaphoreState.Admission,
    _ count: Int,
    _ ticket: inout Ticket?
  ) -> Result<UInt64, SemaphoreFailure>? {
    switch admission {
    case .granted(let token): return .success(token)
    case .closed: return .failure(failure(.closed, count))
    case .impossible: return .failure(failure(.impossible, count))
    case .wait(let place):
      ticket = place
      return nil
    case .saturated, .lost: return nil
    }
  }
}
