internal import CBakeryCore

/// Runs tasks on a fixed number of threads of its own, for work that keeps processors busy.
///
/// Give it to `Task(executorPreference:)`, to a group's `addTask(executorPreference:)`, or to
/// `withTaskExecutorPreference`: those tasks and their child tasks then run here instead of on the threads that all tasks share,
/// so that long computations do not keep other tasks from running. A task that waits holds no thread. Work that blocks
/// its thread belongs into a `BlockingPool`.
///
/// The pool ends when its last reference is gone, after the jobs that are in line; a task that prefers it is a reference.
/// `shutdown()` does so earlier, and returns when the threads are gone.
///
/// > Ordering: none among tasks. The task that the running one woke last comes next on its worker, at most three in a row;
/// others in turn. A `Task.yield()` counts as a task that was woken. A worker without work takes half of another one's.
/// Priorities are not looked at.
///
/// > Memory: what a task did before it suspended happens before its next step, on whichever thread.
///
/// - Complexity: O(1) for a job, without a lock when the job comes from the pool itself.
///
/// - Note: an actor's tasks leave the pool for the actor and come back, which costs several times as much as on the shared
///   threads: prefer a pool for computations, not for whole programs built of actors.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "pool")
public final class ThreadPool: TaskExecutor, Traceable {
  /// What the pool is called and where it was made.
  public let identity: ObjectIdentity
  let core: PoolCore

  /// A pool with a thread for each processor that the process may use, made on first use.
  ///
  /// It lives as long as the process, and must not be shut down.
  public static let shared = {
    let pool = ThreadPool(threads: Int(bakery_processor_count()), name: "shared")
    Trace.registerShared(pool)
    return pool
  }()

  /// Starts a pool.
  ///
  /// - Important: traps when `threads` is not in 1…1,024, or when the system cannot start them.
  /// - Parameters:
  ///   - threads: How many threads; the number of processors is right for computations.
  ///   - name: What dumps, errors and the system's list of threads call it.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(
    threads: Int,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) {
    require(
      (1...1024).contains(threads),
      "ThreadPool needs 1 to 1024 threads, got \(threads)"
    )
    identity = ObjectIdentity(kind: "ThreadPool", name: name, file: file, line: line)
    core = PoolCore(threads: threads, identity: identity)
    core.start(on: asUnownedTaskExecutor())
    if name != nil { Trace.register(self) }
  }

  deinit {
    core.shutDown()
  }

  /// How many threads the pool has.
  public var threads: Int { core.workers.count }

  /// Adds a job; the runtime calls it.
  ///
  /// - Important: traps when the pool was shut down and its threads are gone.
  public func enqueue(_ job: consuming ExecutorJob) {
    core.add(UnownedJob(job))
  }

  /// Ends the threads once no job is in line, and waits for that.
  ///
  /// Await the tasks that prefer the pool before: a task that is resumed later finds no thread, and the program stops
  /// with a message. Call it from a task that does not prefer the pool.
  ///
  /// > Cancellation: does not observe cancellation.
  public func shutdown() async {
    core.shutDown()
    await core.waitUntilEnded()
  }

  /// The pool now: `threads`, `running` and `waiting` jobs.
  public func snapshot() -> Snapshot { core.snapshot() }
}
