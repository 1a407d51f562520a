internal import CBakeryCore
internal import Synchronization

/// One thread of a pool with its jobs.
// Safe because the fields that are no atomics belong to the worker's own thread.
final class PoolWorker: @unchecked Sendable {
  let index: Int
  let ring = JobRing()
  let parker = Parker()
  /// The job that was woken last by the one that runs, or 0: next to run, because what they share is in the cache.
  private let nextJob = Atomic<UInt>(0)
  /// How many jobs were begun; tells a lookout whether the running one is still the same.
  private let begun = Atomic<UInt>(0)
  /// The job that runs, to recognise that it puts itself in line again, or 0.
  private let running = Atomic<UInt>(0)
  /// The thread's number as the kernel shows it, 0 before it has begun.
  let thread = Atomic<Int32>(0)
  /// How often in a row the job woken last was run.
  private var streak = 0
  private var random: UInt64

  init(index: Int) {
    self.index = index
    random = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
  }

  /// The worker whose thread calls, whichever pool it is of.
  static var current: PoolWorker? {
    // Safe because only a worker's own thread stores the pointer, for as long as the worker lives.
    bakery_current_worker().map { Unmanaged<PoolWorker>.fromOpaque($0).takeUnretainedValue() }
  }

  var hasWork: Bool { !ring.isEmpty }
  var waiting: Int { ring.count + (nextJob.load(ordering: .relaxed) != 0 ? 1 : 0) }
  var isRunning: Bool { running.load(ordering: .relaxed) != 0 }

  /// Adds a job from the worker's own thread; true when another worker could take one now.
  ///
  /// A job that puts itself in line again yields, so it goes to the end; any other was woken, and comes next. `Task.yield()`
  /// adds a job of its own, which nothing tells from a task that was woken but the note of who calls it.
  func add(_ job: UnownedJob, overflow: ([UnownedJob]) -> Void) -> Bool {
    let bits = Self.bits(job)
    let yields = bakery_take_yielding() != 0
    if yields || bits == running.load(ordering: .relaxed) {
      ring.append(job, overflow: overflow)
      return true
    }
    let displaced = nextJob.exchange(bits, ordering: .acquiringAndReleasing)
    guard displaced != 0 else { return false }
    ring.append(Self.job(displaced), overflow: overflow)
    return true
  }

  /// What to run next of the worker's own jobs.
  func takeOwn() -> UnownedJob? {
    if streak < 3, let job = takeNextJob() {
      streak += 1
      return job
    }
    streak = 0
    return ring.takeFirst() ?? takeNextJob()
  }

  private func takeNextJob() -> UnownedJob? {
    guard nextJob.load(ordering: .relaxed) != 0 else { return nil }
    let bits = nextJob.exchange(0, ordering: .acquiringAndReleasing)
    return bits == 0 ? nil : Self.job(bits)
  }

  func run(_ job: UnownedJob, on executor: UnownedTaskExecutor) {
    running.store(Self.bits(job), ordering: .relaxed)
    begun.store(begun.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    job.runSynchronously(on: executor)
    running.store(0, ordering: .relaxed)
  }

  /// What a lookout remembers of a worker between two looks.
  struct Sight: Equatable {
    var nextJob: UInt
    var begun: UInt
  }

  var sight: Sight {
    Sight(nextJob: nextJob.load(ordering: .relaxed), begun: begun.load(ordering: .relaxed))
  }

  /// Takes the job that waits behind one that has been running since `sight`.
  func takeStuck(since sight: Sight) -> UnownedJob? {
    guard sight.nextJob != 0, sight == self.sight else { return nil }
    return takeNextJob()
  }

  /// A number below `bound` (xorshift64*, Vigna 2016); where to look for work first needs no more.
  func draw(below bound: Int) -> Int {
    random ^= random >> 12
    random ^= random << 25
    random ^= random >> 27
    return Int((random &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
  }

  // Safe because a job is one reference, and the cast checks the size.
  private static func bits(_ job: UnownedJob) -> UInt { unsafeBitCast(job, to: UInt.self) }

  // Safe because the bits are those of a job that was added and not yet taken.
  private static func job(_ bits: UInt) -> UnownedJob { unsafeBitCast(bits, to: UnownedJob.self) }
}
