internal import Bakery
internal import CBakeryRuntime
internal import Synchronization

/// Runs one schedule after another on the thread that entered it: the ready jobs, virtual time, a hash of what happened.
///
/// Tasks of a schedule prefer it as their executor and hold it without a reference. One whose schedule left tasks
/// behind is retired: it stays in memory, and what reaches it later is dropped.
// Safe because everything but `inbox`, `foreign`, `isRetired` and `parker` belongs to the thread that entered the run,
// and those have their own synchronization. What each step uses is not checked for exclusive access, a tenth of its cost:
// nothing calls out while it is used.
class ScheduleRun: TaskExecutor, TimerTarget, @unchecked Sendable {
  /// How a schedule ended.
  enum Ending {
    case returned
    case threw(any Error)
    /// Nothing is ready, no time will come, and the body has not ended.
    case deadlocked
    case tookTooLong
    /// Some tasks wait for each other while others go on.
    case closed
  }

  /// What a schedule may take.
  struct Limits {
    /// Steps until the body must have ended.
    var steps = 100_000
    /// Steps that tasks get to end after the body did and they were cancelled.
    var stepsOfDrain = 10_000
    /// How long, in real time, a thread from outside may still resume a task when nothing is ready.
    var patienceNanoseconds: Int64 = 100_000_000
    /// How long, in real time, one step may take until the body is said to block its thread.
    var blockedNanoseconds: Int64 = 10_000_000_000
  }

  private let loan: MainQueueLoan
  private let pulse: Pulse
  private(set) var state: OpaquePointer?
  private(set) var clock = ManualClock()
  private var random = SeededRandom(seed: 0)

  @exclusivity(unchecked) var ready: [Candidate] = []
  /// The jobs of those who are ready; `nil` for one that goes on inside its job.
  @exclusivity(unchecked) var jobs: [UnownedJob?] = []
  /// What the runtime resumes a yielding task with: nobody's decision, so it runs first.
  private var errands: [UnownedJob] = []
  @exclusivity(unchecked) var sequence: UInt32 = 0
  private var firstTask: UInt64 = 0
  private var strays: UInt64 = 0
  private var sleepers: [UInt64: UnownedJob] = [:]
  private var idleWaiters: [UnsafeContinuation<Void, Never>] = []

  /// Whether to look for tasks that wait for each other while others go on.
  var watchesCycles = false
  private var cycles = CycleWatch()
  private var hasClosed = false

  var isRunningMain = false
  @exclusivity(unchecked) private(set) var steps = 0
  /// Steps until the body ended.
  private(set) var bodySteps = 0
  /// The index taken wherever there was a choice.
  @exclusivity(unchecked) private(set) var choices: [Int] = []
  /// Out of how many.
  @exclusivity(unchecked) private(set) var widths: [Int] = []
  /// In which step of the record.
  @exclusivity(unchecked) private(set) var stepsOfChoices: [Int] = []
  /// How often another task than before took a step.
  @exclusivity(unchecked) private(set) var switches = 0
  @exclusivity(unchecked) private var lastTask: UInt64 = 0
  @exclusivity(unchecked) private(set) var hash: UInt64 = 0
  /// Whether jobs run on the thread that entered the run, where calls that begin something outside are noted.
  var seesCallsOutside: Bool { true }
  /// What schedules share that differ only in the order of independent steps.
  var orderHash: UInt64 { bakery_order_hash() }
  /// When each step began, while the run is recorded.
  private(set) var times: [Deadline] = []
  private(set) var isRecorded = false
  @exclusivity(unchecked) private var scheduler: any Scheduler = FIFO()
  /// Whether the scheduler wants to be told what each step touches.
  private var notesTouches = false
  private var outcome = Outcome()
  private var cancelledStep = 0
  /// The step that must not begin, of the body's or of those that end what it left.
  private var lastStep = 0
  private var isDraining = false
  /// Why what happened does not follow from the choices alone, if so.
  private(set) var uncontrolled: String?

  private let inbox = Guarded<[UnownedJob]>([])
  private let foreign = Atomic<Int>(0)
  private(set) var foreignTaken = 0
  private let isRetired = Atomic<Bool>(false)
  private let parker = Parker()

  init(loan: MainQueueLoan, pulse: Pulse) {
    self.loan = loan
    self.pulse = pulse
    let words = RuntimeAdapter.words(of: asUnownedTaskExecutor())
    // Safe because the run outlives its state, which is freed in `deinit` or, retired, never.
    let seams = bakery_run_seams(
      owner: Unmanaged.passUnretained(self).toOpaque(),
      now: { owner in owner.map { ScheduleRun.from($0).clock.now.nanoseconds } ?? 0 },
      random: { owner in owner.map { ScheduleRun.from($0).random.next() } ?? 0 }
    )
    state = bakery_run_make(seams, words.identity, words.implementation)
  }

  deinit {
    bakery_run_free(state)
  }

  // Safe because an owner is entered by the thread that keeps the run alive meanwhile.
  private static func from(_ owner: UnsafeMutableRawPointer) -> ScheduleRun {
    Unmanaged<ScheduleRun>.fromOpaque(owner).takeUnretainedValue()
  }

  /// The run of the calling thread.
  static var current: ScheduleRun? { bakery_run_owner().map(from) }

  /// The run of the calling thread if the current task, or whoever calls without one, belongs to it.
  static var ofCurrentTask: ScheduleRun? { bakery_run_is_stray() == 0 ? current : nil }

  var counts: bakery_run_counts { bakery_run_read_counts(state) }

  /// Tasks without a parent that the last schedule did not end.
  var unfinishedTasks: Int { Int(bakery_run_unfinished_tasks(state)) }

  /// Those tasks, and in a recorded schedule child tasks too.
  var unfinished: [UnsafeMutableRawPointer] {
    var tasks: [UnsafeMutableRawPointer] = []
    while let task = bakery_run_unfinished_task(state, UInt64(tasks.count)) { tasks.append(task) }
    return tasks
  }

  /// Makes the calling thread's jobs, clocks and random numbers those of the run, until `leave`.
  func enter() {
    bakery_run_enter(state)
  }

  func leave() {
    bakery_run_enter(nil)
  }

  /// Makes a further thread work for the run, while no other does.
  final func enterThread() {
    bakery_run_enter(state)
  }

  /// For records of points inside jobs, by their number: where they are.
  func placesOfPoints() -> [Int: UInt] { [:] }

  /// Those who wait for something else than tasks do.
  var blockedThreads: [BlockedThread] { [] }

  /// Who holds what, where objects do not know it.
  var holdings = Holdings()

  /// What a thread of the schedule is called that works for no task.
  func threadName(of owner: UInt64) -> String? { nil }

  /// Keeps records of the next schedule, or ends that.
  func setRecorded(_ isRecorded: Bool) {
    self.isRecorded = isRecorded
    bakery_run_record(state, isRecorded ? 1 : 0)
  }

  /// What was recorded of the last schedule; valid until the next one begins.
  var records: UnsafeBufferPointer<bakery_record> {
    var count: UInt64 = 0
    let start = bakery_run_records(state, &count)
    return UnsafeBufferPointer(start: start, count: Int(count))
  }

  /// Gives the run up with the tasks that it still has.
  // Safe because the reference is never taken back: unfinished tasks may use the executor at any time.
  func retire() {
    isRetired.store(true, ordering: .releasing)
    _ = Unmanaged.passRetained(self)
  }

  /// Runs `body` and what it starts until nothing is left to run; cancels it before `cancelledStep` if that is not 0.
  func perform(
    seed: UInt64,
    cancelledStep: Int = 0,
    scheduler: inout any Scheduler,
    limits: Limits,
    _ body: @escaping @concurrent @Sendable () async throws -> Void
  ) -> Ending {
    reset(seed: seed)
    self.cancelledStep = cancelledStep
    lastStep = limits.steps
    swap(&self.scheduler, &scheduler)
    defer { swap(&self.scheduler, &scheduler) }
    let outcome = outcome
    let task = Seams.$time.withValue(clock) {
      Seams.$random.withValue(random) {
        bakery_run_adopt(state, 1)
        defer { bakery_run_adopt(state, 0) }
        return Task { outcome.set(await Result<Void, any Error>.capturing { try await body() }) }
      }
    }
    bakery_outside_watch(1)
    if !seesCallsOutside { bakery_outside_watch(0) }
    notesTouches = self.scheduler.wantsTouches
    bakery_run_keep_tasks(state, notesTouches || watchesCycles ? 1 : 0)
    let isQuiet = drive(limits) { step in
      if step == cancelledStep { task.cancel() }
    }
    if !outcome.isSet { bodySteps = steps }
    if counts.strays > strays {
      uncontrolled =
        "an actor of the body is also used outside the exploration; make actors in the body"
    }
    if let call = OutsideCall.first { uncontrolled = call }
    switch outcome.value {
    case .success: return .returned
    case .failure(let error): return .threw(error)
    case nil where hasClosed: return .closed
    case nil: return isQuiet ? .deadlocked : .tookTooLong
    }
  }

  private func reset(seed: UInt64) {
    bakery_run_forget_tasks(state)
    bakery_order_begin()
    cycles = CycleWatch()
    hasClosed = false
    clock = ManualClock()
    random = SeededRandom(seed: seed)
    strays = counts.strays
    outcome = Outcome()
    isDraining = false
    sequence = 0
    firstTask = 0
    steps = 0
    choices.removeAll(keepingCapacity: true)
    widths.removeAll(keepingCapacity: true)
    stepsOfChoices.removeAll(keepingCapacity: true)
    switches = 0
    lastTask = 0
    times.removeAll()
    hash = 0xCBF2_9CE4_8422_2325
    uncontrolled = nil
  }

  /// Returns true when nothing was left to run, false when a limit was met.
  private func drive(_ limits: Limits, _ willStep: (Int) -> Void) -> Bool {
    while true {
      if foreign.load(ordering: .acquiring) != foreignTaken { takeForeignJobs() }
      if outcome.isSet, !isDraining {
        isDraining = true
        bodySteps = steps
        lastStep = steps + limits.stepsOfDrain
        bakery_run_cancel_tasks(state)
      }
      if !errands.isEmpty {
        RuntimeAdapter.perform(errands.removeFirst(), isMain: false, for: self)
      } else if !ready.isEmpty {
        guard steps < lastStep else { return false }
        if watchesCycles, !isDraining, cycles.hasClosed(at: steps, unfinished) {
          hasClosed = true
          return false
        }
        willStep(steps + 1)
        let (candidate, job) = pick()
        perform(candidate, job)
      } else if !idleWaiters.isEmpty {
        let waiters = idleWaiters
        idleWaiters = []
        bakery_order_begin_moment()
        for waiter in waiters { waiter.resume() }
      } else if clock.nextDeadline != nil {
        guard steps < lastStep else { return false }
        willStep(steps + 1)
        // Who sleeps may have been cancelled right now, and goes before the time.
        guard ready.isEmpty, errands.isEmpty else { continue }
        bakery_order_begin_moment()
        moveTime()
      } else if isDraining || !awaitForeignJob(limits.patienceNanoseconds) {
        return true
      }
    }
  }

  /// Moves time to the next deadline, with all that is due then.
  func moveTime() {
    clock.advanceToNextDeadline()
    steps += 1
    mix(UInt64(bitPattern: clock.now.nanoseconds))
  }

  /// Whether the next step is like any other, so that there is nothing to do before it but to pick who takes it.
  var goesOnAsUsual: Bool {
    !ready.isEmpty && errands.isEmpty && steps < lastStep && steps + 1 != cancelledStep
      && outcome.isSet == isDraining && foreign.load(ordering: .acquiring) == foreignTaken
  }

  /// Begins a step: decides who takes it.
  final func pick() -> (Candidate, UnownedJob?) {
    steps += 1
    pulse.beat()
    var index = 0
    if ready.count > 1 {
      index = scheduler.choose(from: ready, after: lastTask)
      choices.append(index)
      widths.append(ready.count)
      stepsOfChoices.append(times.count + 1)
    }
    mix(UInt64(ready.count))
    let candidate = ready.remove(at: index)
    let job = jobs.remove(at: index)
    mix(UInt64(candidate.sequence) << 1 | (candidate.isMain ? 1 : 0))
    if candidate.task != lastTask { switches += 1 }
    lastTask = candidate.task
    if isRecorded {
      times.append(clock.now)
      bakery_run_begin_step(state, UInt64(times.count))
      if let job { bakery_run_record_job(state, object(of: job)) }
    }
    return (candidate, job)
  }

  /// Lets who was picked take the step.
  func perform(_ candidate: Candidate, _ job: UnownedJob?) {
    guard let job else { return }
    isRunningMain = candidate.isMain
    let raw = object(of: job)
    let kind = bakery_job_kind(raw)
    let known = bakery_order_known()
    let cancelled = notesTouches ? bakery_run_cancelled_tasks(state) : 0
    bakery_order_begin_step(candidate.cause)
    if kind != BAKERY_JOB_TASK { bakery_order_touch(bakery_job_object(raw)) }
    RuntimeAdapter.perform(job, isMain: candidate.isMain, for: self)
    if notesTouches {
      bakery_run_touch_waits(state, raw, kind)
      let cancels = bakery_run_cancelled_tasks(state) != cancelled
      scheduler.took(
        candidate,
        touching: Self.touched + (cancels ? [SleepSets.everything] : []),
        known: known
      )
    }
    bakery_order_end_step()
    isRunningMain = false
  }

  private static var touched: [UInt64] {
    var count: UInt64 = 0
    let start = bakery_order_touched(&count)
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  /// Adds to the hash what tells this schedule from others.
  ///
  /// Algorithm: FNV-1a (Fowler, Noll, Vo) on words instead of bytes, with a shift so that high bits count.
  final func mix(_ value: UInt64) {
    hash = (hash ^ value) &* 0x100_0000_01B3
    hash ^= hash >> 29
  }

  // Safe because a job is a pointer to the runtime's object, which lives until the job has run.
  private func object(of job: UnownedJob) -> UnsafeMutableRawPointer {
    unsafeBitCast(job, to: UnsafeMutableRawPointer.self)
  }

  /// Whether a job is of a task from before this schedule, which one of its tasks has woken.
  ///
  /// The runtime counts tasks. Tasks of the schedule come to `enqueue`, but the runtime's own for `Task.sleep` do not.
  func isOlder(_ job: UnownedJob) -> Bool {
    let raw = object(of: job)
    return bakery_job_kind(raw) == BAKERY_JOB_TASK && bakery_job_task(raw) < firstTask
  }

  /// Adds a job that became ready on the run's own thread.
  func push(_ job: UnownedJob, isMain: Bool) {
    if isMain { loan.borrow(pulse) }
    let raw = object(of: job)
    let kind = bakery_job_kind(raw)
    guard kind != BAKERY_JOB_CONTINUATION else { return errands.append(job) }
    let owner = kind == BAKERY_JOB_TASK ? bakery_job_task(raw) : UInt64(UInt(bitPattern: raw))
    if sequence == 0 { firstTask = owner }
    sequence &+= 1
    let address = bakery_job_object(raw)
    // What made a task ready it often uses next; an actor's job uses the actor.
    let object =
      kind == BAKERY_JOB_TASK ? bakery_order_last() : bakery_order_number(address)
    let cause = bakery_order_cause()
    let task = kind == BAKERY_JOB_TASK ? owner : lastTask
    ready.append(
      Candidate(
        sequence: sequence,
        owner: owner,
        isMain: isMain,
        cause: cause,
        task: task,
        object: object
      )
    )
    jobs.append(job)
  }

  /// Adds a job whose time comes after `delay`; one of a clock with other units than `Duration` is ready at once.
  func pushTimer(_ job: UnownedJob, after delay: Duration?) {
    guard let delay else {
      uncontrolled = "a clock whose durations are not Swift's Duration"
      return push(job, isMain: false)
    }
    let deadline = clock.now.advanced(by: max(delay, .zero))
    // Who sleeps for ever is resumed by a cancellation, which does not need the timer.
    guard deadline != .never else { return }
    sequence &+= 1
    sleepers[UInt64(sequence)] = job
    _ = clock.schedule(self, tag: UInt64(sequence), at: deadline)
  }

  func timerFired(tag: UInt64) {
    if let job = sleepers.removeValue(forKey: tag) { push(job, isMain: false) }
  }

  /// Adds a job of a task that prefers this executor; called by the runtime, on any thread.
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if ScheduleRun.current === self { return push(job, isMain: false) }
    guard !isRetired.load(ordering: .acquiring) else { return }
    inbox.withLockUnobserved { $0.append(job) }
    noteForeignWork()
  }

  /// A thread from outside has put something where `takeForeignJobs` finds it.
  final func noteForeignWork() {
    foreign.wrappingAdd(1, ordering: .releasing)
    parker.unpark()
  }

  func takeForeignJobs() {
    // Read first: what comes after it is noticed the next time.
    foreignTaken = foreign.load(ordering: .acquiring)
    let arrived = inbox.withLockUnobserved { inbox in
      defer { inbox = [] }
      return inbox
    }
    uncontrolled = "a thread outside the exploration resumed a task of it"
    for job in arrived { push(job, isMain: false) }
  }

  private func awaitForeignJob(_ nanoseconds: Int64) -> Bool {
    let ticket = parker.ticket
    // Who asked somebody outside waits for the answer, also on a busy machine.
    let nanoseconds = bakery_outside_first().pointee.count > 0 ? 100 * nanoseconds : nanoseconds
    if foreign.load(ordering: .acquiring) == foreignTaken {
      parker.park(ticket, nanoseconds: nanoseconds)
    }
    return foreign.load(ordering: .acquiring) != foreignTaken
  }

  /// Suspends the calling task until no other is ready.
  func waitUntilIdle() async {
    await withUnsafeContinuation { idleWaiters.append($0) }
  }
}

extension ScheduleRun {
  /// What the body returned or threw.
  fileprivate final class Outcome: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let result = Guarded<Result<Void, any Error>?>(nil)

    var isSet: Bool { isOver.load(ordering: .relaxed) }

    var value: Result<Void, any Error>? { result.withLockUnobserved { $0 } }

    func set(_ value: Result<Void, any Error>) {
      result.withLockUnobserved { $0 = value }
      isOver.store(true, ordering: .relaxed)
    }
  }
}

/// The main dispatch queue, kept from everybody else while an exploration runs code of the main actor.
// Safe because the thread of one exploration borrows, and whoever swaps the pointer out gives back.
final class MainQueueLoan: @unchecked Sendable {
  private var isBorrowed = false
  private let loan = Atomic<UInt>(0)

  /// Waits for the queue, which another exploration may have, unless it is borrowed already.
  func borrow(_ pulse: Pulse) {
    guard !isBorrowed else { return }
    isBorrowed = true
    pulse.unwatched {
      loan.store(UInt(bitPattern: bakery_main_queue_borrow()), ordering: .releasing)
    }
  }

  func giveBack() {
    let borrowed = loan.exchange(0, ordering: .acquiringAndReleasing)
    bakery_main_queue_return(UnsafeMutableRawPointer(bitPattern: borrowed))
  }
}
