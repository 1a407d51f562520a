/// Counts what an iterator takes without suspending, so that it yields to other tasks now and then.
@usableFromInline
struct YieldTurn {
  @usableFromInline var taken = 0

  @inlinable
  init() {}

  /// Notes an element that was there; true when it is time to yield.
  @inlinable @inline(__always)
  mutating func isOverAfterTaking() -> Bool {
    taken &+= 1
    guard taken == 256 else { return false }
    taken = 0
    return true
  }

  /// The task suspends, which is as good as yielding.
  @inlinable
  mutating func restart() {
    taken = 0
  }
}
