import Bakery
import Synchronization

/// What waiting costs beside the wait: timers that are cancelled before they fire, and waiters that give up.
enum WaitRows {
  /// Inserts and cancels one timer beside 100,000 that stay.
  static func timerPair() async throws -> Figure {
    let target = IdleTarget()
    let time = SystemTime.shared
    // Spread over a day, so that the timers lie on several levels of the wheel.
    let live = (0..<100_000).map { number in
      time.schedule(target, tag: 0, at: .after(.milliseconds(60_000 + number * 864)))
    }
    defer { for timer in live { time.cancel(timer) } }
    let start = Deadline.after(.seconds(60))
    return try await Figure.perOperation { count in
      for number in 0..<count {
        let deadline = start.advanced(by: .milliseconds(number % 100_000))
        time.cancel(time.schedule(target, tag: 1, at: deadline))
      }
      try WrongResult.check("timers fired", target.fired, expected: 0)
    }
  }

  /// Cancels that many tasks that wait for one semaphore, from the last to the first; the time until all are gone.
  static func cancelWaiters(_ count: Int) async throws -> Figure {
    try await cancelled(count) {
      let semaphore = AsyncSemaphore(limit: 1)
      let permit = try await semaphore.acquire()
      let elapsed = try await nanosecondsToCancel(
        count,
        waiting: { semaphore.snapshot()["waiting"] ?? 0 },
        wait: { try await semaphore.withPermit {} }
      )
      permit.release()
      return elapsed
    }
  }

  /// The same with a continuation for each task and no queue: what the runtime itself takes.
  static func cancelBareWaiters(_ count: Int) async throws -> Figure {
    try await cancelled(count) {
      let waiting = Counter()
      return try await nanosecondsToCancel(
        count,
        waiting: { waiting.value },
        wait: { try await BareWait().wait(counting: waiting) }
      )
    }
  }

  private static func cancelled(
    _ count: Int,
    once: () async throws -> Double
  ) async throws -> Figure {
    var runs: [Double] = []
    for _ in 0..<max(5, 20_000 / count) { runs.append(try await once()) }
    // The first run pays for memory that the others use again.
    let later = runs.dropFirst().sorted()
    return Figure(value: later[later.count / 2] / Double(count))
  }

  private static func nanosecondsToCancel(
    _ count: Int,
    waiting: () -> Int,
    wait: @escaping @concurrent @Sendable () async throws -> Void
  ) async throws -> Double {
    let tasks = (0..<count).map { _ in Task.detached { try await wait() } }
    while waiting() != count { await Task.yield() }
    let start = Deadline.now
    for task in tasks.reversed() { task.cancel() }
    var cancelled = 0
    for task in tasks {
      if case .failure = await task.result { cancelled += 1 }
    }
    let elapsed = Deadline.now.duration(since: start)
    try WrongResult.check("cancelled waiters", cancelled, expected: count)
    return Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) / 1e9
  }
}

/// One task that waits to be cancelled.
private final class BareWait: Sendable {
  private let state = Mutex<
    (continuation: UnsafeContinuation<Void, any Error>?, isCancelled: Bool)
  >((nil, false))

  func wait(counting waiting: Counter) async throws {
    waiting.increment()
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          state.continuation = continuation
          return state.isCancelled
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        state.isCancelled = true
        return state.continuation
      }
      continuation?.resume(throwing: CancellationError())
    }
  }
}

private final class IdleTarget: TimerTarget {
  private let hits = Counter()

  /// How often a timer fired: none of these should.
  var fired: Int { hits.value }

  func timerFired(tag: UInt64) { hits.increment() }
}

private final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }

  func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}
