internal import Synchronization

/// Pieces of `0..<count` that tasks of a pool take one after another until none is left.
///
/// Pieces are smaller than a fair share, so that a task that is slow, or late, leaves what it does not get to for others. They
/// get smaller towards the end, where the others wait for the last one.
///
/// Algorithm: guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on Computers, 1987), with a largest
/// piece, because elements at the beginning may be the dear ones.
@usableFromInline
struct ParallelWork: Sendable {
  /// What part of a task's share the largest and the smallest piece are, if the grain allows it.
  private static let (largest, smallest) = (8, 64)

  @usableFromInline let count: Int
  @usableFromInline let width: Int
  /// Where each piece begins, and the end of the last one.
  private let bounds: [Int]

  @usableFromInline
  init(count: Int, grain: Int, width: Int?, on pool: ThreadPool, _ caller: StaticString) {
    require(grain >= 1, "\(caller) needs a grain of at least 1, got \(grain)")
    require(width ?? 1 >= 1, "\(caller) needs a width of at least 1, got \(width ?? 1)")
    let width = max(1, min(width ?? pool.threads, count))
    let largest = max(grain, count / width / Self.largest)
    let smallest = max(grain, count / width / Self.smallest)
    var bounds = [0]
    var rest = count
    while rest > 0 {
      rest -= min(rest, max(smallest, min(largest, rest / width / 2)))
      bounds.append(count - rest)
    }
    self.count = count
    self.width = max(1, min(width, bounds.count - 1))
    self.bounds = bounds
  }

  @usableFromInline var pieces: Int { bounds.count - 1 }

  @usableFromInline
  func range(ofPiece index: Int) -> Range<Int> { bounds[index]..<bounds[index + 1] }

  /// Calls `body` with the number and range of each piece; on the calling task when there is one, otherwise on `pool`.
  @usableFromInline
  func run(
    on pool: ThreadPool,
    _ body: @escaping @Sendable (Int, Range<Int>) throws -> Void
  ) async throws {
    guard pieces > 1 else {
      try Task.checkCancellation()
      if count > 0 { try body(0, 0..<count) }
      return
    }
    let cursor = Cursor()
    pool.core.wake(width)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<width {
        group.addTask(executorPreference: pool) {
          while let index = cursor.next(below: pieces) {
            try Task.checkCancellation()
            try body(index, range(ofPiece: index))
          }
        }
      }
      // The first error ends the others at their next piece.
      try await group.waitForAll()
    }
  }

  private final class Cursor: Sendable {
    private let taken = Atomic<Int>(0)

    func next(below end: Int) -> Int? {
      let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      return index < end ? index : nil
    }
  }
}

/// Places that tasks fill in any order, piece by piece, each place once.
// Safe because no two pieces share a place, and the array is taken after all tasks have ended.
@usableFromInline
final class ParallelOutput<Element: Sendable>: @unchecked Sendable {
  @usableFromInline let places: UnsafeMutablePointer<Element>
  @usableFromInline let work: ParallelWork
  /// Whether a piece is filled; each byte is written by the one task that has the piece.
  @usableFromInline let isFilled: UnsafeMutablePointer<Bool>

  @inlinable
  init(for work: ParallelWork) {
    self.work = work
    places = .allocate(capacity: work.count)
    isFilled = .allocate(capacity: max(work.pieces, 1))
    isFilled.initialize(repeating: false, count: max(work.pieces, 1))
  }

  @inlinable
  deinit {
    for index in 0..<work.pieces where isFilled[index] {
      let range = work.range(ofPiece: index)
      (places + range.lowerBound).deinitialize(count: range.count)
    }
    isFilled.deallocate()
    places.deallocate()
  }

  /// Fills the places of a piece; after an error none of them.
  @inlinable
  func fill(_ piece: Int, _ range: Range<Int>, _ make: () throws -> Element) throws {
    var index = range.lowerBound
    do {
      while index < range.upperBound {
        (places + index).initialize(to: try make())
        index += 1
      }
    } catch {
      (places + range.lowerBound).deinitialize(count: index - range.lowerBound)
      throw error
    }
    isFilled[piece] = true
  }

  /// Moves everything out; all pieces are filled.
  @inlinable
  func take() -> [Element] {
    isFilled.update(repeating: false, count: work.pieces)
    return Array(unsafeUninitializedCapacity: work.count) { buffer, count in
      buffer.baseAddress?.moveInitialize(from: places, count: work.count)
      count = work.count
    }
  }
}
