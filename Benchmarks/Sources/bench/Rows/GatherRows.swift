import Bakery
import Synchronization

private let width = 64
private let million = 1_000_000
private let hundredThousand = 100_000

/// What is done to each item: next to nothing, so that a row shows the cost of running it.
@inline(__always)
private func work(_ item: Int) -> Int { item &* 31 }

private func check(_ results: some RandomAccessCollection<Int>, items: Int) throws {
  try WrongResult.check("results", results.count, expected: items)
  let right = zip(0..<items, results).count(where: { work($0) == $1 })
  try WrongResult.check("right results", right, expected: items)
}

private func inInputOrder(
  _ items: Int,
  _ run: (Int) async throws -> some RandomAccessCollection<Int>
) async throws -> Figure {
  try await Figure.perItem(of: items, run) { try check($0, items: items) }
}

private func inAnyOrder(
  _ items: Int,
  _ run: (Int) async throws -> some RandomAccessCollection<Int>
) async throws -> Figure {
  try await Figure.perItem(of: items, run) { try check($0.sorted(), items: items) }
}

enum BakeryGather {
  static func inputOrder() async throws -> Figure {
    try await inInputOrder(million) { items in
      try await gather(0..<items, width: width) { work($0) }
    }
  }

  static func completionOrder() async throws -> Figure {
    try await inAnyOrder(million) { items in
      try await gather(0..<items, width: width, order: .completion) { work($0) }
    }
  }

  static func eachYields() async throws -> Figure {
    try await inInputOrder(hundredThousand) { items in
      try await gather(0..<items, width: width) {
        await Task.yield()
        return work($0)
      }
    }
  }
}

/// A child task an item, at most 64 at a time: what people write with the standard library alone.
enum StandardGather {
  static func inputOrder() async throws -> Figure {
    try await inInputOrder(million) { items in await ordered(items) { work($0) } }
  }

  static func completionOrder() async throws -> Figure {
    try await inAnyOrder(million) { items in
      await withTaskGroup(of: Int.self) { group in
        var results: [Int] = []
        results.reserveCapacity(items)
        for item in 0..<items {
          if item >= width, let result = await group.next() { results.append(result) }
          group.addTask { work(item) }
        }
        for await result in group { results.append(result) }
        return results
      }
    }
  }

  static func eachYields() async throws -> Figure {
    try await inInputOrder(hundredThousand) { items in
      await ordered(items) {
        await Task.yield()
        return work($0)
      }
    }
  }

  @inline(__always)
  private static func ordered(
    _ items: Int,
    _ body: @escaping @Sendable (Int) async -> Int
  ) async -> [Int] {
    await withTaskGroup(of: (Int, Int).self) { group in
      var results = [Int](repeating: 0, count: items)
      for item in 0..<items {
        if item >= width, let (place, result) = await group.next() { results[place] = result }
        group.addTask { (item, await body(item)) }
      }
      for await (place, result) in group { results[place] = result }
      return results
    }
  }
}

/// 64 child tasks that take indices from one atomic counter and write into slots made beforehand.
enum FloorGather {
  static func inputOrder() async throws -> Figure {
    try await inInputOrder(million) { items in
      await workers(items) { slots, next in
        while let item = next.take() { slots.write(work(item), to: item) }
      }
    }
  }

  static func completionOrder() async throws -> Figure {
    try await inAnyOrder(million) { items in
      let free = Supply(of: items)
      return await workers(items) { slots, next in
        while let item = next.take() {
          let result = work(item)
          if let place = free.take() { slots.write(result, to: place) }
        }
      }
    }
  }

  static func eachYields() async throws -> Figure {
    try await inInputOrder(hundredThousand) { items in
      await workers(items) { slots, next in
        while let item = next.take() {
          await Task.yield()
          slots.write(work(item), to: item)
        }
      }
    }
  }

  private static func workers(
    _ items: Int,
    _ body: @escaping @Sendable (ResultSlots, Supply) async -> Void
  ) async -> ResultSlots {
    let slots = ResultSlots(items)
    let next = Supply(of: items)
    await withDiscardingTaskGroup { group in
      for _ in 0..<width { group.addTask { await body(slots, next) } }
    }
    return slots
  }
}

/// Hands out the numbers below a limit, each once.
private final class Supply: Sendable {
  private let limit: Int
  private let next = Atomic<Int>(0)

  init(of limit: Int) { self.limit = limit }

  @inline(__always)
  func take() -> Int? {
    let taken = next.add(1, ordering: .relaxed).oldValue
    return taken < limit ? taken : nil
  }
}

/// Room for results, made beforehand, which is also what is returned: a copy would double the memory.
// Safe because each slot is written by the one task that got its number, and read after all ended.
private final class ResultSlots: RandomAccessCollection, @unchecked Sendable {
  private let slots: UnsafeMutableBufferPointer<Int>

  init(_ count: Int) { slots = .allocate(capacity: count) }

  deinit { slots.deallocate() }

  @inline(__always)
  func write(_ result: Int, to place: Int) { slots[place] = result }

  var startIndex: Int { 0 }

  var endIndex: Int { slots.count }

  subscript(position: Int) -> Int { slots[position] }
}
