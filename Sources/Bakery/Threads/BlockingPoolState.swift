/// The decisions of `BlockingPool`: pure, without a lock, a clock or a thread.
///
/// A thread of the pool, by its number:
/// ```
///              job                      no job                     idle for long, or shut down
///   started ─────────► running ────────────────────► idle ────────────────────────────► ending ──► gone
///                        ▲   │ next job in line        │ job
///                        └───┘◄────────────────────────┘
/// ```
/// Invariant: while jobs are in line, every thread has a job and there are `threadsMaximum` of them.
/// Invariant: a job is in line, in `assigned`, or with its thread. Only one in line can be cancelled.
struct BlockingPoolState: Sendable {
  enum Admission {
    /// The job has a thread: the idle one to unpark, or one to start with this number.
    case unpark(ThreadParker)
    case start(Int)
    /// The job stands in line.
    case wait(Ticket)
    case saturated
    case shutDown
  }

  /// What a thread does next.
  enum Step {
    /// Runs the job; the wake, if there is one, is fired when the job has ended.
    case run(BlockingJob, Wake?)
    case idle
    case end
  }

  private struct Idle: Sendable {
    let number: Int
    let parker: ThreadParker
  }

  let threadsMaximum: Int
  let capacity: Int
  private(set) var isShutDown = false
  /// Threads that take jobs.
  private(set) var threads = 0
  /// Threads that take none any more and are not gone yet.
  private(set) var ending = 0
  /// Who has a thread, by the number of the thread.
  private(set) var running: [Int: Party] = [:]
  private(set) var queue = WaitQueue()
  /// Why the system gave no thread when all jobs in line were refused.
  private(set) var startError: Int32 = 0
  private var idle: [Idle] = []
  private var assigned: [Int: BlockingJob] = [:]
  /// The jobs in line, by the index of their ticket.
  private var jobs: ContiguousArray<BlockingJob?> = []
  private var started = 0

  init(threadsMaximum: Int, capacity: Int) {
    self.threadsMaximum = threadsMaximum
    self.capacity = capacity
  }

  var isGone: Bool { isShutDown && threads + ending == 0 }

  var runningParties: [Party] { running.sorted { $0.key < $1.key }.map(\.value) }

  /// Gives a job a thread or a place in line, or refuses it.
  mutating func submit(_ job: BlockingJob, _ party: Party) -> Admission {
    if isShutDown { return .shutDown }
    // The one that fell idle last: the others get old enough to end.
    if let thread = idle.popLast() {
      assign(job, party, to: thread.number)
      return .unpark(thread.parker)
    }
    if threads < threadsMaximum {
      threads += 1
      started += 1
      assign(job, party, to: started)
      return .start(started)
    }
    guard queue.waiting < capacity else { return .saturated }
    return .wait(enqueue(job, party))
  }

  /// The system gave no thread `number`: its job gets in line if there are other threads to run it.
  ///
  /// - Returns: The job's place in line, or `nil` when it cannot run; then those in line cannot either.
  mutating func startFailed(
    _ number: Int,
    _ error: Int32,
    into wakes: inout Wakes
  ) -> Ticket? {
    threads -= 1
    let (job, party) = (assigned.removeValue(forKey: number), running.removeValue(forKey: number))
    if threads > 0, let job, let party { return enqueue(job, party) }
    startError = error
    queue.abortAll(.impossible, into: &wakes)
    return nil
  }

  /// What thread `number` does now: at its start, when it was unparked, and when its job has ended.
  mutating func next(_ number: Int, _ parker: ThreadParker) -> Step {
    if let job = assigned.removeValue(forKey: number) { return .run(job, nil) }
    running[number] = nil
    if let party = queue.firstParty {
      let (ticket, wake) = queue.grantFirst()
      if let job = jobs[ticket.index].take() {
        running[number] = party
        return .run(job, wake)
      }
    }
    guard isShutDown else {
      idle.append(Idle(number: number, parker: parker))
      return .idle
    }
    threads -= 1
    ending += 1
    return .end
  }

  /// Thread `number` has been idle for long: true if it ends, false if it was given a job meanwhile.
  mutating func endIdle(_ number: Int) -> Bool {
    guard let index = idle.firstIndex(where: { $0.number == number }) else { return false }
    idle.remove(at: index)
    threads -= 1
    ending += 1
    return true
  }

  /// An ending thread is gone.
  mutating func threadEnded() {
    ending -= 1
  }

  /// Takes a job out of the line; the job is returned to be let go outside the lock.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> (wake: Wake?, job: BlockingJob?)
  {
    let (found, wake) = queue.abort(ticket, outcome)
    guard found else { return (nil, nil) }
    return (wake, jobs[ticket.index].take())
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    queue.attach(waiter)
  }

  /// Refuses new jobs from now on; returns the idle threads, to be unparked.
  mutating func shutDown() -> [ThreadParker] {
    isShutDown = true
    defer { idle = [] }
    return idle.map(\.parker)
  }

  private mutating func assign(_ job: BlockingJob, _ party: Party, to number: Int) {
    assigned[number] = job
    running[number] = party
  }

  private mutating func enqueue(_ job: BlockingJob, _ party: Party) -> Ticket {
    let ticket = queue.enqueue(party)
    while jobs.count <= ticket.index { jobs.append(nil) }
    jobs[ticket.index] = job
    return ticket
  }
}
