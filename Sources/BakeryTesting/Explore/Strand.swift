internal import Bakery
internal import CBakeryRuntime
internal import Synchronization

/// A thread that does one piece of work of a run after another, and stops at every point until it has the baton.
///
/// Strands are used again, by any run. One whose run was given up while it had work waits for ever.
// Safe because `idle` strands belong to whoever takes them, and the others to the thread of their run with the baton.
final class Strand: ThreadScheduler, TimerTarget, @unchecked Sendable {
  /// A job, or what a thread of the schedule does.
  struct Work {
    enum Kind {
      case job(UnownedJob, isMain: Bool)
      case body(@Sendable () -> Void)
    }

    let owner: UInt64
    let kind: Kind

    init(_ job: UnownedJob, _ candidate: Candidate) {
      owner = candidate.owner
      kind = .job(job, isMain: candidate.isMain)
    }

    init(owner: UInt64, _ body: @escaping @Sendable () -> Void) {
      self.owner = owner
      kind = .body(body)
    }
  }

  private static let idle = Guarded<[Strand]>([])

  let baton = Baton()
  private var run: ThreadRun?
  private var work: Work?
  /// Which task or thread it works for.
  private(set) var owner: UInt64 = 0
  /// Points count while this is 0.
  private var silences = 1
  /// Counts sleeps; a timer of an earlier one wakes nobody.
  private var sleeps: UInt64 = 0
  private let isAsleep = Atomic<Bool>(false)
  /// Where the last point was, of a recorded schedule.
  private(set) var frames: [UInt] = []
  /// On which word it sleeps.
  private(set) var word: UnsafeRawPointer?

  private init() {
    startThread(named: "bakery-strand") {
      SchedulingPoint.setScheduler(self)
      while true {
        self.baton.wait()
        self.doWork()
      }
    }
  }

  /// A strand without work.
  static func take() -> Strand {
    idle.withLockUnobserved { $0.popLast() } ?? Strand()
  }

  /// Goes back to those without work; the baton is still here.
  func rest() {
    run = nil
    Self.idle.withLockUnobserved { $0.append(self) }
  }

  /// Hands the baton over together with work.
  func begin(_ work: Work, for run: ThreadRun) {
    self.work = work
    self.run = run
    baton.pass()
  }

  private func doWork() {
    guard let run else { return }
    run.enterThread()
    var next = work.take()
    while let work = next {
      owner = work.owner
      switch work.kind {
      case .job(let job, let isMain):
        // The main actor's jobs come one after another, so each is one step.
        silences = isMain ? 1 : 0
        run.isRunningMain = isMain
        RuntimeAdapter.perform(job, isMain: isMain, for: run)
        run.isRunningMain = false
      case .body(let body):
        silences = 0
        body()
      }
      silences = 1
      next = run.end(self)
    }
    // The baton is elsewhere from here on, and this may have a new run.
  }

  func noteFrames() {
    frames = [UInt](unsafeUninitializedCapacity: 24) { buffer, count in
      count = Int(bakery_frames(buffer.baseAddress, 24))
    }
  }

  var group: ObjectIdentifier? { run.map(ObjectIdentifier.init) }

  func reach(at object: UInt) {
    guard silences == 0, bakery_runs_handler() == 0 else { return }
    run?.reach(self, object: object == 0 ? Candidate.anything : UInt64(object))
  }

  func sleep(on word: UnsafeRawPointer, while expected: UInt32, nanoseconds: Int64) {
    guard let run, bakery_word(word) == expected else { return }
    sleeps += 1
    self.word = word
    isAsleep.store(true, ordering: .relaxed)
    let timer =
      nanoseconds < 0
      ? nil
      : run.clock.schedule(
        self,
        tag: sleeps,
        at: run.clock.now.advanced(by: .nanoseconds(nanoseconds))
      )
    run.sleep(self)
    if let timer { run.clock.cancel(timer) }
  }

  func wake() {
    if isAsleep.exchange(false, ordering: .acquiringAndReleasing) {
      run?.makeReadyFromAnywhere(self)
    }
  }

  func timerFired(tag: UInt64) {
    if tag == sleeps { wake() }
  }

  func fork(named name: String, _ body: @escaping @Sendable () -> Void) {
    run?.fork(named: name, body)
  }

  func note(_ kind: TraceEvent.Kind, of object: ObjectIdentity, count: Int) {
    run?.holdings.note(kind, of: object, by: owner, count: count)
  }

  func noteLock(_ word: UnsafeRawPointer) {
    run?.holdings.noteLock(word, of: owner)
  }

  func withoutPoints(_ body: () -> Void) {
    silences += 1
    body()
    silences -= 1
  }
}

/// What the thread that may run has.
// Safe because the word is touched by the functions of C alone, atomically.
final class Baton: @unchecked Sendable {
  private let word: UnsafeMutablePointer<UInt32>

  init() {
    word = .allocate(capacity: 1)
    word.initialize(to: 0)
  }

  deinit {
    word.deallocate()
  }

  /// Lets the thread go on that waits, or is about to.
  func pass() { bakery_baton_pass(word) }

  /// Waits for `pass`.
  func wait() { bakery_baton_wait(word) }
}
