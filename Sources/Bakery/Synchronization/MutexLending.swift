/// The word of a mutex: bit 0 while lockers and unlockers must take the slow path, bit 1 while somebody has the lock, bit 2 while the
/// first in line was called and has not run yet, and above how often others may still take the lock before it.
@usableFromInline
enum MutexWord {
  @inlinable static var locked: Int { 2 }
  @inlinable static var called: Int { 4 }
  static let loansShift = 3

  /// Whether the lock is free, and may be taken before the task that was called.
  static func isLendable(_ word: Int) -> Bool {
    word & 7 == called && word >> loansShift > 0
  }

  /// Whether it was taken so, and will be free again.
  static func isLent(_ word: Int) -> Bool {
    word & 7 == locked | called && word >> loansShift > 0
  }
}

/// Whether to call the first in line or to give it the lock.
///
/// Where a task that was called finds the lock taken, and was overtaken only now and then, sections are longer than its way, and it had
/// to suspend twice. Then the lock is given away without a call, twice as often each time.
struct Lending: Sendable {
  /// How often the lock is lent while one task is on its way: what a suspension costs is little for each of so many short sections.
  static let most = 64
  private static let few = 4
  private static let skippedMinimum = 32
  private static let skippedMaximum = 4096

  private var toSkip = 0
  private var skipNext = skippedMinimum

  mutating func isAllowed() -> Bool {
    guard toSkip > 0 else { return true }
    toSkip -= 1
    return false
  }

  /// The task that was called runs, after so many loans, and finds the lock taken or free.
  mutating func didEnd(after loans: Int, isLent: Bool) {
    if loans >= Self.few {
      skipNext = Self.skippedMinimum
    } else if isLent {
      toSkip = skipNext
      skipNext = min(skipNext * 2, Self.skippedMaximum)
    }
  }
}
