@_spi(Measuring) import Bakery
import Glibc
import Synchronization

// Locks are taken by operating-system threads here, not by tasks: how a lock behaves when its holder
// loses the processor is the question. With one thread, the pair is uncontended.

enum LockRows {
  static func bakery(threads: Int) async throws -> Figure {
    try await Figure.perOperation { count in
      let counter = BakeryCounter()
      try onThreads(threads) {
        for _ in 0..<count / threads { counter.increment() }
      }
      try WrongResult.check("increments", counter.value, expected: count)
    }
  }

  static func standardLibrary(threads: Int) async throws -> Figure {
    try await Figure.perOperation { count in
      let counter = StandardCounter()
      try onThreads(threads) {
        for _ in 0..<count / threads { counter.increment() }
      }
      try WrongResult.check("increments", counter.value, expected: count)
    }
  }

  static func adaptive(threads: Int) async throws -> Figure {
    try await Figure.perOperation { count in
      let mutex = AdaptiveMutex()
      let counter = UnguardedCounter()
      try onThreads(threads) {
        for _ in 0..<count / threads {
          mutex.lock()
          counter.value += 1
          mutex.unlock()
        }
      }
      try WrongResult.check("increments", counter.value, expected: count)
    }
  }
}

// Safe because every access to `count` holds `lock`.
private final class BakeryCounter: @unchecked Sendable {
  private let lock = LockProbe()
  private var count = 0

  @inline(__always)
  func increment() {
    lock.lock()
    count += 1
    lock.unlock()
  }

  var value: Int {
    lock.lock()
    defer { lock.unlock() }
    return count
  }
}

private final class StandardCounter: Sendable {
  private let mutex = Mutex(0)

  @inline(__always)
  func increment() { mutex.withLock { $0 += 1 } }

  var value: Int { mutex.withLock { $0 } }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on that many threads at once and waits for all of them.
private func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) throws {
  var threads: [pthread_t] = []
  defer { for thread in threads { pthread_join(thread, nil) } }
  for _ in 0..<count {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    let failure = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      },
      argument
    )
    guard failure == 0 else { throw WrongResult("pthread_create failed with error \(failure)") }
    threads.append(thread)
  }
}
