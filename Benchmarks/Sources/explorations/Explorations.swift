import Bakery
import BakeryTesting
import Dispatch
import Synchronization

/// Runs a kernel many times, explored or not, and says how long one run takes.
///
/// A program of its own: BakeryTesting replaces the executors of the process, which other suites measure.
@main
struct Explorations {
  static let usage = """
    usage: explorations KERNEL SIDE [NUMBER]

    Prints the nanoseconds of one run; with a NUMBER, runs so many and prints how many steps an explored one took.
    kernels: \(kernels.keys.sorted().joined(separator: ", ")); sides: bakery, fifo, stress
    """

  typealias Kernel = @concurrent @Sendable () async throws -> Void

  static let kernels: [String: (mode: ExplorationMode, body: Kernel)] = [
    "lost-update": (.jobs, { try await lostUpdate() }),
    "philosophers": (.jobs, { try await philosophers(5) }),
    "empty": (.jobs, {}),
    "locked-update": (.threads, { try await lockedUpdate() }),
  ]

  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 2, let (mode, kernel) = kernels[arguments[1]],
      let run = side(arguments[2], mode)
    else {
      fatalError(usage)
    }
    let count = arguments.count > 2 ? Int(arguments[3]) : nil
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        if let count {
          if let steps = try await run(count, kernel) { print(steps) }
        } else {
          print("{\"value\": \(try await nanoseconds(kernel, run))}")
        }
      } catch {
        fatalError("explorations: \(error)")
      }
      done.signal()
    }
    done.wait()
  }

  /// Runs a kernel so many times, and says how many steps one run took, if that was counted.
  typealias Side = @concurrent @Sendable (Int, @escaping Kernel) async throws -> Double?

  private static func side(_ name: String, _ mode: ExplorationMode) -> Side? {
    switch name {
    case "bakery":
      { count, kernel in
        let found = try await explore(schedules: count, mode: mode, kernel)
        guard found.schedules == count, found.uncontrolled == nil else { throw Wrong() }
        return Double(found.steps) / Double(count)
      }
    case "fifo":
      { count, kernel in
        let executor = FIFOExecutor()
        for _ in 0..<count { try await executor.run(kernel) }
        return nil
      }
    case "stress":
      { count, kernel in
        for _ in 0..<count { try await kernel() }
        return nil
      }
    default: nil
    }
  }

  /// Warms up for 1,000 runs, and then measures for a second at least.
  private static func nanoseconds(_ kernel: @escaping Kernel, _ run: Side) async throws -> Double {
    _ = try await run(1000, kernel)
    var count = 1000
    while true {
      let begin = ContinuousClock.now
      _ = try await run(count, kernel)
      let elapsed = ContinuousClock.now - begin
      if elapsed > .seconds(1) { return elapsed / .nanoseconds(1) / Double(count) }
      count *= 2
    }
  }

  struct Wrong: Error {}
}

actor Cell {
  private(set) var value = 0
  func set(_ new: Int) { value = new }
}

/// Two tasks that each read a value and write it one higher.
@concurrent private func lostUpdate() async throws {
  let cell = Cell()
  await withDiscardingTaskGroup { group in
    for _ in 0..<2 { group.addTask { await cell.set(await cell.value + 1) } }
  }
  guard await (1...2).contains(cell.value) else { throw Explorations.Wrong() }
}

/// The same with a lock around each of the two, for mode `threads`.
@concurrent private func lockedUpdate() async throws {
  let value = AsyncMutex(0)
  try await withThrowingTaskGroup { group in
    for _ in 0..<2 {
      group.addTask {
        let seen = try await value.withLock { $0 }
        try await value.withLock { $0 = seen + 1 }
      }
    }
    try await group.waitForAll()
  }
  guard try await (1...2).contains(value.withLock { $0 }) else { throw Explorations.Wrong() }
}

/// Each takes two forks, the last one in the other order, so that nobody starves.
@concurrent private func philosophers(_ count: Int) async throws {
  let forks = (0..<count).map { _ in AsyncSemaphore(limit: 1) }
  try await withThrowingTaskGroup { group in
    for place in 0..<count {
      let (first, second) = (min(place, (place + 1) % count), max(place, (place + 1) % count))
      group.addTask {
        try await forks[first].withPermit {
          await Task.yield()
          try await forks[second].withPermit { await Task.yield() }
        }
      }
    }
    try await group.waitForAll()
  }
}

/// What there is without exploring: one order of jobs, that in which they became ready.
private final class FIFOExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  /// Runs the kernel on the calling thread.
  func run(_ kernel: @escaping Explorations.Kernel) async throws {
    try await withThrowingTaskGroup { group in
      group.addTask(executorPreference: self) { try await kernel() }
      drain()
      try await group.waitForAll()
    }
  }

  private func drain() {
    while true {
      let batch = jobs.withLock { jobs in
        defer { jobs = [] }
        return jobs
      }
      if batch.isEmpty { return }
      for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}
