internal import Bakery

/// Runs tasks on one thread of its own, the next one drawn by a seed: the same seed, the same order.
///
/// Only what the language allows everybody is used: tasks made with this executor as their preference, their child
/// tasks, and the default actors that they call run here. `Task { }` and the main actor do not.
final class TestExecutor: TaskExecutor {
  private enum Step {
    case run(UnownedJob)
    case release([UnsafeContinuation<Void, Never>])
    /// Nothing is ready: time moves on, or the thread sleeps.
    case idle(UInt32, watches: Bool)
    case leave
  }

  private struct State {
    var random: SeededRandom
    var ready: [UnownedJob] = []
    var idleWaiters: [UnsafeContinuation<Void, Never>] = []
    var hasThread = false
    var isClosed = false
    var stepsTaken = 0
    var alarm: (step: Int, body: @Sendable () -> Void)?
    /// Called once when nothing can run any more though the body is not done.
    var whenStuck: (@Sendable () -> Void)?
  }

  /// How long nothing may be ready, in real time, until the executor believes that nothing will be.
  private static let patienceNanoseconds: Int64 = 2_000_000_000

  private let state: Guarded<State>
  private let clock: ManualClock?
  private let parker = Parker()

  /// Makes an executor; with a clock it advances it when nothing else is left to do.
  init(seed: UInt64, advancing clock: ManualClock?) {
    state = Guarded(State(random: SeededRandom(seed: seed)))
    self.clock = clock
  }

  /// Adds a job; called by the runtime.
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustStart = state.withLockUnobserved { state in
      state.ready.append(job)
      defer { state.hasThread = true }
      return !state.hasThread
    }
    if mustStart { startThread(named: "bakery-test") { self.run() } }
    parker.unpark()
  }

  /// Suspends the caller until no other job is ready.
  func waitUntilIdle() async {
    await withUnsafeContinuation { continuation in
      let isOver = state.withLockUnobserved { state in
        if state.isClosed, !state.hasThread { return true }
        state.idleWaiters.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
      parker.unpark()
    }
  }

  /// Calls `body` on the executor's thread before it takes its `step`th step from now.
  func setAlarm(inSteps step: Int, _ body: @escaping @Sendable () -> Void) {
    state.withLockUnobserved { $0.alarm = ($0.stepsTaken + step, body) }
  }

  /// Takes the alarm back.
  func clearAlarm() {
    state.withLockUnobserved { $0.alarm = nil }
  }

  /// Calls `body` once when nothing can run any more before `close()`.
  func setWhenStuck(_ body: @escaping @Sendable () -> Void) {
    state.withLockUnobserved { $0.whenStuck = body }
    // The thread may sleep already, without a limit because there was nobody to tell.
    parker.unpark()
  }

  /// Lets the thread end once nothing is ready; a job that comes later starts another.
  func close() {
    state.withLockUnobserved { state in
      state.isClosed = true
      state.whenStuck = nil
    }
    parker.unpark()
  }

  private func run() {
    while true {
      switch nextStep() {
      case .run(let job):
        takeAlarm()?()
        job.runSynchronously(on: asUnownedTaskExecutor())
      case .release(let waiters): for waiter in waiters { waiter.resume() }
      case .idle(let ticket, let watches):
        if clock?.advanceToNextDeadline() == true { continue }
        parker.park(ticket, nanoseconds: watches ? Self.patienceNanoseconds : -1)
        if watches, parker.ticket == ticket { takeWhenStuck()?() }
      case .leave: return
      }
    }
  }

  private func nextStep() -> Step {
    let ticket = parker.ticket
    return state.withLockUnobserved { state in
      if !state.ready.isEmpty {
        state.stepsTaken += 1
        let index = Int(state.random.next() % UInt64(state.ready.count))
        return .run(state.ready.remove(at: index))
      }
      if !state.idleWaiters.isEmpty {
        defer { state.idleWaiters = [] }
        return .release(state.idleWaiters)
      }
      if state.isClosed {
        state.hasThread = false
        return .leave
      }
      return .idle(ticket, watches: state.whenStuck != nil)
    }
  }

  private func takeAlarm() -> (@Sendable () -> Void)? {
    state.withLockUnobserved { state in
      guard let alarm = state.alarm, state.stepsTaken >= alarm.step else { return nil }
      state.alarm = nil
      return alarm.body
    }
  }

  private func takeWhenStuck() -> (@Sendable () -> Void)? {
    state.withLockUnobserved { state in
      guard state.ready.isEmpty, state.idleWaiters.isEmpty else { return nil }
      defer { state.whenStuck = nil }
      return state.whenStuck
    }
  }
}
