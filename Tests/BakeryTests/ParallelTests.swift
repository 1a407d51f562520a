import Bakery
import Testing

private struct Failed: Error, Equatable { var number: Int }

@Suite struct ParallelTests {
  private static let pool = ThreadPool(threads: 4, name: "parallel")

  @Test(arguments: [0, 1, 2, 7, 100, 1000, 4097], [1, 3, 100_000])
  func `a map has the results of a loop, in input order`(count: Int, grain: Int) async throws {
    for width in [1, 2, 5, 64] {
      let squares = try await parallelMap(0..<count, grain: grain, width: width, on: Self.pool) {
        $0 * $0
      }
      #expect(squares == (0..<count).map { $0 * $0 })
    }
  }

  @Test func `a map takes slices and other collections by their own indices`() async throws {
    let slice = Array(0..<1000)[100..<900]
    #expect(try await parallelMap(slice, on: Self.pool) { -$0 } == slice.map { -$0 })
    #expect(
      try await parallelMap(slice.reversed(), on: Self.pool) { $0 } == Array(slice.reversed())
    )
  }

  @Test func `an error ends a map, and every result that was made is let go`() async throws {
    let gauge = Gauge()
    for bad in [0, 1, 500, 999] {
      await #expect(throws: Failed(number: bad)) {
        _ = try await parallelMap(0..<1000, on: Self.pool) { number in
          if number == bad { throw Failed(number: number) }
          return Counted(gauge)
        }
      }
      #expect(gauge.now == 0)
    }
    let results = try await parallelMap(0..<1000, on: Self.pool) { _ in Counted(gauge) }
    #expect(gauge.now == 1000)
    withExtendedLifetime(results) {}
  }

  @Test func `each element is visited once`() async throws {
    let gauge = Gauge()
    try await parallelForEach(0..<10_000, on: Self.pool) { _ in gauge.enter() }
    #expect(gauge.now == 10_000)
  }

  @Test func `a cancelled task computes no further piece`() async throws {
    let gauge = Gauge()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await parallelForEach(0..<10_000, on: Self.pool) { _ in gauge.enter() }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(gauge.now == 0)
  }

  @Test func `a sum of fractions has the same bits at every width and grain`() async throws {
    let numbers = (1...10_000).map { 1 / Double($0) }
    let expected = try await parallelReduce(
      numbers,
      identity: 0,
      width: 1,
      on: Self.pool,
      { $0 + $1 },
      combine: { $0 + $1 }
    )
    #expect(abs(expected - 9.787606036044348) < 1e-9)
    for width in 1...64 {
      for grain in [1, 10, 256, 257, 1000, 20_000] {
        let sum = try await parallelReduce(
          numbers,
          identity: 0,
          grain: grain,
          width: width,
          on: Self.pool,
          { $0 + $1 },
          combine: { $0 + $1 }
        )
        #expect(sum.bitPattern == expected.bitPattern)
      }
    }
  }

  @Test func `a fold keeps the order of the elements`() async throws {
    for count in [0, 1, 255, 256, 257, 5000] {
      let text = try await parallelReduce(
        0..<count,
        identity: [Int](),
        on: Self.pool,
        { $0 + [$1] },
        combine: { $0 + $1 }
      )
      #expect(text == Array(0..<count))
    }
  }

  @Test(arguments: [0, 1, 2, 3, 1000, 10_000, 65_537], [1, 2, 3, 8])
  func `a sort is that of the standard library, and stable`(count: Int, width: Int) async throws {
    var random = SeededRandom(seed: UInt64(count * 10 + width)).generator
    let pairs = (0..<count).map { (key: Int.random(in: 0..<max(1, count / 4), using: &random), $0) }
    let shuffled = pairs.map { Pair(key: $0.key, place: $0.1) }
    let sorted = try await parallelSort(shuffled, grain: 100, width: width, on: Self.pool) {
      $0.key < $1.key
    }
    let expected = pairs.map { Pair(key: $0.key, place: $0.1) }
      .sorted { ($0.key, $0.place) < ($1.key, $1.place) }
    #expect(sorted == expected)
  }

  @Test func `a comparison that is no order loses no element`() async throws {
    for seed in 0..<20 {
      let random = SeededRandom(seed: UInt64(seed))
      let gauge = Gauge()
      let shuffled = (0..<5000).map { _ in Counted(gauge) }
      let objects = try await parallelSort(shuffled, grain: 100, width: 4, on: Self.pool) { _, _ in
        random.next() & 1 == 0
      }
      #expect(objects.count == 5000)
      #expect(gauge.now == 5000)
      #expect(Set(objects.map { ObjectIdentifier($0) }).count == 5000)
    }
  }

  @Test func `a cancelled sort ends, and lets its copies go`() async throws {
    let gauge = Gauge()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try await parallelSort(
        (0..<10_000).map { _ in Counted(gauge) },
        grain: 100,
        on: Self.pool
      ) {
        ObjectIdentifier($0) < ObjectIdentifier($1)
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(gauge.now == 0)
  }
}

private struct Pair: Equatable {
  var key: Int
  var place: Int
}
