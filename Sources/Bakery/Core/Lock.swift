internal import CBakeryCore
public import Synchronization

/// The one lock of the toolkit: spins for a moment, then sleeps in the kernel.
///
/// Held for a handful of instructions and never across `await`. A newcomer may overtake a sleeper, which
/// is what makes short sections fast; the order of *tasks* is kept by `WaitQueue`, not by this lock.
///
/// The word, chosen so that an uncontended pair costs two atomic operations and tracing costs none:
/// ```
///   0 free      1 held      2 held, somebody may sleep
///   +4 observed: every `lock()` takes the slow path, where scheduling points and holder tracking live
/// ```
/// Algorithm: "mutex2" of Ulrich Drepper, *Futexes Are Tricky* (2011), with bounded spinning before it.
@usableFromInline
struct Lock: ~Copyable, Sendable {
  @usableFromInline let word = Atomic<UInt32>(0)

  @usableFromInline static var observed: UInt32 { 4 }

  @inlinable init() {}

  /// Takes the lock unless it is held or observed; the caller's slow path takes it from there.
  @inlinable @inline(__always)
  borrowing func tryLockFast() -> Bool {
    word.compareExchange(
      expected: 0,
      desired: 1,
      successOrdering: .acquiring,
      failureOrdering: .relaxed
    ).exchanged
  }

  @inlinable @inline(__always)
  borrowing func lock() {
    if !tryLockFast() { lockSlowly() }
  }

  @inlinable @inline(__always)
  borrowing func unlock() {
    let old = word.wrappingSubtract(1, ordering: .releasing).oldValue
    if old != 1 { unlockSlowly(old) }
  }

  @inlinable @inline(__always)
  borrowing func withLock<Success: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Success
  ) throws(Failure) -> Success {
    lock()
    defer { unlock() }
    return try body()
  }

  /// Whether operations report to the tester or to holder tracking.
  @inlinable
  borrowing var isObserved: Bool { word.load(ordering: .relaxed) & Self.observed != 0 }

  /// Turns observation on or off; waits until the lock is free.
  borrowing func setObserved(_ observed: Bool) {
    lock()
    if observed {
      word.bitwiseOr(Self.observed, ordering: .relaxed)
    } else {
      word.bitwiseAnd(~Self.observed, ordering: .relaxed)
    }
    unlock()
  }

  @usableFromInline @inline(never)
  borrowing func lockSlowly() {
    if isObserved { SchedulingPoint.reach() }
    if spin() { return }
    // From here on the word says "somebody may sleep", so that whoever unlocks wakes one.
    while true {
      let current = word.load(ordering: .relaxed)
      let observed = current & Self.observed
      let (exchanged, _) = word.compareExchange(
        expected: current,
        desired: observed | 2,
        successOrdering: .acquiring,
        failureOrdering: .relaxed
      )
      guard exchanged else { continue }
      if current == observed { return }
      withUnsafePointer(to: word) { bakery_futex_wait($0, observed | 2, -1) }
    }
  }

  /// Waits a few hundred nanoseconds in growing steps: long looks apart let the holder finish several
  /// short sections without losing the cache line (docs/decisions/0002-lock.md has the figures).
  private borrowing func spin() -> Bool {
    var pauses = 4
    for _ in 0..<10 {
      let current = word.load(ordering: .relaxed)
      if current & 3 == 0 {
        let (exchanged, _) = word.compareExchange(
          expected: current,
          desired: current | 1,
          successOrdering: .acquiring,
          failureOrdering: .relaxed
        )
        if exchanged { return true }
      }
      for _ in 0..<pauses { bakery_pause() }
      pauses = min(pauses * 2, 64)
    }
    return false
  }

  /// Finishes an unlock of an observed lock, or of one on which somebody may sleep.
  ///
  /// In the second case the word still says "held" here, so nobody else can have taken it; a locker that
  /// wrote 2 meanwhile sleeps or is about to look again, and the wake-up below reaches it or one before it.
  @usableFromInline @inline(never)
  borrowing func unlockSlowly(_ old: UInt32) {
    guard old & 3 == 2 else { return }
    word.store(old & Self.observed, ordering: .releasing)
    withUnsafePointer(to: word) { bakery_futex_wake($0, 1) }
  }
}
