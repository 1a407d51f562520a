internal import Synchronization

/// Pieces of `0..<count` that tasks of a pool take one after another until none is left.
///
/// Pieces are smaller than a fair share, so that a task that is slow, or late, leaves what it does not get to for others.
struct ParallelWork: Sendable {
  /// How many pieces there are for each task, if the grain allows it.
  private static let piecesPerTask = 8

  let count: Int
  let piece: Int
  let width: Int

  init(count: Int, grain: Int, width: Int?, on pool: ThreadPool, _ caller: StaticString) {
    require(grain >= 1, "\(caller) needs a grain of at least 1, got \(grain)")
    require(width ?? 1 >= 1, "\(caller) needs a width of at least 1, got \(width ?? 1)")
    let width = width ?? pool.threads
    let (pieces, overflows) = width.multipliedReportingOverflow(by: Self.piecesPerTask)
    self.count = count
    piece = max(grain, overflows ? 1 : (count + pieces - 1) / pieces)
    self.width = max(1, min(width, (count + piece - 1) / piece))
  }

  var pieces: Int { (count + piece - 1) / piece }

  func range(ofPiece index: Int) -> Range<Int> {
    index * piece..<min((index + 1) * piece, count)
  }

  /// Calls `body` for each piece; on the calling task when there is one piece, otherwise on `pool`.
  func run(
    on pool: ThreadPool,
    _ body: @escaping @Sendable (Range<Int>) throws -> Void
  ) async throws {
    guard pieces > 1 else {
      try Task.checkCancellation()
      if count > 0 { try body(0..<count) }
      return
    }
    let cursor = Cursor()
    pool.core.wake(width)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<width {
        group.addTask(executorPreference: pool) {
          while let index = cursor.next(below: pieces) {
            try Task.checkCancellation()
            try body(range(ofPiece: index))
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
final class ParallelOutput<Element: Sendable>: @unchecked Sendable {
  private let places: UnsafeMutablePointer<Element>
  private let work: ParallelWork
  /// Whether a piece is filled; each byte is written by the one task that has the piece.
  private let isFilled: UnsafeMutablePointer<Bool>

  init(for work: ParallelWork) {
    self.work = work
    places = .allocate(capacity: work.count)
    isFilled = .allocate(capacity: max(work.pieces, 1))
    isFilled.initialize(repeating: false, count: max(work.pieces, 1))
  }

  deinit {
    for index in 0..<work.pieces where isFilled[index] {
      let range = work.range(ofPiece: index)
      (places + range.lowerBound).deinitialize(count: range.count)
    }
    isFilled.deallocate()
    places.deallocate()
  }

  /// Fills the places of a piece; after an error none of them.
  func fill(_ range: Range<Int>, _ make: (Int) throws -> Element) throws {
    var index = range.lowerBound
    do {
      while index < range.upperBound {
        (places + index).initialize(to: try make(index))
        index += 1
      }
    } catch {
      (places + range.lowerBound).deinitialize(count: index - range.lowerBound)
      throw error
    }
    isFilled[range.lowerBound / work.piece] = true
  }

  /// Moves everything out; all pieces are filled.
  func take() -> [Element] {
    isFilled.update(repeating: false, count: work.pieces)
    return Array(unsafeUninitializedCapacity: work.count) { buffer, count in
      buffer.baseAddress?.moveInitialize(from: places, count: work.count)
      count = work.count
    }
  }
}
