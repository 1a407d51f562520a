/// Runs `body` in a task of its own and goes on without it at `deadline`: for work that does not cooperate.
///
/// At the deadline the body is cancelled, and its caller gets `WorkAbandoned` at once, whether the body notices or not.
/// What the body returns or throws later is dropped. As long as it runs it is in the dump, and it keeps what it holds:
/// memory, permits, a thread if it blocks one. So use `withDeadline` where the work reacts to cancellation, and limit how
/// much of this can be abandoned, for example by a semaphore that the body holds.
///
/// The deadline around the caller counts as well, if it is earlier. A body that has not begun by the deadline does not begin; one that ends at the same time as the deadline comes may be
/// taken either way.
///
/// > Cancellation: cancels the body and waits for it, until the deadline.
///
/// - Complexity: one task and a timer.
/// - Parameters:
///   - deadline: Until when to wait for the body; with one that has passed it is not begun.
///   - name: What errors and dumps call the work.
///   - file: Where the work is started.
///   - line: Where the work is started.
///   - body: The work; it runs off the caller's actor.
/// - Returns: What `body` returns.
/// - Throws: `WorkAbandoned`, or what `body` throws.
///
/// @Snippet(path: "bakery/Snippets/SetDeadlines", slice: "abandon")
public func abandon<Success: Sendable>(
  at deadline: Deadline,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ body: @escaping @concurrent @Sendable () async throws -> Success
) async throws -> Success {
  let label = name.map { "\"\($0)\" " } ?? ""
  let operation = "abandon \(label)(\(file):\(line))"
  let time = Seams.time
  let deadline = min(deadline, ActiveDeadline.current(on: time))
  guard deadline == .never || time.now < deadline else {
    throw WorkAbandoned(operation: operation, deadline: deadline)
  }
  let result = Guarded<Result<Success, any Error>?>(nil)
  let ticket = AbandonedTasks.shared.enter()
  let task = ActiveDeadline.$innermost.withValue(ActiveDeadline(deadline, on: time)) {
    Task(name: operation, executorPreference: currentTaskExecutor) {
      guard AbandonedTasks.shared.begin(ticket) else { return }
      let outcome = await Result.capturing { try await body() }
      result.withLock { $0 = outcome }
      AbandonedTasks.shared.end(ticket)
    }
  }
  let isDone = await AbandonedTasks.shared.wait(ticket, until: deadline) { task.cancel() }
  guard isDone, let result = result.withLock({ $0 }) else {
    task.cancel()
    throw WorkAbandoned(operation: operation, deadline: deadline)
  }
  return try result.get()
}

/// Runs `body` in a task of its own and goes on without it when `timeout` has gone by.
///
/// As `abandon(at:name:file:line:_:)`.
///
/// > Cancellation: cancels the body and waits for it, until the deadline.
///
/// - Parameters:
///   - timeout: How long to wait for the body; for 0 or less it is not begun.
///   - name: What errors and dumps call the work.
///   - file: Where the work is started.
///   - line: Where the work is started.
///   - body: The work; it runs off the caller's actor.
/// - Returns: What `body` returns.
/// - Throws: `WorkAbandoned`, or what `body` throws.
public func abandon<Success: Sendable>(
  after timeout: Duration,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ body: @escaping @concurrent @Sendable () async throws -> Success
) async throws -> Success {
  try await abandon(at: .after(timeout), name: name, file: file, line: line, body)
}

/// Work that was not done by its deadline and may still run.
public struct WorkAbandoned: Error, Hashable, CustomStringConvertible {
  /// Which work, for example `abandon "resize" (Gallery.swift:12)`.
  public let operation: String
  /// The deadline that passed.
  public let deadline: Deadline

  /// What happened and what to do.
  public var description: String {
    "\(operation) was left to itself at its deadline; Trace.dump() says how long it has run since then"
  }
}

/// Everybody who waits for work that may be abandoned, and the work that was.
final class AbandonedTasks: WaitOwner, Traceable {
  static let shared = AbandonedTasks()

  private struct Work {
    var task: TaskIdentity?
    var abandonedSince: Deadline?
  }

  private struct State {
    var queue = WaitQueue()
    /// What has not ended, by its caller's ticket; what was abandoned before it began is not here.
    var running: [UInt64: Work] = [:]
    var abandoned = 0
  }

  let identity = ObjectIdentity(kind: "Abandoned", name: "all", file: #fileID, line: #line)
  private let state = Guarded(State())

  private init() {
    Trace.registerShared(self)
  }

  /// The caller's place, before there is work.
  func enter() -> Ticket {
    let party = Party.current("abandon")
    return state.withLock { state in
      let ticket = state.queue.enqueue(party)
      state.running[ticket.rawValue] = Work()
      return ticket
    }
  }

  /// The work is about to begin; false when it came too late.
  func begin(_ ticket: Ticket) -> Bool {
    let task = TaskIdentity.current
    return state.withLock { state in
      guard state.running[ticket.rawValue] != nil else { return false }
      state.running[ticket.rawValue]?.task = task
      return true
    }
  }

  /// The work has ended.
  func end(_ ticket: Ticket) {
    state.withLock { state in
      state.running[ticket.rawValue] = nil
      return state.queue.abort(ticket, .granted(0)).wake
    }?.fire()
  }

  /// Waits for the end of the work; false when the deadline came first.
  func wait(
    _ ticket: Ticket,
    until deadline: Deadline,
    onCancel: @Sendable () -> Void
  ) async -> Bool {
    let party = Party.current("abandon")
    let time = Seams.time
    let timer = deadline == .never ? nil : time.schedule(self, tag: ticket.rawValue, at: deadline)
    let outcome = await withTaskCancellationHandler {
      await suspendUncancellable(ticket, as: party)
    } onCancel: {
      onCancel()
    }
    if let timer, outcome != .timedOut { time.cancel(timer) }
    return outcome.isGranted
  }

  func attach(_ waiter: Waiter) -> WaitOutcome? {
    state.withLock { $0.queue.attach(waiter) }
  }

  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    let now = Seams.time.now
    state.withLock { state in
      let (found, wake) = state.queue.abort(ticket, outcome)
      guard found else { return wake }
      if state.running[ticket.rawValue]?.task == nil {
        state.running[ticket.rawValue] = nil
      } else {
        state.running[ticket.rawValue]?.abandonedSince = now
        state.abandoned += 1
      }
      return wake
    }?.fire()
  }

  /// How many are `waiting` for work, how much abandoned work is `running`, and how much there was in `all`.
  func snapshot() -> Snapshot {
    let (waiters, abandoned, all) = state.withLockUnobserved { state in
      let abandoned = state.running.values.compactMap { work in
        work.task.flatMap { task in
          work.abandonedSince.map { Party(task: task, operation: "abandon", count: 1, since: $0) }
        }
      }
      return (state.queue.parties, abandoned, state.abandoned)
    }
    return Snapshot(
      of: identity,
      figures: ["waiting": waiters.count, "running": abandoned.count, "all": all],
      holders: abandoned.sorted { $0.since < $1.since },
      waiters: waiters
    )
  }
}
