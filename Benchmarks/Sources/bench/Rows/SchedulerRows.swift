import Bakery

/// What a scheduler does all day, each time on whichever executor the caller prefers.
enum SchedulerWork {
  static func spawnAndJoin() async throws -> Figure {
    try await Figure.perOperation { count in
      var done = 0
      for _ in 0..<count {
        async let one = 1
        done += await one
      }
      try WrongResult.check("tasks joined", done, expected: count)
    }
  }

  static func yield() async throws -> Figure {
    try await Figure.perOperation { count in
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds { await Task.yield() }
        return rounds
      }
    }
  }
}
