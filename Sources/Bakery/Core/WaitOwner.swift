/// An object on which tasks wait: what `suspend` needs of it.
@usableFromInline
protocol WaitOwner: TimerTarget {
  /// Under the object's lock: `WaitQueue.attach`.
  func attach(_ waiter: Waiter) -> WaitOutcome?

  /// Under the object's lock: `WaitQueue.abort` and what follows from it; then fires the wakes.
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome)
}

extension WaitOwner {
  /// Ends the wait whose deadline has come.
  @usableFromInline
  func timerFired(tag: UInt64) {
    abort(Ticket(rawValue: tag), .timedOut)
  }

  /// Suspends the calling task, whose place in line is `ticket`, until the wait is decided.
  ///
  /// No lock is held on entry to the continuation: with a custom executor the runtime may enqueue that
  /// entry instead of running it in place (swiftlang/swift#85668).
  ///
  /// `party` is what dumps show from now on. It is told late because most waits of a busy object end before they
  /// suspend, and to find out who is calling costs more than the rest of them. `source` is whose timeline the deadline
  /// is on, if not that of the time source in force.
  @usableFromInline
  func suspend(
    _ ticket: Ticket,
    as party: Party,
    until deadline: Deadline,
    by source: (any TimeSource)? = nil
  ) async -> WaitOutcome {
    let timer = deadline == .never ? nil : schedule(ticket, until: deadline, by: source)
    // One function and not several: each on the way to the continuation costs a frame and, where a task executor is
    // preferred, a walk through the task's records after the resumption.
    let outcome = await withTaskCancellationHandler {
      await withUnsafeContinuation { self.enter($0, ticket, party) }
    } onCancel: {
      self.abort(ticket, .cancelled)
    }
    if let timer, outcome != .timedOut { timer.source.cancel(timer.id) }
    return outcome
  }

  /// The same for a wait that neither a cancellation nor a deadline ends.
  @usableFromInline
  func suspendUncancellable(_ ticket: Ticket, as party: Party) async -> WaitOutcome {
    await withUnsafeContinuation { self.enter($0, ticket, party) }
  }

  private func enter(
    _ continuation: UnsafeContinuation<WaitOutcome, Never>,
    _ ticket: Ticket,
    _ party: Party
  ) {
    let waiter = Waiter(ticket: ticket, party: party, continuation: continuation)
    if let outcome = attach(waiter) { continuation.resume(returning: outcome) }
  }

  /// Sees to it that the deadline ends the wait; one that has passed does so at once.
  private func schedule(
    _ ticket: Ticket,
    until deadline: Deadline,
    by source: (any TimeSource)?
  ) -> (source: any TimeSource, id: TimerID)? {
    let source = source ?? Seams.time
    guard source.now < deadline else {
      abort(ticket, .timedOut)
      return nil
    }
    return (source, source.schedule(self, tag: ticket.rawValue, at: deadline))
  }
}
