/// Runs calls that block on threads of its own, so that the threads of tasks stay free.
///
/// The threads of tasks are as few as the processors, and a call that waits in the kernel (a file, a name look-up, a lock
/// of another library, `waitpid`) takes one of them out of service. Give such calls to a pool, and the task suspends.
/// The pool has at most as many threads as it is told; further calls wait in line, and calls beyond the line are
/// refused, so that a slow disk shows as an error with numbers and not as memory that grows.
///
/// Threads are started when they are needed and end when they have been idle for a while. A pool that is dropped
/// finishes what is running and then ends its threads; `shutdown` also waits for that.
///
/// The body runs outside of any task: there is no `Task.isCancelled` and no task-local value in it.
///
/// > Ordering: calls in line are started in the order in which they were made.
///
/// > Memory: what the task did before the call happens before the body, and the body before what follows the call.
///
/// - Complexity: O(1); some microseconds for each call, most of them to wake a thread and a task.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "blocking")
public final class BlockingPool: Traceable {
  /// What the pool is called and where it was made.
  public let identity: ObjectIdentity

  private let core: BlockingPoolCore

  /// Makes a pool without starting a thread.
  ///
  /// - Important: traps when `threads` is less than 1 or `queue` less than 0.
  /// - Parameters:
  ///   - threads: How many calls run at once at most.
  ///   - queue: How many more may wait for a thread; 0 refuses what cannot start at once.
  ///   - idle: How long a thread without work stays, on the machine's clock.
  ///   - name: What dumps, errors and the system's names of the threads call it; a named pool is in the dump from the
  ///     start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    threads: Int,
    queue: Int,
    idle: Duration = .seconds(10),
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(threads >= 1, "BlockingPool needs at least 1 thread, got \(threads)")
    require(queue >= 0, "BlockingPool needs a queue of at least 0 calls, got \(queue)")
    identity = ObjectIdentity(kind: "BlockingPool", name: name, file: file, line: line)
    core = BlockingPoolCore(
      threads: threads,
      capacity: queue,
      idle: idle,
      label: name ?? "blocking",
      identity: identity
    )
  }

  /// A pool whose threads come from elsewhere than the system, which does not refuse them when a test wants it to.
  init(_ core: BlockingPoolCore) {
    identity = core.identity
    self.core = core
  }

  deinit {
    core.shutDown()
  }

  /// Runs `body` on a thread of the pool and gives its result.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The grant is a
  /// thread: a body that has begun runs to its end and is waited for, because nothing can stop a blocking call from
  /// outside.
  ///
  /// - Parameters:
  ///   - deadline: Until when to wait in line; it does not limit the body. One that has passed still takes a free thread.
  ///   - body: The blocking call.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws. Without calling it: `BlockingPoolFailure` when the line is full or the pool is shut
  ///   down, `CancellationError`, `DeadlineExceeded`, and `ThreadStartFailure` when there is no thread and the system
  ///   gives none.
  public func run<Success>(
    deadline: Deadline = .never,
    _ body: sending @escaping () throws -> sending Success
  ) async throws -> sending Success {
    let call = BlockingCall(body)
    try await core.run(call, until: deadline)
    return try call.takeResult()
  }

  /// Refuses new calls, finishes those that are running or in line, and returns when all threads have ended.
  ///
  /// May be called several times. The refusal holds also when the wait is given up.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Parameter deadline: Until when to wait for the end.
  /// - Throws: `CancellationError`; `DeadlineExceeded`.
  public func shutdown(deadline: Deadline = .never) async throws {
    core.shutDown()
    try await core.waitForEnd(until: deadline)
  }

  /// The pool now: `threads`, calls `running` and `queued`, and whose they are.
  public func snapshot() -> Snapshot { core.snapshot() }
}

/// Why a pool refused a call.
public struct BlockingPoolFailure: Error, Hashable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Reason: Hashable, Sendable {
    /// All threads are busy and the line is full.
    case saturated
    /// `shutdown` was called.
    case shutDown
  }

  /// Why.
  public let reason: Reason
  /// Which pool.
  public let pool: String
  /// How many threads it may have.
  public let threads: Int
  /// How many calls were running.
  public let running: Int
  /// How many calls may wait in line.
  public let capacity: Int
  /// How many calls were in line.
  public let queued: Int

  /// What happened, the numbers, and what to do.
  public var description: String {
    switch reason {
    case .saturated:
      "\(pool) is saturated: \(running) of \(threads) threads busy, \(queued) of \(capacity) calls in line; "
        + "call it less often (see AsyncSemaphore), or give it more threads or a longer queue"
    case .shutDown:
      "\(pool) is shut down and runs no more calls (\(running) still running, \(queued) in line); "
        + "end its callers before it"
    }
  }
}
