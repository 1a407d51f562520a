import Bakery
import Synchronization

/// Counts without a lock, so that it is right only if the sections around it exclude one another.
// Safe only inside such sections, which is what the rows that use it check.
final class UnguardedCounter: @unchecked Sendable {
  var value = 0
}

/// How many are inside a section at once, and whether there ever were too many.
final class Occupancy: Sendable {
  private let limit: Int
  private let inside = Atomic<Int>(0)
  private let exceeded = Atomic<Bool>(false)

  init(limit: Int) { self.limit = limit }

  /// Two atomic additions: this is the whole of a short section.
  @inline(__always)
  func visit() {
    if inside.add(1, ordering: .relaxed).newValue > limit {
      exceeded.store(true, ordering: .relaxed)
    }
    inside.subtract(1, ordering: .relaxed)
  }

  func check() throws {
    guard !exceeded.load(ordering: .relaxed) else {
      throw WrongResult("more than \(limit) tasks were inside the section at once")
    }
  }
}

/// Spreads `count` rounds over `tasks` child tasks; the loop over rounds is inside `work`.
func spread(
  _ count: Int,
  over tasks: Int,
  work: @escaping @Sendable (Int) async throws -> Int
) async throws {
  let done = try await withThrowingTaskGroup(of: Int.self) { group in
    for _ in 0..<tasks { group.addTask { try await work(count / tasks) } }
    return try await group.reduce(0, +)
  }
  try WrongResult.check("sections run", done, expected: count)
}

enum BakerySemaphore {
  static func uncontended() async throws -> Figure {
    let semaphore = AsyncSemaphore(limit: 4)
    return try await Figure.perOperation { count in
      for _ in 0..<count {
        let permit = try await semaphore.acquire()
        permit.release()
      }
    }
  }

  static func scoped() async throws -> Figure {
    let semaphore = AsyncSemaphore(limit: 4)
    return try await Figure.perOperation { count in
      var done = 0
      for _ in 0..<count {
        try await semaphore.withPermit { done += 1 }
      }
      try WrongResult.check("scopes run", done, expected: count)
    }
  }

  static func heldAcrossYield(until deadline: Deadline = .never) async throws -> Figure {
    try await Figure.perOperation { count in
      let semaphore = AsyncSemaphore(limit: 1)
      let counter = UnguardedCounter()
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds {
          let permit = try await semaphore.acquire(deadline: deadline)
          let before = counter.value
          await Task.yield()
          counter.value = before + 1
          permit.release()
        }
        return rounds
      }
      try WrongResult.check("exclusive increments", counter.value, expected: count)
    }
  }

  static func shortSection() async throws -> Figure {
    try await Figure.perOperation { count in
      let semaphore = AsyncSemaphore(limit: 8)
      let occupancy = Occupancy(limit: 8)
      try await spread(count, over: 64) { rounds in
        for _ in 0..<rounds {
          let permit = try await semaphore.acquire()
          occupancy.visit()
          permit.release()
        }
        return rounds
      }
      try occupancy.check()
    }
  }
}

extension FloorCounter {
  static func uncontended() async throws -> Figure {
    let counter = FloorCounter(4)
    return try await Figure.perOperation { count in
      var refused = 0
      for _ in 0..<count {
        if counter.acquire() { counter.release() } else { refused += 1 }
      }
      try WrongResult.check("refused permits", refused, expected: 0)
    }
  }

  static func scoped() async throws -> Figure {
    let counter = FloorCounter(4)
    return try await Figure.perOperation { count in
      var done = 0
      for _ in 0..<count {
        _ = await counter.withPermit { done += 1 }
      }
      try WrongResult.check("scopes run", done, expected: count)
    }
  }
}

extension FloorSemaphore {
  static func heldAcrossYield() async throws -> Figure {
    try await Figure.perOperation { count in
      let semaphore = FloorSemaphore(1)
      let counter = UnguardedCounter()
      try await spread(count, over: 8) { rounds in
        for _ in 0..<rounds {
          await semaphore.acquire()
          let before = counter.value
          await Task.yield()
          counter.value = before + 1
          semaphore.release()
        }
        return rounds
      }
      try WrongResult.check("exclusive increments", counter.value, expected: count)
    }
  }

  static func shortSection() async throws -> Figure {
    try await Figure.perOperation { count in
      let semaphore = FloorSemaphore(8)
      let occupancy = Occupancy(limit: 8)
      try await spread(count, over: 64) { rounds in
        for _ in 0..<rounds {
          await semaphore.acquire()
          occupancy.visit()
          semaphore.release()
        }
        return rounds
      }
      try occupancy.check()
    }
  }
}
