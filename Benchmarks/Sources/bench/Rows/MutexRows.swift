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

  static func shortSection() async throws -> Figure {
    try await Figure.perOperation { count in
      let mutex = AsyncMutex(0)
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds { try await mutex.withLock { $0 += 1 } }
        return rounds
      }
      try WrongResult.check("increments", try await mutex.withLock { $0 }, expected: count)
    }
  }

  static func heldAcrossYield() async throws -> Figure {
    try await Figure.perOperation { count in
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
    }
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
