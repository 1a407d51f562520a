import Bakery

private let width = 64
private let batchSize = 512

/// What is done to each item: next to nothing, so that a row shows the cost of running it.
@inline(__always)
private func work(_ item: Int) -> Int { item &* 31 }

private func check(_ tally: Tally, items: Int) throws {
  try WrongResult.check("items received", tally.count, expected: items)
  try WrongResult.check("sum", tally.sum, expected: items * (items - 1) / 2 * 31)
}

/// The tally of the last stage, which is in another task than the row.
private actor Total {
  private(set) var tally = Tally()

  /// Counts a batch and looks at one record of it, so that a row shows the hops and not the summing.
  func add(_ batch: [Int]) { tally.add(batch[0]) }

  func add(all batch: [Int]) {
    tally.count += batch.count
    tally.sum &+= batch.reduce(0, &+)
  }
}

enum BakeryStream {
  static func inputOrder() async throws -> Figure { try await run(order: .input) }

  static func completionOrder() async throws -> Figure { try await run(order: .completion) }

  private static func run(order: GatherOrder) async throws -> Figure {
    try await Figure.perItem(of: 1_000_000) { items in
      try await gatherStream(0..<items, width: width, order: order) {
        work($0)
      } consume: { outputs in
        var tally = Tally()
        for try await output in outputs { tally.add(output) }
        return tally
      }
    } check: {
      try check($0, items: 1_000_000)
    }
  }
}

/// One task that works and one that consumes, with a ring between them: enough for one worker.
enum FloorStream {
  static func run() async throws -> Figure {
    try await Figure.perItem(of: 1_000_000) { items in
      let ring = FloorRing(capacity: 2 * width)
      async let worked: Void = {
        for item in 0..<items { await ring.send(work(item)) }
        ring.close()
      }()
      var tally = Tally()
      while let output = await ring.receive() { tally.add(output) }
      await worked
      return tally
    } check: {
      try check($0, items: 1_000_000)
    }
  }
}

/// Batches that are made before the clock runs.
private func makeBatches(_ records: Int) -> [[Int]] {
  stride(from: 0, to: records, by: batchSize).map { Array($0..<min($0 + batchSize, records)) }
}

private let records = 1 << 23

enum BakeryStages {
  static func hops() async throws -> Figure {
    let batches = makeBatches(records)
    return try await Figure.perItem(of: records) { items in
      let total = Total()
      let stages = Stages()
      stages.from(batches.prefix(items / batchSize), buffer: 8)
        .map(width: 2) { $0 }
        .map(width: 2) { $0 }
        .forEach { batch in await total.add(batch) }
      try await stages.run()
      return (await total.tally, items)
    } check: { tally, items in
      try WrongResult.check("records", tally.count, expected: items / batchSize)
    }
  }

  static func batching() async throws -> Figure {
    try await Figure.perItem(of: 1_000_000) { items in
      let total = Total()
      let stages = Stages()
      stages.from(0..<items, buffer: 1024).batch(count: batchSize).forEach { batch in
        await total.add(all: batch)
      }
      try await stages.run()
      return await total.tally
    } check: { tally in
      try WrongResult.check("records", tally.count, expected: 1_000_000)
      try WrongResult.check("sum", tally.sum, expected: 999_999 * 500_000)
    }
  }
}

/// A task for each stage, with rings of batch numbers between them; the batches stay where they are.
enum FloorStages {
  static func hops() async throws -> Figure {
    let batches = makeBatches(records)
    return try await Figure.perItem(of: records) { items in
      let rings = (0..<3).map { _ in FloorRing(capacity: 8) }
      let count = items / batchSize
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for batch in 0..<count { await rings[0].send(batch) }
          rings[0].close()
        }
        for hop in 0..<2 {
          group.addTask {
            while let batch = await rings[hop].receive() { await rings[hop + 1].send(batch) }
            rings[hop + 1].close()
          }
        }
        var tally = Tally()
        while let batch = await rings[2].receive() { tally.add(batches[batch][0]) }
        try await group.waitForAll()
        return (tally, items)
      }
    } check: { tally, items in
      try WrongResult.check("records", tally.count, expected: items / batchSize)
    }
  }

  static func batching() async throws -> Figure {
    try await Figure.perItem(of: 1_000_000) { items in
      let ring = FloorRing(capacity: 1024)
      async let sent: Void = {
        for item in 0..<items { await ring.send(item) }
        ring.close()
      }()
      var tally = Tally()
      var batch: [Int] = []
      batch.reserveCapacity(batchSize)
      while let item = await ring.receive() {
        batch.append(item)
        guard batch.count == batchSize else { continue }
        tally.count += batch.count
        tally.sum &+= batch.reduce(0, &+)
        batch.removeAll(keepingCapacity: true)
      }
      tally.count += batch.count
      tally.sum &+= batch.reduce(0, &+)
      await sent
      return tally
    } check: { tally in
      try WrongResult.check("records", tally.count, expected: 1_000_000)
      try WrongResult.check("sum", tally.sum, expected: 999_999 * 500_000)
    }
  }
}
