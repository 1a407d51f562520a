import Bakery

private let items = 100_000
private let width = 64
private let entrants = 8

private struct Failed: Error {}

/// Every tenth item fails.
@inline(__always)
private func work(_ item: Int) throws -> Int {
  if item % 10 == 9 { throw Failed() }
  return item &* 31
}

/// Gathers that go on after errors or end early, and races.
enum PolicyRows {
  static let all = [
    Row(
      "gather 100k, width 64, a tenth fails, collected",
      unit: "ns per item",
      ours: {
        try await collected {
          try await gather(0..<items, width: width, policy: .collect) { try work($0) }
        }
      },
      peers: [
        .go, .tokio, .asyncio, .standardLibrary { try await collected { await allResults() } },
      ]
    ),
    Row(
      "gather 100k, width 64, until 45k succeed",
      unit: "ns per item",
      ours: {
        try await enough { needed in
          try await gather(0..<items, width: width, policy: .successes(needed)) { try work($0) }
        }
      },
      peers: [.go, .standardLibrary { try await enough { await firstSuccesses($0) } }]
    ),
    Row(
      "race of 8, each yields once",
      unit: "ns per race",
      ours: {
        try await races {
          try await race(0..<entrants) { item in
            await Task.yield()
            return item
          }
        }
      },
      peers: [.go, .tokio, .asyncio, .standardLibrary { try await races { await raceByHand() } }]
    ),
  ]

  private static func allResults() async -> [Result<Int, any Error>] {
    await withTaskGroup(of: (Int, Result<Int, any Error>).self) { group in
      var results = [Result<Int, any Error>](repeating: .success(0), count: items)
      for item in 0..<items {
        if item >= width, let (place, result) = await group.next() { results[place] = result }
        group.addTask { (item, Result { try work(item) }) }
      }
      for await (place, result) in group { results[place] = result }
      return results
    }
  }

  private static func collected(
    _ run: () async throws -> [Result<Int, any Error>]
  ) async throws -> Figure {
    try await Figure.perItem(of: items) { _ in
      try await run()
    } check: { results in
      try WrongResult.check("results", results.count, expected: items)
      for (item, result) in results.enumerated() {
        let right = (try? work(item)) == (try? result.get())
        try WrongResult.check("right results for \(item)", right ? 1 : 0, expected: 1)
      }
    }
  }

  /// The figure is per item that has to run: nine of ten succeed.
  private static func enough(_ run: (Int) async throws -> [Int]) async throws -> Figure {
    let needed = items * 9 / 20
    return try await Figure.perItem(of: items / 2) { _ in
      try await run(needed)
    } check: { results in
      try WrongResult.check("successes", results.count, expected: needed)
      try WrongResult.check("different ones", Set(results).count, expected: needed)
    }
  }

  private static func firstSuccesses(_ needed: Int) async -> [Int] {
    await withTaskGroup(of: Result<Int, any Error>.self) { group in
      var successes: [Int] = []
      for item in 0..<items {
        if item >= width, case .success(let value) = await group.next() {
          successes.append(value)
          if successes.count == needed { break }
        }
        group.addTask { Result { try work(item) } }
      }
      while successes.count < needed, let result = await group.next() {
        if case .success(let value) = result { successes.append(value) }
      }
      group.cancelAll()
      return successes
    }
  }

  private static func races(_ run: () async throws -> Int) async throws -> Figure {
    try await Figure.perOperation { count in
      for _ in 0..<count {
        let winner = try await run()
        try WrongResult.check("a winner", (0..<entrants).contains(winner) ? 1 : 0, expected: 1)
      }
    }
  }

  private static func raceByHand() async -> Int {
    await withTaskGroup(of: Int.self) { group in
      for item in 0..<entrants {
        group.addTask {
          await Task.yield()
          return item
        }
      }
      let winner = await group.next() ?? -1
      group.cancelAll()
      return winner
    }
  }
}
