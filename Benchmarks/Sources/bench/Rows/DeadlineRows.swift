import Bakery

/// What a deadline costs where it does not come: an hour ahead, around next to nothing.
enum DeadlineRows {
  static let all = [
    Row(
      "deadline around a call",
      unit: "ns per call",
      ours: { try await calls { try await withDeadline($0) { 1 } } },
      peers: [
        .go, .tokio, .asyncio, .standardLibrary { try await calls { _ in await oneChild { 1 } } },
      ]
    ),
    Row(
      "deadline around a yield",
      unit: "ns per call",
      ours: { try await calls { try await withDeadline($0) { await oneYield() } } },
      peers: [
        .go, .tokio, .asyncio,
        .standardLibrary { try await calls { _ in await oneChild { await oneYield() } } },
      ]
    ),
    Row(
      "deadline of a semaphore's wait, 8 tasks on 1 permit",
      unit: "ns per section",
      ours: { try await BakerySemaphore.heldAcrossYield(until: .after(.seconds(3600))) },
      peers: [.without("deadline") { try await BakerySemaphore.heldAcrossYield() }]
    ),
  ]

  /// One deadline serves all calls, as a program that hands it down would do it.
  private static func calls(_ call: (Deadline) async throws -> Int) async throws -> Figure {
    let deadline = Deadline.after(.seconds(3600))
    return try await Figure.perOperation { count in
      var done = 0
      for _ in 0..<count { done += try await call(deadline) }
      try WrongResult.check("calls done", done, expected: count)
    }
  }

  private static func oneYield() async -> Int {
    await Task.yield()
    return 1
  }

  /// A group with a single child: what a deadline by hand is made of, before there is a timer.
  private static func oneChild(_ body: @escaping @Sendable () async -> Int) async -> Int {
    await withTaskGroup(of: Int.self) { group in
      group.addTask { await body() }
      return await group.next() ?? 0
    }
  }
}
