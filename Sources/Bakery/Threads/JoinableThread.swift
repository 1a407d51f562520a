internal import CBakeryCore
internal import Synchronization

/// A thread of the operating system with a name, whose end can be waited for and gives its result.
///
/// For what must not share the threads of tasks: a loop around a blocking call that lasts as long as the program, a
/// library that is bound to one thread, a computation with a deep stack. Many short blocking calls belong into a
/// `BlockingPool`.
///
/// A thread that nobody joins ends by itself and leaves nothing behind; dropping the `JoinableThread` does not stop it.
/// The program does not wait for its threads when `main` ends.
///
/// > Memory: what the thread did happens before what follows its join. What the body captured and the thread's values
/// of `ThreadLocal` are gone by then.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "thread")
public final class JoinableThread<Success: Sendable, Failure: Error>: Traceable {
  /// What the thread is called and where it was started.
  public let identity: ObjectIdentity

  private let end: ThreadEnd
  private let work: ThreadWork<Success, Failure>

  /// Starts a thread.
  ///
  /// - Parameters:
  ///   - name: What dumps, debuggers and the system call it; the system shows the first 15 bytes.
  ///   - stackBytes: The size of the stack at least; 0 leaves it to the system, usually 8 MB.
  ///   - file: Where it is started.
  ///   - line: Where it is started.
  ///   - body: What the thread does.
  /// - Returns: The thread, which runs.
  /// - Throws: `ThreadStartFailure` when the system gives no thread.
  public static func start(
    named name: String,
    stackBytes: Int = 0,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    _ body: sending @escaping () throws(Failure) -> Success
  ) throws(ThreadStartFailure) -> JoinableThread {
    let identity = ObjectIdentity(kind: "JoinableThread", name: name, file: file, line: line)
    let thread = JoinableThread(identity, ThreadWork(body))
    Trace.register(thread)
    // The thread keeps its parts and not the object, so that the object's life is its users' alone.
    let (end, work) = (thread.end, thread.work)
    let error = startThreadIfPossible(named: name, stackBytes: stackBytes) {
      work.run()
      ThreadValues.end()
      end.end()
      Trace.record(.done, end.identity)
    }
    guard error == 0 else { throw ThreadStartFailure(name: name, code: error) }
    return thread
  }

  private init(_ identity: ObjectIdentity, _ work: ThreadWork<Success, Failure>) {
    self.identity = identity
    self.work = work
    end = ThreadEnd(identity: identity)
  }

  /// Whether the thread has ended, so that a join does not wait.
  public var isFinished: Bool { end.hasEnded }

  /// Blocks the calling thread until this one has ended, and gives its result.
  ///
  /// May be called from several threads and again; the result stays. In tasks use `value` or `join(deadline:)`.
  ///
  /// - Important: traps when a thread joins itself, and when called in a task.
  /// - Returns: What the body returned.
  /// - Throws: What the body threw.
  @available(*, noasync, message: "blocks a thread of the task pool; write `try await value`")
  public func join() throws(Failure) -> Success {
    checkBlocking()
    _ = end.block("join", until: .never)
    return try work.result()
  }

  /// Blocks the calling thread until this one has ended or `deadline` has come.
  ///
  /// - Important: traps when a thread waits for itself, and when called in a task.
  /// - Parameter deadline: Until when to wait, on the machine's clock.
  /// - Returns: Whether the thread has ended.
  @available(
    *,
    noasync,
    message: "blocks a thread of the task pool; write `try await join(deadline:)`"
  )
  public func waitUntilFinished(deadline: Deadline = .never) -> Bool {
    checkBlocking()
    return end.block("waitUntilFinished", until: deadline)
  }

  /// The thread's result, for which the calling task suspends until the thread has ended.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The thread is not
  /// cancelled: nothing can stop it from outside.
  ///
  /// - Throws: `CancellationError`; what the body threw.
  public var value: Success {
    get async throws { try await join(deadline: .never) }
  }

  /// Does as `value` does, no longer than until `deadline`.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The thread is not
  /// cancelled: nothing can stop it from outside.
  ///
  /// - Parameter deadline: Until when to wait. One that has passed still takes the result of a thread that has ended.
  /// - Returns: What the body returned.
  /// - Throws: `CancellationError`; `DeadlineExceeded`; what the body threw.
  public func join(deadline: Deadline) async throws -> Success {
    try await end.wait("join", until: deadline)
    return try work.result()
  }

  /// The thread now: `finished`, 0 or 1, and who waits for its end.
  public func snapshot() -> Snapshot {
    let waiters = end.waiters
    return Snapshot(
      of: identity,
      figures: ["finished": isFinished ? 1 : 0, "waiting": waiters.count],
      waiters: waiters
    )
  }

  private func checkBlocking() {
    require(
      isFinished || !work.isOnThread,
      "\(identity) joins itself and would wait for ever; return from its body instead"
    )
    requireNoTask("join on \(identity)", instead: "write `try await value`")
  }
}

/// What a thread does and what came of it.
// Safe because `body` is touched by the new thread only, and `outcome` is written there before the end is announced
// and read by those who saw the end.
private final class ThreadWork<Success: Sendable, Failure: Error>: @unchecked Sendable {
  private var body: (() throws(Failure) -> Success)?
  private var outcome: Result<Success, Failure>?
  /// The mark of the thread that runs the body.
  private let mark = Atomic<UInt>(0)

  init(_ body: sending @escaping () throws(Failure) -> Success) {
    self.body = body
  }

  var isOnThread: Bool { mark.load(ordering: .relaxed) == bakery_thread_mark() }

  func run() {
    mark.store(UInt(bakery_thread_mark()), ordering: .relaxed)
    guard let body = body.take() else { return }
    do throws(Failure) {
      outcome = .success(try body())
    } catch {
      outcome = .failure(error)
    }
  }

  func result() throws(Failure) -> Success {
    guard let outcome else { misuse("a thread has ended without a result") }
    return try outcome.get()
  }
}

/// The system gave no thread.
public struct ThreadStartFailure: Error, Hashable, CustomStringConvertible {
  /// What the thread would have been called.
  public let name: String
  /// The system's error number: 11 (EAGAIN) on Linux when threads or memory ran out.
  public let code: Int32

  /// What happened, the number, and what to do.
  public var description: String {
    "thread \"\(name)\" could not be started: error \(code); end other threads, ask for a smaller stack, "
      + "or raise the limits of the process (ulimit -u, ulimit -v)"
  }
}
