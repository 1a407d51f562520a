internal import Bakery
internal import CBakeryRuntime

/// Runs schedules in which tasks take turns inside their jobs too: each job on a thread, of which one at a time has the baton.
///
/// Whoever has the baton owns everything of the run. A thread that gets to a point picks who goes on, and hands the baton to
/// that thread, or keeps it. To go on is the usual choice, index 0. The thread that entered the run, the driver, gets the baton
/// when there is something else to do than the next step.
// Safe because only the thread with the baton touches the run, and the baton orders what they do.
final class ThreadRun: ScheduleRun, @unchecked Sendable {
  /// What a thread is to do next.
  enum Turn {
    case goOn(Strand)
    case begin(Strand.Work)
  }

  /// Whoever is ready without a job in the list of `jobs`, by the sequence.
  private var turns: [UInt32: Turn] = [:]
  /// How many strands have work which has not ended.
  private var working = 0
  private var threads: UInt64 = 0
  private var asleep: [Strand] = []
  private let wokenOutside = Guarded<[Strand]>([])
  private let driver = Baton()
  /// What threads of the schedule are called, by their owners' numbers.
  private var names: [UInt64: String] = [:]
  /// Where the points of a recorded schedule are, by the number of the record.
  private var pointFrames: [Int: [UInt]] = [:]

  override var seesCallsOutside: Bool { false }

  /// What steps touch is not noted on their threads, so every order counts as one of its own.
  override var orderHash: UInt64 { hash }

  /// Whose work it is when a deadline comes.
  private static let clockOwner: UInt64 = 1

  override func threadName(of owner: UInt64) -> String? { names[owner] }

  override var unfinishedTasks: Int { max(super.unfinishedTasks, working + turns.count) }

  override func enter() {
    super.enter()
    bakery_run_quiet_handlers(state)
    SchedulingPoint.beginScheduling()
    threads = 0
    asleep = []
    names = [Self.clockOwner: "time"]
    pointFrames = [:]
    holdings.begin(isKept: isRecorded)
  }

  override func leave() {
    SchedulingPoint.endScheduling()
    super.leave()
  }

  override func perform(_ candidate: Candidate, _ job: UnownedJob?) {
    hand(turn(candidate, job))
    driver.wait()
  }

  override func moveTime() {
    guard let next = clock.nextDeadline else { return }
    mix(UInt64(bitPattern: next.nanoseconds))
    let clock = clock
    push(Strand.Work(owner: Self.clockOwner) { clock.advanceToNextDeadline() })
  }

  override func takeForeignJobs() {
    super.takeForeignJobs()
    let woken = wokenOutside.withLockUnobserved { woken in
      defer { woken = [] }
      return woken
    }
    for strand in woken { makeReady(strand) }
  }

  /// Starts a thread that takes part.
  func fork(named name: String, _ body: @escaping @Sendable () -> Void) {
    threads += 1
    let owner = 1 << 63 | threads
    names[owner] = "thread \(threads) \"\(name)\""
    let clock = clock
    push(Strand.Work(owner: owner) { Seams.$time.withValue(clock, operation: body) })
  }

  private func push(_ work: Strand.Work) {
    sequence &+= 1
    turns[sequence] = .begin(work)
    ready.append(Candidate(sequence: sequence, owner: work.owner, isMain: false, task: work.owner))
    jobs.append(nil)
  }

  /// The strand, which has the baton, is at a point: returns when it has it again.
  func reach(_ strand: Strand, object: UInt64) {
    sequence &+= 1
    turns[sequence] = .goOn(strand)
    let candidate = Candidate(
      sequence: sequence,
      owner: strand.owner,
      isMain: false,
      task: strand.owner,
      object: object
    )
    ready.insert(candidate, at: 0)
    jobs.insert(nil, at: 0)
    if isRecorded { strand.noteFrames() }
    passOn(from: strand)
  }

  /// The strand sleeps until it is made ready: returns when it has the baton again.
  func sleep(_ strand: Strand) {
    asleep.append(strand)
    if isRecorded { strand.noteFrames() }
    passOn(from: strand)
  }

  private func passOn(from strand: Strand) {
    guard goesOnAsUsual else {
      driver.pass()
      return strand.baton.wait()
    }
    let (candidate, job) = pick()
    let turn = turn(candidate, job)
    if case .goOn(let next) = turn, next === strand { return }
    hand(turn)
    strand.baton.wait()
  }

  /// The strand has nothing left to do; returns further work for it, or hands the baton on.
  func end(_ strand: Strand) -> Strand.Work? {
    working -= 1
    guard goesOnAsUsual else {
      strand.rest()
      driver.pass()
      return nil
    }
    let (candidate, job) = pick()
    switch turn(candidate, job) {
    case .begin(let work):
      working += 1
      return work
    case .goOn(let next):
      strand.rest()
      next.baton.pass()
      return nil
    }
  }

  private func turn(_ candidate: Candidate, _ job: UnownedJob?) -> Turn {
    if let job { return .begin(Strand.Work(job, candidate)) }
    guard let turn = turns.removeValue(forKey: candidate.sequence) else {
      preconditionFailure("a candidate without a turn")
    }
    if isRecorded, case .goOn(let strand) = turn {
      pointFrames[records.count] = strand.frames
      bakery_run_record_point(state, strand.owner, 0)
    }
    return turn
  }

  private func hand(_ turn: Turn) {
    switch turn {
    case .goOn(let strand): strand.baton.pass()
    case .begin(let work):
      let strand = Strand.take()
      working += 1
      strand.begin(work, for: self)
    }
  }

  func makeReady(_ strand: Strand) {
    asleep.removeAll { $0 === strand }
    sequence &+= 1
    turns[sequence] = .goOn(strand)
    ready.append(
      Candidate(sequence: sequence, owner: strand.owner, isMain: false, task: strand.owner)
    )
    jobs.append(nil)
  }

  /// The same by a thread that may have nothing to do with the run.
  func makeReadyFromAnywhere(_ strand: Strand) {
    if ScheduleRun.current === self { return makeReady(strand) }
    wokenOutside.withLockUnobserved { $0.append(strand) }
    noteForeignWork()
  }

  /// The address that stands for each recorded point: the first that is not of the lock itself.
  override func placesOfPoints() -> [Int: UInt] {
    let places = CodePlace.places(of: Set(pointFrames.values.joined()))
    return pointFrames.compactMapValues { Self.firstOutside($0, places) }
  }

  override var blockedThreads: [BlockedThread] {
    let places = CodePlace.places(of: Set(asleep.flatMap(\.frames)))
    return asleep.map { strand in
      let holder = strand.word.flatMap { bakery_word($0) == 0 ? nil : holdings.owner(ofLock: $0) }
      return BlockedThread(
        owner: strand.owner,
        stack: WaitReport.texts(of: Self.outside(strand.frames, places), places),
        holder: holder
      )
    }
  }

  private static func firstOutside(_ frames: [UInt], _ places: [UInt: CodePlace]) -> UInt? {
    outside(frames, places).first
  }

  private static func outside(_ frames: [UInt], _ places: [UInt: CodePlace]) -> [UInt] {
    frames.filter { frame in
      guard let place = places[frame], let location = place.location else { return false }
      // Fast paths stand where they are called when nobody tests.
      return !place.function.hasSuffix("InTurn")
        && !filesOfPoints.contains { location.hasPrefix($0) }
    }
  }

  private static let filesOfPoints = [
    "SchedulingPoint.swift", "Lock.swift", "Guarded.swift", "WordState.swift", "Futex.swift",
    "Parker.swift", "Spinner.swift", "ThreadRun.swift", "Strand.swift", "Strand.c",
  ]
}
