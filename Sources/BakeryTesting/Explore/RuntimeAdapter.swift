// The one file of Swift that uses unreleased interfaces of the runtime. An adapter for another compiler is a
// branch here; where there is none, exploring is refused.
#if compiler(>=6.3) && compiler(<6.4) && os(Linux) && arch(x86_64)
internal import Bakery
internal import CBakeryRuntime
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) internal import _Concurrency

/// What exploring needs of the runtime, and whether it is there.
enum RuntimeAdapter {
  fileprivate static let executor = RoutingExecutor()
  fileprivate static let mainExecutor = RoutingMainExecutor()

  /// Why exploring is not possible in this program, or `nil`.
  static let refusal: String? = {
    if let reason = bakery_runtime_refusal() { return String(cString: reason) }
    guard Task<Never, Never>.defaultExecutor === executor, MainActor.executor === mainExecutor
    else {
      return "the executors of this program are not those that BakeryTesting installs before main"
    }
    return nil
  }()

  /// Runs a job of the main actor, or of any other place, on the calling thread for `run`.
  static func perform(_ job: UnownedJob, isMain: Bool, for run: ScheduleRun) {
    if isMain {
      job.runSynchronously(
        isolatedTo: mainExecutor.asUnownedSerialExecutor(),
        taskExecutor: run.asUnownedTaskExecutor()
      )
    } else {
      job.runSynchronously(on: run.asUnownedTaskExecutor())
    }
  }

  /// Calls `body` with the two words by which the runtime knows `executor`.
  // Safe because an unowned reference to an executor is these two words, and the cast checks the size.
  static func words(of executor: UnownedTaskExecutor) -> (identity: UInt, implementation: UInt) {
    unsafeBitCast(executor, to: (UInt, UInt).self)
  }
}

private struct RoutingFactory: ExecutorFactory {
  static var mainExecutor: any MainExecutor { RuntimeAdapter.mainExecutor }
  static var defaultExecutor: any TaskExecutor { RuntimeAdapter.executor }
}

/// Called once before `main`, by the constructor in CBakeryRuntime.
@_documentation(visibility: internal)
@c(bakery_testing_install)
public func bakeryTestingInstall() {
  bakery_runtime_set_global_executor(
    RuntimeAdapter.words(of: globalConcurrentExecutor.asUnownedTaskExecutor()).identity
  )
  _createExecutors(factory: RoutingFactory.self)
}

/// The process's default executor: jobs of an exploring thread stay there, all others go to the platform's.
private final class RoutingExecutor: TaskExecutor, SchedulingExecutor {
  private let platform = PlatformExecutorFactory.defaultExecutor
  private let platformTimers = PlatformExecutorFactory.defaultExecutor as? any SchedulingExecutor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let run = ScheduleRun.ofCurrentTask, !run.isOlder(job) {
      run.push(job, isMain: false)
    } else {
      platform.enqueue(ExecutorJob(job))
    }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob,
    at instant: C.Instant,
    tolerance: C.Duration?,
    clock: C
  ) {
    if let run = ScheduleRun.ofCurrentTask {
      run.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
    } else {
      timers.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
    }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob,
    after delay: C.Duration,
    tolerance: C.Duration?,
    clock: C
  ) {
    if let run = ScheduleRun.ofCurrentTask {
      run.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
    } else {
      timers.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
    }
  }

  private var timers: any SchedulingExecutor {
    guard let platformTimers else {
      fatalError("the platform's executor has no timers: BakeryTesting does not know this runtime")
    }
    return platformTimers
  }
}

/// The process's main executor, with the same division.
private final class RoutingMainExecutor: MainExecutor {
  private let platform = PlatformExecutorFactory.mainExecutor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if let run = ScheduleRun.ofCurrentTask, !run.isOlder(job) {
      run.push(job, isMain: true)
    } else {
      platform.enqueue(ExecutorJob(job))
    }
  }

  func checkIsolated() {
    guard let run = ScheduleRun.current else { return platform.checkIsolated() }
    precondition(run.isRunningMain, "this code of an exploration does not run on the main actor")
  }

  func run() throws { try platform.run() }

  func stop() { platform.stop() }
}

extension ScheduleRun: SchedulingExecutor {
  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob,
    at instant: C.Instant,
    tolerance: C.Duration?,
    clock: C
  ) {
    pushTimer(UnownedJob(job), after: clock.now.duration(to: instant) as? Duration)
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob,
    after delay: C.Duration,
    tolerance: C.Duration?,
    clock: C
  ) {
    pushTimer(UnownedJob(job), after: delay as? Duration)
  }
}
#else
/// What exploring needs of the runtime: not known for this compiler and system.
enum RuntimeAdapter {
  /// Why exploring is not possible in this program.
  static let refusal: String? =
    "exploring needs Swift 6.3 on Linux and x86-64: its use of the runtime was tried there only"

  static func perform(_ job: UnownedJob, isMain: Bool, for run: ScheduleRun) {
    job.runSynchronously(on: run.asUnownedTaskExecutor())
  }

  static func words(of executor: UnownedTaskExecutor) -> (identity: UInt, implementation: UInt) {
    (0, 0)
  }
}
#endif
