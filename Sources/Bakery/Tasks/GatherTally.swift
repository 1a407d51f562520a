/// The outcomes of a gather for which some successes are enough.
@usableFromInline
struct GatherTally<Kept: Sendable> {
  /// Invariant: no more than are needed.
  @usableFromInline private(set) var kept: [(index: Int, output: Kept)] = []
  @usableFromInline private(set) var failed = 0
  @usableFromInline private(set) var firstError: (any Error)?

  @inlinable
  init() {}

  /// Counts an outcome; true when there are enough.
  @inlinable
  mutating func count(
    _ result: Result<(index: Int, output: Kept), any Error>,
    needed: Int
  ) -> Bool {
    switch result {
    case .success(let output):
      if kept.count < needed { kept.append(output) }
    case .failure(let error):
      failed += 1
      if firstError == nil { firstError = error }
    }
    return kept.count == needed
  }

  /// What is returned; throws when there is not enough.
  @inlinable
  func finish(_ order: GatherOrder, needed: Int) throws -> [Kept] {
    guard kept.count == needed else { throw fellShort(of: needed) }
    let kept = order == .input ? kept.sorted { $0.index < $1.index } : kept
    return kept.map(\.output)
  }

  /// The error of too few successes.
  @usableFromInline
  func fellShort(of needed: Int) -> any Error {
    GatherFellShort(
      needed: needed,
      succeeded: kept.count,
      failed: failed,
      firstError: firstError
    )
  }
}
