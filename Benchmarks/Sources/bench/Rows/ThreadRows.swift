import Bakery
import Dispatch
import Foundation
import Glibc
import Synchronization

/// A thread that is started and joined, one after another.
enum ThreadStart {
  static func bakery() async throws -> Figure {
    try await perThread { try JoinableThread.start(named: "started") { 1 }.join() }
  }

  /// Foundation's threads cannot be joined, so each says when it is done.
  static func foundation() async throws -> Figure {
    try await perThread {
      let (done, result) = (DispatchSemaphore(value: 0), Cell())
      Thread {
        result.value = 1
        done.signal()
      }.start()
      done.wait()
      return Int(result.value)
    }
  }

  static func posix() async throws -> Figure {
    try await perThread {
      var thread = pthread_t()
      let failure = pthread_create(
        &thread,
        nil,
        { _ in UnsafeMutableRawPointer(bitPattern: 1) },
        nil
      )
      guard failure == 0 else { throw WrongResult("pthread_create failed with error \(failure)") }
      var result: UnsafeMutableRawPointer?
      pthread_join(thread, &result)
      return Int(bitPattern: result)
    }
  }

  /// Joins block, so all happens on a thread outside of tasks.
  private static func perThread(_ one: @escaping @Sendable () throws -> Int) async throws -> Figure
  {
    try await Figure.perOperation { count in
      let starter = try JoinableThread.start(named: "starter") {
        var joined = 0
        for _ in 0..<count { joined += try one() }
        return joined
      }
      try WrongResult.check("threads joined", try await starter.value, expected: count)
    }
  }
}

/// Two threads that wait for each other in turn: one counts the even numbers, the other the odd ones.
enum MonitorPingPong {
  static func bakery() async throws -> Figure {
    try await Figure.perOperation { count in
      let monitor = Monitor(0)
      try await takeTurns(count) { turn in
        monitor.withLock(when: { $0 == turn }) { $0 += 1 }
        monitor.notifyOne()
      }
      try WrongResult.check("turns", monitor.withLock { $0 }, expected: count)
    }
  }

  static func posix() async throws -> Figure {
    try await Figure.perOperation { count in
      let turns = PosixTurns()
      try await takeTurns(count) { turns.take($0) }
      try WrongResult.check("turns", turns.taken, expected: count)
    }
  }

  private static func takeTurns(
    _ count: Int,
    _ take: @escaping @Sendable (Int) -> Void
  ) async throws {
    let threads = try (0..<2).map { first in
      try JoinableThread.start(named: "turns") {
        for turn in stride(from: first, to: count, by: 2) { take(turn) }
      }
    }
    for thread in threads { try await thread.value }
  }
}

/// A mutex and a condition of the C library, as a C program would use them.
// Safe because `taken` is read and written under `mutex`, which never moves.
private final class PosixTurns: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private(set) var taken = 0

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(changed)
    mutex.deallocate()
    changed.deallocate()
  }

  func take(_ turn: Int) {
    pthread_mutex_lock(mutex)
    while taken != turn { pthread_cond_wait(changed, mutex) }
    taken += 1
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(changed)
  }
}

/// How long work from outside waits until it runs, while twice as many loops as there are processors compute.
///
/// Each loop computes for 50 µs and then goes to the end of the line. The figure is the 99th of 100 waits, of 1,000 that begin
/// a millisecond after one another.
enum WakeUp {
  private static let samples = 1_000

  static func bakery() async throws -> Figure {
    let pool = ThreadPool(threads: ParallelRows.processors)
    let figure = try await underTasks(on: pool)
    await pool.shutdown()
    return figure
  }

  static func standardLibrary() async throws -> Figure { try await underTasks(on: nil) }

  static func dispatch() async throws -> Figure {
    let queue = DispatchQueue.global()
    let isOver = Cell()
    let loops = DispatchGroup()
    for _ in 0..<2 * ParallelRows.processors {
      loops.enter()
      @Sendable func step() {
        compute()
        if isOver.value != 0 { loops.leave() } else { queue.async { step() } }
      }
      queue.async { step() }
    }
    let figure = try await measure { body in queue.async { body() } }
    isOver.value = 1
    await withCheckedContinuation { ended in loops.notify(queue: queue) { ended.resume() } }
    return figure
  }

  private static func underTasks(on pool: ThreadPool?) async throws -> Figure {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let isOver = Cell()
      for _ in 0..<2 * ParallelRows.processors {
        group.addTask(executorPreference: pool) {
          while isOver.value == 0 {
            compute()
            await Task.yield()
          }
        }
      }
      defer { isOver.value = 1 }
      return try await measure { body in Task(executorPreference: pool) { body() } }
    }
  }

  private static func measure(
    _ submit: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
  ) async throws -> Figure {
    let sender = try JoinableThread.start(named: "sender") {
      let (done, wait) = (DispatchSemaphore(value: 0), Cell())
      var waits: [Int64] = []
      for _ in 0..<samples {
        usleep(1_000)
        let start = SystemTime.shared.now.nanoseconds
        submit {
          wait.value = SystemTime.shared.now.nanoseconds - start
          done.signal()
        }
        done.wait()
        waits.append(wait.value)
      }
      return waits.sorted()[samples * 99 / 100]
    }
    return Figure(value: Double(try await sender.value))
  }

  private static func compute() {
    let end = SystemTime.shared.now.nanoseconds + 50_000
    while SystemTime.shared.now.nanoseconds < end {}
  }
}

/// A number that several threads read and write.
private final class Cell: Sendable {
  private let atomic = Atomic<Int64>(0)

  var value: Int64 {
    get { atomic.load(ordering: .relaxed) }
    set { atomic.store(newValue, ordering: .relaxed) }
  }
}
