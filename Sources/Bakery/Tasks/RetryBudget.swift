/// Limits retries to a part of what succeeds, so that an outage is not multiplied by everybody who tries again.
///
/// Attempts beyond the first are paid for with tokens. A budget starts with `reserve` of them, every success adds `ratio`,
/// up to `reserve`, and every retry takes one; without one there is no retry. So all that share a budget
/// retry no more than `reserve + ratio × successes` times, and in an outage no more than `reserve` times together.
/// Share one among all calls to the same service.
///
/// The bucket knows no time: a service is probed again by the first attempts of new calls, and retries come back as those
/// succeed. (After Finagle's `RetryBudget`; gRPC's retry throttling, gRFC A6; Brooker, *Fixing retries with token
/// buckets and circuit breakers*, 2022.)
///
/// - Complexity: O(1) for everything. A deposit into a full budget, the usual one, is one atomic load.
///
/// @Snippet(path: "bakery/Snippets/RetryFailures", slice: "budget")
public final class RetryBudget: Sendable, Traceable {
  /// What the budget is called and where it was made.
  public let identity: ObjectIdentity

  /// 1 while the budget is full, for those who would deposit in vain; written under `state`'s lock.
  @usableFromInline let fullness = Word(1)
  private let state: Guarded<RetryBudgetState>
  private let registration = Registration()

  /// Makes a full budget.
  ///
  /// - Important: traps when `reserve` is not within 1 to 1,000,000,000, or `ratio` not within 0 to 1.
  /// - Parameters:
  ///   - reserve: How many retries there are without any success, and at most at once.
  ///   - ratio: How many retries a success earns, to the millionth.
  ///   - name: What dumps call it; a named budget is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    reserve: Int,
    ratio: Double = 0.1,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(
      (1...1_000_000_000).contains(reserve),
      "RetryBudget needs a reserve of 1 to 1000000000, got \(reserve)"
    )
    require((0...1).contains(ratio), "RetryBudget needs a ratio of 0 to 1, got \(ratio)")
    identity = ObjectIdentity(kind: "RetryBudget", name: name, file: file, line: line)
    state = Guarded(RetryBudgetState(reserve: reserve, ratio: ratio))
    if name != nil { registration.ensure(self) }
  }

  /// Counts a success; `retry` does it for every attempt that succeeds.
  @inlinable
  public func deposit() {
    if Mode.isPlain && fullness.loadFast() == 1 { return }
    depositSlowly()
  }

  @usableFromInline @inline(never)
  func depositSlowly() {
    state.withLock { state in
      state.deposit()
      fullness.store(state.isFull ? 1 : 0)
    }
  }

  /// Pays for one retry, if the budget allows it; never waits.
  ///
  /// `retry` does it before each pause. What was paid is not given back, also if the retry is cancelled.
  ///
  /// - Returns: Whether there was a token.
  public func tryWithdraw() -> Bool {
    registration.ensure(self)
    let isPaid = state.withLock { state in
      defer { fullness.store(state.isFull ? 1 : 0) }
      return state.tryWithdraw()
    }
    Trace.record(isPaid ? .holding : .gaveUp, identity)
    return isPaid
  }

  /// The budget now: retries `available`, its `reserve`, and how many were `withdrawn` and `refused` so far.
  public func snapshot() -> Snapshot {
    let state = state.withLock { $0 }
    return Snapshot(
      of: identity,
      figures: [
        "available": state.tokens / RetryBudgetState.unit,
        "reserve": state.capacity / RetryBudgetState.unit,
        "withdrawn": state.withdrawn, "refused": state.refused,
      ]
    )
  }
}
