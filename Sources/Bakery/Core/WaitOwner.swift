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
    guard deadline != .never else { return await suspend(ticket, as: party) }
    let time = source ?? Seams.time
    guard time.now < deadline else {
      abort(ticket, .timedOut)
      return await suspend(ticket, as: party)
    }
    let timer = time.schedule(self, tag: ticket.rawValue, at: deadline)
    let outcome = await suspend(ticket, as: party)
    if outcome != .timedOut { time.cancel(timer) }
    return outcome
  }

  private func suspend(_ ticket: Ticket, as party: Party) async -> WaitOutcome {
    await withTaskCancellationHandler {
      await suspendUncancellable(ticket, as: party)
    } onCancel: {
      // The runtime holds a lock of the task meanwhile.
      SchedulingPoint.withoutPoints { self.abort(ticket, .cancelled) }
    }
  }

  /// The same for a wait that neither a cancellation nor a deadline ends.
  @usableFromInline
  func suspendUncancellable(_ ticket: Ticket, as party: Party) async -> WaitOutcome {
    await withUnsafeContinuation { continuation in
      let waiter = Waiter(ticket: ticket, party: party, continuation: continuation)
      if let outcome = self.attach(waiter) {
        continuation.resume(returning: outcome)
      }
    }
  }
}
