internal import CBakeryCore
internal import Synchronization

/// The working part of `ThreadPool`: its workers, the jobs from outside, and who sleeps.
///
/// A job is never forgotten: who adds one looks for sleepers after it; who goes to sleep says so first and then looks for
/// jobs once more. One of the two sees the other, because a full fence lies between the writing and the looking of both.
/// While a worker searches nobody is woken, because it will find the job or look once more; so a burst of small jobs
/// causes one wake-up and not one for each (Lerche 2019; also the Go scheduler).
final class PoolCore: Sendable {
  private struct Outside {
    var jobs = JobList()
    /// The workers that sleep, the one that fell asleep last at the end: its cache is warm.
    var sleepers: [Int] = []
    var isShutDown = false
    var living = 0
  }

  /// How long a lookout sleeps between two looks.
  private static let lookoutNanoseconds: Int64 = 200_000
  /// A worker looks at the jobs from outside after as many of its own as were in line at the last look, within these bounds.
  private static let ownJobs = 4...61

  let identity: ObjectIdentity
  let workers: [PoolWorker]
  private let outside = Guarded(Outside())
  private let end: ThreadEnd
  private let outsideCount = Atomic<Int>(0)
  private let searching = Atomic<Int>(0)
  private let sleeping = Atomic<Int>(0)
  private let hasLookout = Atomic<Bool>(false)

  init(threads: Int, identity: ObjectIdentity) {
    self.identity = identity
    end = ThreadEnd(identity: identity)
    workers = (0..<threads).map(PoolWorker.init)
  }

  /// Starts the threads; each holds this object until it ends, and none holds the executor.
  func start(on executor: UnownedTaskExecutor) {
    outside.withLockUnobserved { $0.living = workers.count }
    let label = identity.name ?? "pool"
    for worker in workers {
      startThread(named: "\(label)-\(worker.index + 1)") { self.work(worker, executor) }
    }
  }

  // MARK: Adding jobs

  func add(_ job: UnownedJob) {
    guard let worker = PoolWorker.current, worker.index < workers.count,
      workers[worker.index] === worker
    else {
      addAll(CollectionOfOne(job))
      return notify()
    }
    // A job that nobody else can take yet needs somebody who looks after it if the running one does not end.
    if worker.add(job, overflow: addAll) || lacksLookout { notify() }
  }

  private var lacksLookout: Bool {
    sleeping.load(ordering: .relaxed) > 0 && !hasLookout.load(ordering: .relaxed)
  }

  private func addAll(_ jobs: some Collection<UnownedJob>) {
    let isShutDown = outside.withLockUnobserved { outside in
      outside.jobs.append(jobs)
      outsideCount.store(outside.jobs.count, ordering: .relaxed)
      return outside.isShutDown && outside.living == 0
    }
    require(
      !isShutDown,
      "\(identity) was shut down and got a job; await the tasks that prefer it before shutdown()"
    )
  }

  /// Wakes a sleeper unless somebody searches already.
  private func notify() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard searching.load(ordering: .relaxed) == 0, sleeping.load(ordering: .relaxed) > 0 else {
      return
    }
    wakeOne()
  }

  /// Wakes up to `count` sleepers at once, before as many jobs are added.
  ///
  /// One at a time, each after the one before it has found a job, the last would come later by as many wake-ups, of some
  /// tens of microseconds each: that is long beside a short computation.
  func wake(_ count: Int) {
    guard sleeping.load(ordering: .relaxed) > 0 else { return }
    let woken = outside.withLockUnobserved { outside in
      let woken = Array(outside.sleepers.suffix(count))
      outside.sleepers.removeLast(woken.count)
      sleeping.store(outside.sleepers.count, ordering: .relaxed)
      searching.wrappingAdd(woken.count, ordering: .relaxed)
      return woken
    }
    for index in woken { workers[index].parker.unpark() }
  }

  private func wakeOne() {
    let woken: Int? = outside.withLockUnobserved { outside in
      if searching.load(ordering: .relaxed) > 0 { return nil }
      guard let index = outside.sleepers.popLast() else { return nil }
      sleeping.store(outside.sleepers.count, ordering: .relaxed)
      searching.wrappingAdd(1, ordering: .relaxed)
      return index
    }
    if let woken { workers[woken].parker.unpark() }
  }

  // MARK: Working

  private func work(_ worker: PoolWorker, _ executor: UnownedTaskExecutor) {
    // Safe because the worker outlives its thread's work: `self` holds it.
    bakery_set_current_worker(Unmanaged.passUnretained(worker).toOpaque())
    worker.thread.store(bakery_thread_id(), ordering: .relaxed)
    defer { bakery_set_current_worker(nil) }
    var own = Self.ownJobs.lowerBound
    while true {
      if let job = next(worker, &own) {
        worker.run(job, on: executor)
      } else if leave() {
        return
      }
    }
  }

  /// The next job, for which the worker sleeps if it has to; `nil` when the pool has ended.
  private func next(_ worker: PoolWorker, _ own: inout Int) -> UnownedJob? {
    own -= 1
    if own <= 0 {
      own = min(max(worker.ring.count, Self.ownJobs.lowerBound), Self.ownJobs.upperBound)
      if let job = takeFromOutside(for: worker) { return job }
    }
    return worker.takeOwn() ?? takeFromOutside(for: worker) ?? search(worker)
  }

  /// Ends this worker, unless it is the last and a job came meanwhile.
  private func leave() -> Bool {
    let living: Int? = outside.withLockUnobserved { outside in
      if outside.living == 1, outside.jobs.count > 0 { return nil }
      outside.living -= 1
      return outside.living
    }
    if living == 0 { end.end() }
    return living != nil
  }

  /// Takes this worker's share of the jobs from outside and returns the first.
  private func takeFromOutside(for worker: PoolWorker) -> UnownedJob? {
    guard outsideCount.load(ordering: .relaxed) > 0 else { return nil }
    let jobs: [UnownedJob] = outside.withLockUnobserved { outside in
      let share = outside.jobs.count / workers.count + 1
      let jobs = outside.jobs.takeFirst(min(share, Int(JobRing.capacity) / 2))
      outsideCount.store(outside.jobs.count, ordering: .relaxed)
      return jobs
    }
    for job in jobs.dropFirst() { worker.ring.append(job, overflow: addAll) }
    if jobs.count > 1 { notify() }
    return jobs.first
  }

  /// Looks for a job everywhere, and sleeps when there is none; `nil` when the pool has ended.
  private func search(_ worker: PoolWorker) -> UnownedJob? {
    searching.wrappingAdd(1, ordering: .relaxed)
    while true {
      for pause in 0..<64 {
        if let job = find(worker) {
          endSearch()
          return job
        }
        for _ in 0..<min(pause, 16) { bakery_pause() }
      }
      guard fallAsleep(worker) else { return nil }
    }
  }

  private func find(_ worker: PoolWorker) -> UnownedJob? {
    if let job = worker.takeOwn() ?? takeFromOutside(for: worker) { return job }
    let start = worker.draw(below: workers.count)
    for offset in 0..<workers.count {
      let victim = workers[(start + offset) % workers.count]
      if victim !== worker, victim.hasWork, let job = worker.ring.steal(from: victim.ring) {
        return job
      }
    }
    return nil
  }

  /// A job was found; if more are in line, somebody else searches on.
  private func endSearch() {
    searching.wrappingSubtract(1, ordering: .relaxed)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if hasWork { notify() }
  }

  private var hasWork: Bool {
    outsideCount.load(ordering: .relaxed) > 0 || workers.contains { $0.hasWork }
  }

  /// Sleeps until there may be work, and is searching again then; false when the pool has ended.
  private func fallAsleep(_ worker: PoolWorker) -> Bool {
    let ticket = worker.parker.ticket
    let mayLeave = outside.withLockUnobserved { outside in
      searching.wrappingSubtract(1, ordering: .relaxed)
      if outside.isShutDown { return true }
      outside.sleepers.append(worker.index)
      sleeping.store(outside.sleepers.count, ordering: .relaxed)
      return false
    }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if mayLeave {
      guard hasWork else { return false }
      searching.wrappingAdd(1, ordering: .relaxed)
      return true
    }
    if hasWork {
      wakeSelf(worker)
    } else if !hasLookout.exchange(true, ordering: .relaxed) {
      lookOut(worker, ticket)
    } else {
      sleep(worker, ticket)
    }
    return true
  }

  /// Leaves the sleepers, unless somebody took this worker from there already; it is searching either way.
  private func wakeSelf(_ worker: PoolWorker) {
    outside.withLockUnobserved { outside in
      guard let place = outside.sleepers.lastIndex(of: worker.index) else { return }
      outside.sleepers.remove(at: place)
      sleeping.store(outside.sleepers.count, ordering: .relaxed)
      searching.wrappingAdd(1, ordering: .relaxed)
    }
  }

  private func isAsleep(_ worker: PoolWorker) -> Bool {
    outside.withLockUnobserved { $0.sleepers.contains(worker.index) }
  }

  private func sleep(_ worker: PoolWorker, _ ticket: UInt32) {
    var ticket = ticket
    while isAsleep(worker) {
      worker.parker.park(ticket)
      ticket = worker.parker.ticket
    }
  }

  /// Sleeps like others, but as long as a worker runs gets up now and then, and takes a job that waits as the next one
  /// behind a job that does not end.
  private func lookOut(_ worker: PoolWorker, _ ticket: UInt32) {
    var ticket = ticket
    var sights = workers.map(\.sight)
    var looks: Int64 = 0
    while isAsleep(worker) {
      guard sleeping.load(ordering: .relaxed) < workers.count else {
        hasLookout.store(false, ordering: .relaxed)
        return sleep(worker, ticket)
      }
      worker.parker.park(ticket, nanoseconds: Self.lookoutNanoseconds << min(looks, 4))
      ticket = worker.parker.ticket
      for (index, other) in workers.enumerated() {
        if let job = other.takeStuck(since: sights[index]) {
          worker.ring.append(job, overflow: addAll)
          wakeSelf(worker)
          break
        }
        sights[index] = other.sight
      }
      looks = sights.contains { $0.nextJob != 0 } ? 0 : looks + 1
    }
    hasLookout.store(false, ordering: .relaxed)
  }

  // MARK: The end

  /// Lets the workers end once no job is left.
  func shutDown() {
    let sleepers = outside.withLockUnobserved { outside in
      outside.isShutDown = true
      defer { outside.sleepers = [] }
      searching.wrappingAdd(outside.sleepers.count, ordering: .relaxed)
      sleeping.store(0, ordering: .relaxed)
      return outside.sleepers
    }
    for index in sleepers { workers[index].parker.unpark() }
  }

  /// Waits until all threads have ended.
  func waitUntilEnded() async {
    await end.waitUncancellably("shutdown")
  }

  func snapshot() -> Snapshot {
    Snapshot(
      of: identity,
      figures: [
        "threads": workers.count,
        "running": workers.count { $0.isRunning },
        "waiting": outsideCount.load(ordering: .relaxed) + workers.reduce(0) { $0 + $1.waiting },
      ],
      waiters: end.waiters
    )
  }
}
