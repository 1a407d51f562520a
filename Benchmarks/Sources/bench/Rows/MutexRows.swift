import Bakery

/// Runs `work` and its child tasks on a pool with a thread for each processor, not on the default executor.
func onThreadPool(_ work: @escaping @Sendable () async throws -> Figure) async throws -> Figure {
  try await withTaskExecutorPreference(ThreadPool.shared) { try await work() }
}

enum BakeryMutex {
  static func uncontended() async throws -> Figure {
    try await Figure.perOperation { count in
      let mutex = AsyncMutex(0)
      for _ in 0..<count { try await mutex.withLock { $0 += 1 } }
      try WrongResult.check("increments", try await mutex.withLock { $0 }, expected: count)
    }
  }

  /// How many acquisitions suspended their task, of all that a row has made.
  private struct Suspensions {
    private var waits = 0
    private var acquisitions = 0

    var share: Double { Double(waits) / Double(acquisitions) }

    mutating func add(_ count: Int, _ mutex: AsyncMutex<Int>) {
      waits += mutex.snapshot()["suspended"] ?? 0
      acquisitions += count
    }
  }

  static func shortSection() async throws -> Figure {
    var suspensions = Suspensions()
    var figure = try await Figure.perOperation { count in
      let mutex = AsyncMutex(0)
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds { try await mutex.withLock { $0 += 1 } }
        return rounds
      }
      try WrongResult.check("increments", try await mutex.withLock { $0 }, expected: count)
      suspensions.add(count, mutex)
    }
    figure.suspended = suspensions.share
    return figure
  }

  static func heldAcrossYield() async throws -> Figure {
    var suspensions = Suspensions()
    var figure = try await Figure.perOperation { count in
      let mutex = AsyncMutex(0)
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds {
          try await mutex.withLock { value in
            let before = value
            await Task.yield()
            value = before + 1
          }
        }
        return rounds
      }
      try WrongResult.check("increments", try await mutex.withLock { $0 }, expected: count)
      suspensions.add(count, mutex)
    }
    figure.suspended = suspensions.share
    return figure
  }
}

enum FloorMutex {
  static func shortSection() async throws -> Figure {
    try await Figure.perOperation { count in
      let semaphore = FloorSemaphore(1)
      let counter = UnguardedCounter()
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds {
          await semaphore.acquire()
          counter.value += 1
          semaphore.release()
        }
        return rounds
      }
      try WrongResult.check("increments", counter.value, expected: count)
    }
  }
}
