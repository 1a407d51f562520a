internal import Synchronization

/// An executor as a watchdog looks at it, from the watchdog's thread only.
protocol WatchedExecutor: AnyObject {
  /// What reports call it.
  var label: String { get }

  /// The threads that run its jobs, as far as they can be told from others.
  var threads: [KernelThread] { get }

  /// Since when nobody has got a thread; `nil` when somebody has since the last look, or could have.
  func stalledSince(now: Deadline) -> Deadline?

  /// Whether a thread that sleeps turns out to do so because there is no job for it, which is no fault.
  func isIdle(_ thread: StarvationReport.Thread) -> Bool
}

/// The default executor: a task that does nothing shows how long others of its priority wait.
final class WatchedDefaultExecutor: WatchedExecutor {
  let label: String
  private let priority: TaskPriority
  private let hasRun = Flag(true)
  private var asked: Deadline?

  private final class Flag: Sendable {
    let value: Atomic<Bool>
    init(_ value: Bool) { self.value = Atomic(value) }
  }

  init(_ priority: TaskPriority) {
    self.priority = priority
    label = "the default executor (\(priority))"
  }

  /// Each priority has threads of its own, which Dispatch calls by the end of the queue's name.
  var threads: [KernelThread] {
    let name =
      switch priority.rawValue {
      case TaskPriority.high.rawValue...: "r-initiated-qos"
      case TaskPriority.medium.rawValue...: "oot.default-qos"
      case TaskPriority.low.rawValue...: "oot.utility-qos"
      default: ".background-qos"
      }
    return KernelThread.all.filter { $0.name == name }
  }

  func stalledSince(now: Deadline) -> Deadline? {
    guard hasRun.value.exchange(false, ordering: .relaxed) else { return asked }
    asked = now
    let hasRun = hasRun
    Task.detached(priority: priority) { hasRun.value.store(true, ordering: .relaxed) }
    return nil
  }

  /// A thread without a job has only calls of Dispatch and of the C library; one that does not answer may be anywhere.
  func isIdle(_ thread: StarvationReport.Thread) -> Bool {
    guard !thread.frames.isEmpty else { return thread.kernelFunction?.hasPrefix("futex") ?? true }
    return thread.frames.allSatisfy { frame in
      let module = frame.module ?? ""
      return ["libc.", "libdispatch.", "ld-"].contains(where: module.hasPrefix)
        || frame.symbol?.hasPrefix("_dispatch_") ?? false
    }
  }
}

/// A pool of ours, which knows what its threads do.
final class WatchedPool: WatchedExecutor {
  let label: String
  private let core: PoolCore
  private var begun: [UInt] = []
  private var since = Deadline.never

  init(_ core: PoolCore) {
    self.core = core
    label = core.identity.description
  }

  var threads: [KernelThread] {
    core.workers.compactMap { KernelThread($0.thread.load(ordering: .relaxed)) }
  }

  /// All workers are in the jobs in which they were at the last look.
  func stalledSince(now: Deadline) -> Deadline? {
    guard core.workers.allSatisfy(\.isRunning) else {
      begun = []
      return nil
    }
    let current = core.workers.map(\.sight.begun)
    if begun == current { return since }
    begun = current
    since = now
    return nil
  }

  /// A worker was in its job at this look and at the last one.
  func isIdle(_ thread: StarvationReport.Thread) -> Bool { false }
}
