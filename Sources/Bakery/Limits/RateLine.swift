/// Those who wait for their time at a rate limiter; the instant that each has reserved is its grant.
///
/// There is no order to keep here: the order lies in the reservations. The line is for cancellation and dumps.
@usableFromInline
final class RateLine: WaitOwner {
  @usableFromInline let identity: ObjectIdentity
  /// Where the limiter measures its time, for good: reservations of several timelines could not be compared.
  @usableFromInline let time: any TimeSource
  private let queue = Guarded(WaitQueue())

  init(identity: ObjectIdentity) {
    self.identity = identity
    time = Seams.time
  }

  @inlinable var now: Int { Int(time.now.nanoseconds) }

  /// Waits until the reserved instant; `false` when the task is cancelled before it.
  func wait(until grant: Int, count: Int) async -> Bool {
    let party = Party.current("acquire", count: count)
    let ticket = queue.withLock { $0.enqueue(party) }
    Trace.record(.waiting, identity, count: count)
    let deadline = Deadline(nanoseconds: Int64(grant))
    let outcome = await suspend(ticket, as: party, until: deadline, by: time)
    Trace.record(outcome == .timedOut ? .holding : .gaveUp, identity, count: count)
    return outcome == .timedOut
  }

  /// The error of a request whose instant would come after its deadline.
  func tooLate(_ deadline: Deadline) -> DeadlineExceeded {
    DeadlineExceeded(operation: "acquire on \(identity)", deadline: deadline)
  }

  func impossible(_ count: Int, _ quota: Quota) -> RateLimitFailure {
    RateLimitFailure(
      reason: .impossible(count: count, burst: quota.burst),
      limiter: identity.description
    )
  }

  @usableFromInline
  func checkCount(_ count: Int) {
    require(count >= 1, "\(identity): acquire needs a count of at least 1, got \(count)")
  }

  var waiters: [Party] { queue.withLockUnobserved { $0.parties } }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.withLock { $0.attach(waiter) }
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    queue.withLock { $0.abort(ticket, outcome).wake }?.fire()
  }
}
