import Bakery
import Dispatch
import Synchronization

/// Runs one hot path a given number of times, for tools that count instructions and allocations.
///
/// `scripts/counts` runs it twice, with different numbers, and divides the difference.
@main
struct Counts {
  static let rows: [String: @concurrent @Sendable (Int) async throws -> Void] = [
    "semaphore-pair": { count in
      let semaphore = AsyncSemaphore(limit: 4)
      for _ in 0..<count {
        let permit = try await semaphore.acquire()
        permit.release()
      }
    },
    "semaphore-scope": { count in
      let semaphore = AsyncSemaphore(limit: 4)
      for _ in 0..<count { try await semaphore.withPermit {} }
    },
    "rate-limiter": { count in
      let limiter = RateLimiter(Quota(1_000_000_000, per: .seconds(1), burst: 1 << 30))
      for _ in 0..<count { try await limiter.acquire() }
    },
    "keyed-rate": { count in
      let quota = Quota(1_000_000_000, per: .seconds(1), burst: 1 << 30)
      let limiter = KeyedRateLimiter<Int>(quota)
      for number in 0..<count where !limiter.tryAcquire(for: number % 64) { throw Wrong() }
    },
    "bulkhead-pair": { count in
      let bulkhead = Bulkhead(limit: 4, queue: 4)
      for _ in 0..<count {
        let permit = try await bulkhead.acquire()
        permit.release()
      }
    },
    "breaker-pair": { count in
      let breaker = CircuitBreaker()
      for _ in 0..<count {
        let permit = try await breaker.acquire()
        permit.release(.success)
      }
    },
    "adaptive-pair": { count in
      let limiter = AdaptiveLimiter(limits: 4...1000)
      for _ in 0..<count {
        let permit = try await limiter.acquire()
        permit.release(.success)
      }
    },
    "mutex-pair": { count in
      let mutex = AsyncMutex(0)
      for _ in 0..<count {
        var guarded = try await mutex.lock()
        guarded.withValue { $0 += 1 }
        guarded.unlock()
      }
      guard try await mutex.withLock({ $0 }) == count else { throw Wrong() }
    },
    "mutex-scope": { count in
      let mutex = AsyncMutex(0)
      for _ in 0..<count { try await mutex.withLock { $0 += 1 } }
      guard try await mutex.withLock({ $0 }) == count else { throw Wrong() }
    },
    "rwlock-read": { count in
      let lock = AsyncRWLock(1)
      var sum = 0
      for _ in 0..<count { sum += try await lock.withReadLock { $0 } }
      guard sum == count else { throw Wrong() }
    },
    "event-wait": { count in
      let event = AsyncEvent()
      event.set()
      for _ in 0..<count { try await event.wait() }
    },
    "channel-reserve": { count in
      let channel = Channel<Int>(capacity: 16)
      for number in 0..<count {
        guard let place = try await channel.sender.reserve() else { throw Wrong() }
        try place.send(number)
        guard try await channel.receiver.receive() == number else { throw Wrong() }
      }
    },
    "select-of-2": { count in
      let (full, empty) = (Channel<Int>(capacity: 16), Channel<Int>(capacity: 16))
      for number in 0..<count {
        try full.sender.trySend(number)
        let received = try await select {
          full.receiver.receiving { $0 }
          empty.receiver.receiving { $0 }
        }
        guard received == number else { throw Wrong() }
      }
    },
    // Six producers and one consumer on one thread: every element is a wait of its producer.
    "select-over-6": { count in
      try await withTaskExecutorPreference(ThreadPool(threads: 1)) {
        try await selectOverSix(count)
      }
    },
    // On one thread, so that both sides wait each time.
    "channel-meeting": { count in
      try await withTaskExecutorPreference(ThreadPool(threads: 1)) {
        let channel = Channel<Int>(capacity: 0)
        async let sent: Void = {
          for number in 0..<count { try await channel.sender.send(number) }
        }()
        for number in 0..<count {
          guard try await channel.receiver.receive() == number else { throw Wrong() }
        }
        try await sent
      }
    },
    "oneshot": { count in
      for number in 0..<count {
        let oneshot = Oneshot<Int>()
        try oneshot.sender.send(number)
        guard try await oneshot.receiver.receive() == number else { throw Wrong() }
      }
    },
    "broadcast-delivery": { count in
      let broadcast = Broadcast<Int>(capacity: 16)
      let receiver = broadcast.subscribe()
      for number in 0..<count {
        _ = try broadcast.sender.send(number)
        guard try await receiver.receive()?.element == number else { throw Wrong() }
      }
    },
    // Ten receivers on one thread, which all wait for each element.
    "broadcast-wait": { count in
      try await withTaskExecutorPreference(ThreadPool(threads: 1)) {
        try await broadcast(count, to: 10)
      }
    },
    "watch-change": { count in
      let watch = Watch(0)
      var receiver = watch.subscribe()
      for number in 1...count {
        try watch.sender.send(number)
        guard try await receiver.changed() == number else { throw Wrong() }
      }
    },
    "channel-element": { count in
      let channel = Channel<Int>(capacity: 16)
      for number in 0..<count {
        try await channel.sender.send(number)
        guard try await channel.receiver.receive() == number else { throw Wrong() }
      }
    },
    "gather-item": { count in
      let sum = try await gather(0..<count, width: 1) { $0 }.reduce(0, +)
      guard sum == count * (count - 1) / 2 else { throw Wrong() }
    },
    "deadline-call": { count in
      let deadline = Deadline.after(.seconds(3600))
      var done = 0
      for _ in 0..<count { done += try await withDeadline(deadline) { 1 } }
      guard done == count else { throw Wrong() }
    },
  ]

  struct Wrong: Error {}

  /// Counts receivers down, and from the start again.
  private final class Missing: Sendable {
    private let receivers: Int
    private let count: Atomic<Int>

    init(_ receivers: Int) {
      self.receivers = receivers
      count = Atomic(receivers)
    }

    func isLast() -> Bool {
      guard count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return false }
      count.store(receivers, ordering: .releasing)
      return true
    }
  }

  /// An operation is an element at one receiver.
  private static func broadcast(_ count: Int, to receivers: Int) async throws {
    let broadcast = Broadcast<Int>(capacity: 16)
    let (missing, isSeen) = (Missing(receivers), Channel<Void>(capacity: 1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<receivers {
        let receiver = broadcast.subscribe()
        group.addTask {
          while try await receiver.receive() != nil {
            if missing.isLast() { try isSeen.sender.trySend(()) }
          }
        }
      }
      for number in 0..<count / receivers {
        try broadcast.sender.send(number)
        _ = try await isSeen.receiver.receive()
      }
      broadcast.sender.close()
      try await group.waitForAll()
    }
  }

  private static func selectOverSix(_ count: Int) async throws {
    let channels = (0..<6).map { _ in Channel<Int>(capacity: 0) }
    let receivers = channels.map(\.receiver)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (first, channel) in channels.enumerated() {
        group.addTask {
          for number in stride(from: first, to: count, by: 6) {
            try await channel.sender.send(number)
          }
        }
      }
      var sum = 0
      for _ in 0..<count {
        try await select {
          receivers[0].receiving { sum += $0 ?? -1 }
          receivers[1].receiving { sum += $0 ?? -1 }
          receivers[2].receiving { sum += $0 ?? -1 }
          receivers[3].receiving { sum += $0 ?? -1 }
          receivers[4].receiving { sum += $0 ?? -1 }
          receivers[5].receiving { sum += $0 ?? -1 }
        }
      }
      guard sum == count * (count - 1) / 2 else { throw Wrong() }
      try await group.waitForAll()
    }
  }

  // Not an asynchronous main: that one ends the first thread, which valgrind does not survive.
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let row = rows[arguments[1]], let count = Int(arguments[2]) else {
      fatalError("usage: counts ROW NUMBER, rows: \(rows.keys.sorted().joined(separator: " "))")
    }
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await row(count)
      } catch {
        fatalError("counts: \(arguments[1]) failed: \(error)")
      }
      done.signal()
    }
    done.wait()
  }
}
