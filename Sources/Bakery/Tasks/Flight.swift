/// One piece of work of a `SingleFlight`, and those who wait for it.
///
/// Not generic, and its result is beside it: the toolkit is compiled without the types of its users, so that each mention of a
/// type made from one is looked up in the tables of the runtime, which took a fifth of the time of a caller.
///
/// Whoever takes a place in line before the work ends gets its result; when the last one leaves the line earlier,
/// the work is cancelled and nobody joins any more.
final class Flight: WaitOwner {
  enum Joining {
    case waiting(Ticket)
    case landed
    /// Everybody had left, and the work has been cancelled.
    case abandoned
  }

  private struct State {
    var queue = WaitQueue()
    var hasLanded = false
    var task: Task<Void, Never>?
    var isAbandoned = false
  }

  private let state = Guarded(State())
  private let whenAbandoned: @Sendable (Flight) -> Void

  /// What the work gives, a `FlightResult`.
  let result: any AnyObject & Sendable

  /// Makes a flight that has not begun; `whenAbandoned` is called outside all locks.
  init(result: any AnyObject & Sendable, whenAbandoned: @escaping @Sendable (Flight) -> Void) {
    self.result = result
    self.whenAbandoned = whenAbandoned
  }

  /// The line of those who wait.
  var parties: [Party] { state.withLockUnobserved { $0.queue.parties } }

  func join(_ party: Party) -> Joining {
    state.withLock { state in
      if state.hasLanded { return .landed }
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

  /// Ends all waits; the result is there already.
  func land() {
    let wakes = state.withLock { state in
      state.hasLanded = true
      state.task = nil
      var wakes = Wakes()
      while !state.queue.isEmpty { wakes.add(state.queue.grantFirst().wake) }
      return wakes
    }
    wakes.fire()
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.queue.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    let (wake, isLast, task) = state.withLock { state in
      let (found, wake) = state.queue.abort(ticket, outcome)
      let isLast = found && state.queue.isEmpty && !state.hasLanded
      if isLast { state.isAbandoned = true }
      return (wake, isLast, isLast ? state.task : nil)
    }
    if isLast { whenAbandoned(self) }
    task?.cancel()
    wake?.fire()
  }
}

/// What the work of a flight gave.
// Safe because it is written once, before the flight lands, and read after that: the flight's lock is between them.
final class FlightResult<Value: Sendable>: @unchecked Sendable {
  private var value: Value?
  private var error: (any Error)?

  func set(_ result: Result<Value, any Error>) {
    switch result {
    case .success(let value): self.value = value
    case .failure(let error): self.error = error
    }
  }

  func get() throws -> Value {
    if let value { return value }
    throw error ?? CancellationError()
  }
}
