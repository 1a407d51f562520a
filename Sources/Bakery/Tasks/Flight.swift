/// One piece of work of a `SingleFlight`, and those who wait for it.
///
/// Whoever takes a place in line before the work ends gets its result; when the last one leaves the line earlier,
/// the work is cancelled and nobody joins any more.
final class Flight<Value: Sendable>: WaitOwner {
  enum Joining {
    case waiting(Ticket)
    case landed(Result<Value, any Error>)
    /// Everybody had left, and the work has been cancelled.
    case abandoned
  }

  private struct State {
    var queue = WaitQueue()
    var result: Result<Value, any Error>?
    var task: Task<Void, Never>?
    var isAbandoned = false
  }

  private let state = Guarded(State())
  private let whenAbandoned: @Sendable (Flight) -> Void

  /// Makes a flight that has not begun; `whenAbandoned` is called outside all locks.
  init(whenAbandoned: @escaping @Sendable (Flight) -> Void) {
    self.whenAbandoned = whenAbandoned
  }

  /// The line of those who wait.
  var parties: [Party] { state.withLockUnobserved { $0.queue.parties } }

  func join(_ party: Party) -> Joining {
    state.withLock { state in
      if let result = state.result { return .landed(result) }
      return state.isAbandoned ? .abandoned : .waiting(state.queue.enqueue(party))
    }
  }

  /// Notes the task that does the work, and cancels it if everybody has left already.
  func begin(_ task: Task<Void, Never>) {
    let isAbandoned = state.withLock { state in
      state.task = task
      return state.isAbandoned
    }
    if isAbandoned { task.cancel() }
  }

  /// Ends all waits.
  func land(_ result: Result<Value, any Error>) {
    let wakes = state.withLock { state in
      state.result = result
      state.task = nil
      var wakes = Wakes()
      while !state.queue.isEmpty { wakes.add(state.queue.grantFirst().wake) }
      return wakes
    }
    wakes.fire()
  }

  /// The result, for one whose wait was granted.
  var result: Result<Value, any Error>? { state.withLock { $0.result } }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.queue.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    let (wake, isLast, task) = state.withLock { state in
      let (found, wake) = state.queue.abort(ticket, outcome)
      let isLast = found && state.queue.isEmpty && state.result == nil
      if isLast { state.isAbandoned = true }
      return (wake, isLast, isLast ? state.task : nil)
    }
    if isLast { whenAbandoned(self) }
    task?.cancel()
    wake?.fire()
  }
}
