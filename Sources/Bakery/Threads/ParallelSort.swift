/// Returns the elements of `array` in order, sorted on the threads of a pool; equal elements keep their order.
///
/// Runs are sorted side by side, and then merged two by two, each merge by several tasks that find their part of both runs
/// by a binary search (merge path: Odeh, Green, Mwassi, Shmueli, Birk, *Merge Path*, IPDPS 2012).
///
/// > Cancellation: cancels the body and waits for it. Tasks look between runs and between rounds of merging.
///
/// - Complexity: O(*n* log *n*) comparisons, and room for another 2*n* elements.
/// - Important: traps when `grain` or `width` is less than 1.
/// - Parameters:
///   - array: What to sort.
///   - grain: How many elements are worth a task. An array of no more is sorted on the calling task.
///   - width: How many tasks at once; by default as many as the pool has threads.
///   - pool: Where to compute.
///   - areInIncreasingOrder: A strict weak order. With another one the order is undefined, but no element is lost.
/// - Returns: The same elements in increasing order.
/// - Throws: `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "sort")
@inlinable
public func parallelSort<Element: Sendable>(
  _ array: [Element],
  grain: Int = 4096,
  width: Int? = nil,
  on pool: ThreadPool = .shared,
  by areInIncreasingOrder: @escaping @Sendable (Element, Element) -> Bool
) async throws -> [Element] {
  let tasks = width ?? pool.threads
  let work = ParallelWork(
    count: array.count,
    grain: grain,
    width: tasks,
    on: pool,
    "parallelSort"
  )
  guard work.pieces > 1 else {
    try Task.checkCancellation()
    return array.sorted(by: areInIncreasingOrder)
  }
  let sorting = ParallelSorting(array, by: areInIncreasingOrder)
  var run = max(grain, (sorting.count + tasks - 1) / tasks)
  let runs = (sorting.count + run - 1) / run
  try await parallelForEach(0..<runs, width: tasks, on: pool) { [run] index in
    sorting.sortRun(index * run..<min((index + 1) * run, sorting.count))
  }
  while run < sorting.count {
    try Task.checkCancellation()
    let pieces = sorting.pieces(mergingRunsOf: run, width: tasks)
    // Once begun a round is finished, so that all elements are in one place.
    await withTaskGroup { group in
      for piece in pieces {
        group.addTask(executorPreference: pool) { sorting.merge(piece) }
      }
    }
    sorting.swapSides()
    run *= 2
  }
  return sorting.take()
}

/// Returns comparable elements in increasing order; see the form with a comparison.
///
/// > Cancellation: cancels the body and waits for it.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "sort")
@inlinable
public func parallelSort<Element: Comparable & Sendable>(
  _ array: [Element],
  grain: Int = 4096,
  width: Int? = nil,
  on pool: ThreadPool = .shared
) async throws -> [Element] {
  try await parallelSort(array, grain: grain, width: width, on: pool) { $0 < $1 }
}

/// The elements of a sort: all of them on one side, the other side free for the next round.
// Safe because tasks touch disjoint ranges of a side, and sides change only between rounds.
@usableFromInline
final class ParallelSorting<Element: Sendable>: @unchecked Sendable {
  /// A part of a merge: neighbouring parts of two runs, and where they go.
  @usableFromInline
  struct Piece: Sendable {
    @usableFromInline let left: Range<Int>
    @usableFromInline let right: Range<Int>
    @usableFromInline let target: Int

    @inlinable
    init(_ left: Range<Int>, _ right: Range<Int>, to target: Int) {
      self.left = left
      self.right = right
      self.target = target
    }
  }

  @usableFromInline let count: Int
  @usableFromInline private(set) var full: UnsafeMutablePointer<Element>
  @usableFromInline private(set) var free: UnsafeMutablePointer<Element>
  @usableFromInline let isBefore: @Sendable (Element, Element) -> Bool
  @usableFromInline private(set) var isTaken = false

  @inlinable
  init(_ array: [Element], by isBefore: @escaping @Sendable (Element, Element) -> Bool) {
    count = array.count
    self.isBefore = isBefore
    full = .allocate(capacity: count)
    free = .allocate(capacity: count)
    _ = UnsafeMutableBufferPointer(start: full, count: count).initialize(from: array)
  }

  @inlinable
  deinit {
    if !isTaken { full.deinitialize(count: count) }
    full.deallocate()
    free.deallocate()
  }

  /// Moves the elements out; called once.
  @inlinable
  func take() -> [Element] {
    isTaken = true
    return Array(unsafeUninitializedCapacity: count) { buffer, filled in
      buffer.baseAddress?.moveInitialize(from: full, count: count)
      filled = count
    }
  }

  @inlinable
  func sortRun(_ range: Range<Int>) {
    var run = UnsafeMutableBufferPointer(start: full + range.lowerBound, count: range.count)
    run.sort(by: isBefore)
  }

  @inlinable
  func swapSides() {
    swap(&full, &free)
  }

  /// Divides the merges of neighbouring runs into about two pieces for each task.
  @inlinable
  func pieces(mergingRunsOf run: Int, width: Int) -> [Piece] {
    let size = max(1024, (count + 2 * width - 1) / (2 * width))
    var pieces: [Piece] = []
    var start = 0
    while start < count {
      let middle = min(start + run, count)
      let end = min(middle + run, count)
      divide(start..<middle, middle..<end, by: size, into: &pieces)
      start = end
    }
    return pieces
  }

  @inlinable
  func divide(
    _ left: Range<Int>,
    _ right: Range<Int>,
    by size: Int,
    into pieces: inout [Piece]
  ) {
    var (first, second) = (left.lowerBound, right.lowerBound)
    while first < left.upperBound || second < right.upperBound {
      let rest = left.upperBound - first + right.upperBound - second
      let taken = min(size, rest)
      let fromLeft = split(first..<left.upperBound, second..<right.upperBound, after: taken)
      let next = (first + fromLeft, second + taken - fromLeft)
      pieces.append(
        Piece(first..<next.0, second..<next.1, to: first + second - right.lowerBound)
      )
      (first, second) = next
    }
  }

  /// How many of the first `taken` elements of the merge come from `left`: the smallest number that fits.
  ///
  /// Always within what both runs have, whatever the comparison says, so pieces never overlap.
  @inlinable
  func split(_ left: Range<Int>, _ right: Range<Int>, after taken: Int) -> Int {
    var low = max(0, taken - right.count)
    var high = min(taken, left.count)
    while low < high {
      let middle = (low + high) / 2
      // Equal elements of the left run come first.
      if isBefore(full[right.lowerBound + taken - middle - 1], full[left.lowerBound + middle]) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }

  /// Moves two parts of runs to the other side in order.
  @inlinable
  func merge(_ piece: Piece) {
    var (left, right, target) = (piece.left.lowerBound, piece.right.lowerBound, piece.target)
    while left < piece.left.upperBound, right < piece.right.upperBound {
      if isBefore(full[right], full[left]) {
        (free + target).moveInitialize(from: full + right, count: 1)
        right += 1
      } else {
        (free + target).moveInitialize(from: full + left, count: 1)
        left += 1
      }
      target += 1
    }
    let rest = piece.left.upperBound - left
    (free + target).moveInitialize(from: full + left, count: rest)
    (free + target + rest).moveInitialize(
      from: full + right,
      count: piece.right.upperBound - right
    )
  }
}
