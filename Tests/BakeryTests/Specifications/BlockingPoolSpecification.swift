/// What a pool for blocking calls may do, call by call, with nothing but arrays and dictionaries.
struct BlockingPoolSpecification {
  enum Call {
    /// Somebody asks for a run; jobs are numbered from 0 in that order.
    case submit
    /// Thread `thread` has started, was unparked, or has ended its job.
    case next(thread: Int)
    /// Thread `thread` was idle for long.
    case endIdle(thread: Int)
    case cancel(job: Int)
    case shutDown
  }

  enum Result: Equatable {
    case starts(thread: Int)
    case unparks(thread: Int)
    case waits, saturated, shutDown
    case runs(job: Int)
    case idles, ends, stays
    case cancelled(Bool)
    case wakes(Int)
  }

  let threadsMaximum: Int
  let capacity: Int
  private(set) var submitted = 0
  private(set) var started = 0
  private(set) var line: [Int] = []
  private(set) var idle: [Int] = []
  private(set) var assigned: [Int: Int] = [:]
  /// Threads with a job, assigned or running.
  private(set) var busy: Set<Int> = []
  private(set) var isShutDown = false

  init(threadsMaximum: Int, capacity: Int) {
    self.threadsMaximum = threadsMaximum
    self.capacity = capacity
  }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .submit:
      defer { submitted += 1 }
      return submit()
    case .next(let thread):
      if let job = assigned.removeValue(forKey: thread) { return .runs(job: job) }
      if !line.isEmpty { return .runs(job: line.removeFirst()) }
      busy.remove(thread)
      if isShutDown { return .ends }
      idle.append(thread)
      return .idles
    case .endIdle(let thread):
      guard idle.contains(thread) else { return .stays }
      idle.removeAll { $0 == thread }
      return .ends
    case .cancel(let job):
      defer { line.removeAll { $0 == job } }
      return .cancelled(line.contains(job))
    case .shutDown:
      isShutDown = true
      defer {
        // Until they look, unparked threads are as good as busy.
        busy.formUnion(idle)
        idle = []
      }
      return .wakes(idle.count)
    }
  }

  private mutating func submit() -> Result {
    if isShutDown { return .shutDown }
    if let thread = idle.popLast() {
      busy.insert(thread)
      assigned[thread] = submitted
      return .unparks(thread: thread)
    }
    if busy.count < threadsMaximum {
      started += 1
      busy.insert(started)
      assigned[started] = submitted
      return .starts(thread: started)
    }
    guard line.count < capacity else { return .saturated }
    line.append(submitted)
    return .waits
  }
}
