internal import CBakeryCore
internal import Synchronization

/// Finds calls that block the threads of tasks, and says where they are.
///
/// Tasks share a few threads. A task that sleeps in the kernel there, in a lock, a read, a `usleep`, keeps a thread from all
/// others, and when all threads are kept so, nothing runs and nothing says why. A watchdog looks from a thread of its own
/// whether work gets threads, and reports threads that have been asleep inside a job while none did: with their calls, and the file
/// and line of the one that blocks.
///
/// It is silent about threads that compute, however long, and about waits that suspend. It ends with its last reference.
///
/// - Note: a blocked thread is asked for its calls by the signal `SIGPROF`, once for each report. A `sleep` or `poll` of
///   that thread ends early with `EINTR`, as after any signal; other calls go on. A handler that was there before is called for
///   signals that are not the watchdog's.
///
/// - Complexity: 50 looks a second at the usual threshold, each some tens of microseconds of processor time.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "watchdog")
public final class StarvationWatchdog: Traceable {
  /// What the watchdog is called and where it was made.
  public let identity: ObjectIdentity
  private let core: WatchdogCore

  /// Starts to watch.
  ///
  /// - Important: traps when `threshold` is less than 1 ms.
  /// - Parameters:
  ///   - pools: The pools to watch, which it does not keep alive.
  ///   - priorities: The priorities of tasks on the default executor to watch; each has threads of its own.
  ///   - threshold: For how long nobody may get a thread. A report comes at most half as late again, and the time it takes
  ///     to read debug information.
  ///   - name: What dumps call it.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - report: Takes reports, at most one for each time that an executor is stuck; called on the watchdog's thread. By
  ///     default it prints them on standard error.
  public init(
    pools: [ThreadPool] = [],
    priorities: [TaskPriority] = [.medium],
    threshold: Duration = .milliseconds(100),
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    report: @escaping @Sendable (StarvationReport) -> Void = { printError($0.description) }
  ) {
    require(
      threshold >= .milliseconds(1),
      "StarvationWatchdog needs a threshold of at least 1 ms, got \(threshold)"
    )
    identity = ObjectIdentity(kind: "StarvationWatchdog", name: name, file: file, line: line)
    let core = WatchdogCore(threshold: threshold.wholeNanoseconds, report: report)
    self.core = core
    let cores = pools.map(\.core)
    startThread(named: "bakery-watchdog") { core.watch(cores, priorities) }
    if name != nil { Trace.register(self) }
  }

  deinit {
    core.stop()
  }

  /// Ends the watch; a report that is being made may still come.
  public func stop() { core.stop() }

  /// The watchdog now: how many `reports` it made.
  public func snapshot() -> Snapshot {
    Snapshot(of: identity, figures: ["reports": core.reports.load(ordering: .relaxed)])
  }
}

/// What the watchdog's thread holds, so that the thread ends when the watchdog is gone.
private final class WatchdogCore: Sendable {
  /// How long threads get to say where they are: one is awake within microseconds, unless all processors are busy.
  private static let patience: Int64 = 100_000_000

  let reports = Atomic<Int>(0)
  private let threshold: Int64
  private let report: @Sendable (StarvationReport) -> Void
  private let isStopped = Atomic<Bool>(false)
  private let parker = Parker()

  init(threshold: Int64, report: @escaping @Sendable (StarvationReport) -> Void) {
    self.threshold = threshold
    self.report = report
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    parker.unpark()
  }

  /// Looks until it is stopped; holds what pools work with and not the pools, which end as they would without a watchdog.
  func watch(_ pools: [PoolCore], _ priorities: [TaskPriority]) {
    // Reads debug information now, so that a report need not wait for it.
    let here = KernelThread(bakery_thread_id())?.callStack(withinNanoseconds: Self.patience)
    _ = Symbolizer.frames(of: Set(here ?? []))
    var executors: [any WatchedExecutor] = priorities.map { WatchedDefaultExecutor($0) }
    executors += pools.map { WatchedPool($0) }
    var states = executors.map { _ in StarvationState(threshold: threshold) }
    while true {
      let ticket = parker.ticket
      guard !isStopped.load(ordering: .acquiring) else { return }
      for (index, executor) in executors.enumerated() { look(at: executor, &states[index]) }
      parker.park(ticket, nanoseconds: threshold / 5)
    }
  }

  private func look(at executor: any WatchedExecutor, _ state: inout StarvationState) {
    let now = RealTime.now
    guard let start = executor.stalledSince(now: now) else { return state.progress() }
    let sleepers = executor.threads.filter(\.sleeps)
    let blocked = state.stall(
      since: start,
      sleepers: sleepers.reduce(into: [:]) { $0[$1.id] = $1.switches },
      now: now
    )
    guard !blocked.isEmpty else { return }
    // All are asked before any is described: one that was asked may go on and let the others go on.
    let end = now.nanoseconds + Self.patience
    let asked = sleepers.filter { blocked[$0.id] != nil }.map { thread in
      let left = max(end - RealTime.now.nanoseconds, Self.patience / 20)
      return (thread, place: thread.place, calls: thread.callStack(withinNanoseconds: left))
    }
    let frames = Symbolizer.frames(of: Set(asked.flatMap(\.calls)))
    let threads = asked.map { thread, place, calls in
      StarvationReport.Thread(
        id: thread.id,
        name: thread.name,
        kernelFunction: place,
        duration: blocked[thread.id].map { now.duration(since: $0) } ?? .zero,
        frames: calls.flatMap { frames[$0] ?? [] }
      )
    }.filter { !executor.isIdle($0) }
    guard !threads.isEmpty else { return }
    state.reported()
    reports.wrappingAdd(1, ordering: .relaxed)
    report(
      StarvationReport(
        executor: executor.label,
        duration: now.duration(since: start),
        threads: threads
      )
    )
  }
}
