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
  public func acquiring<Success>(
    _ count: Int = 1,
    _ body: nonisolated(nonsending) @escaping (consuming Permit) async throws -> Success
  ) -> SelectClause<Success> {
    require(count >= 1, "\(identity): acquiring needs a count of at least 1, got \(count)")
    return AcquireClause(self, count, body)
  }
}

private final class AcquireClause<Success>: SelectClause<Success> {
  private let semaphore: AsyncSemaphore
  private let count: Int
  private let body: nonisolated(nonsending) (consuming Permit) async throws -> Success
  private var ticket = Ticket(rawValue: 0)
  private var token: UInt64 = 0
  private var refusal: SemaphoreFailure.Reason?

  init(
    _ semaphore: AsyncSemaphore,
    _ count: Int,
    _ body: nonisolated(nonsending) @escaping (consuming Permit) async throws -> Success
  ) {
    self.semaphore = semaphore
    self.count = count
    self.body = body
    super.init()
  }

  override func takeIfReady() -> Bool {
    guard let admission = semaphore.core.admit(count) else { return false }
    return place(admission) == .ready
  }

  override func lineUp(_ entry: SelectEntry, as party: Party) -> Place {
    place(semaphore.core.acquire(party.asking("select acquire", count: count), for: entry))
  }

  private func place(_ admission: SemaphoreState.Admission) -> Place {
    switch admission {
    case .granted(let token): self.token = token
    case .closed: refusal = .closed
    case .impossible: refusal = .impossible
    case .saturated, .lost: return .lost
    case .wait(let ticket):
      self.ticket = ticket
      return .waits
    }
    return .ready
  }

  override func leave() {
    semaphore.core.leave(ticket, .cancelled, count: count)
  }

  override func collect(_ outcome: WaitOutcome) {
    switch outcome {
    case .granted(let token): self.token = token
    case .impossible: refusal = .impossible
    case .closed, .cancelled, .timedOut: refusal = .closed
    }
    semaphore.core.leave(ticket, outcome, count: count)
  }

  override func run() async throws -> Success {
    if let refusal { throw semaphore.core.failure(refusal, count) }
    return try await body(Permit(owner: semaphore, count: count, token: token))
  }
}
