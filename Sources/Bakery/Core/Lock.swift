internal import CBakeryCore
public import Synchronization

/// The one lock of the toolkit: spins for a moment, then sleeps in the kernel.
///
/// Held for a handful of instructions and never across `await`. A newcomer may overtake a sleeper, which
/// is what makes short sections fast; the order of *tasks* is kept by `WaitQueue`, not by this lock.
/// ```
///   0 free  ──lock──►  1 held  ──somebody sleeps──►  2 held, wake one at unlock
/// ```
/// Algorithm: "mutex2" of Ulrich Drepper, *Futexes Are Tricky* (2011), with bounded spinning before it.
@usableFromInline
struct Lock: ~Copyable, Sendable {
  @usableFromInline let word = Atomic<UInt32>(0)

  @inlinable init() {}

  /// Takes the lock; a scheduling point.
  @inlinable @inline(__always)
  borrowing func lock() {
    if Mode.isTested { tellTester() }
    lockFast()
  }

  /// Takes a lock that, unlike others, is held while its holder gets to scheduling points.
  @inlinable @inline(__always)
  borrowing func lockForLong() {
    if Mode.schedules { lockInTurn() } else { lockFast() }
  }

  @usableFromInline @inline(never)
  borrowing func lockInTurn() {
    guard let scheduler = SchedulingPoint.scheduler else { return lockFast() }
    withUnsafePointer(to: word) { scheduler.reach(at: UInt(bitPattern: $0)) }
    let (taken, _) = word.compareExchange(
      expected: 0,
      desired: 1,
      successOrdering: .acquiring,
      failureOrdering: .relaxed
    )
    if !taken {
      while word.exchange(2, ordering: .acquiring) != 0 {
        withUnsafePointer(to: word) { Futex.wait($0, while: 2) }
      }
    }
    withUnsafePointer(to: word) { scheduler.noteLock($0) }
  }

  @usableFromInline @inline(never)
  borrowing func tellTester() {
    if Mode.schedules {
      withUnsafePointer(to: word) { SchedulingPoint.reach(at: UInt(bitPattern: $0)) }
    }
    noteUse()
  }

  /// Tells a tester that the lock is taken, where that is no scheduling point.
  borrowing func noteUse() {
    withUnsafePointer(to: word) { bakery_touch(UInt(bitPattern: $0), 0) }
  }

  /// Tells that this is another lock than one that was at its address before.
  borrowing func tellTesterOfNew() {
    withUnsafePointer(to: word) { bakery_touch(UInt(bitPattern: $0), 1) }
  }

  /// Takes the lock where `Mode.isPlain` has just been checked.
  @inlinable @inline(__always)
  borrowing func lockFast() {
    let (taken, _) = word.compareExchange(
      expected: 0,
      desired: 1,
      successOrdering: .acquiring,
      failureOrdering: .relaxed
    )
    if !taken { lockSlowly() }
  }

  @inlinable @inline(__always)
  borrowing func unlock() {
    if word.wrappingSubtract(1, ordering: .releasing).oldValue != 1 { wakeOne() }
  }

  @usableFromInline @inline(never)
  borrowing func lockSlowly() {
    if spin() { return }
    // From here on the word says "somebody sleeps", so that whoever unlocks wakes one.
    while word.exchange(2, ordering: .acquiring) != 0 {
      withUnsafePointer(to: word) { bakery_futex_wait($0, 2, -1) }
    }
  }

  /// Waits a few hundred nanoseconds in growing steps: long looks apart let the holder finish several
  /// short sections without losing the cache line (docs/decisions/0002-lock.md has the figures).
  private borrowing func spin() -> Bool {
    var pauses = 4
    for _ in 0..<10 {
      if word.load(ordering: .relaxed) == 0 {
        let (taken, _) = word.compareExchange(
          expected: 0,
          desired: 1,
          successOrdering: .acquiring,
          failureOrdering: .relaxed
        )
        if taken { return true }
      }
      for _ in 0..<pauses { bakery_pause() }
      pauses = min(pauses * 2, 64)
    }
    return false
  }

  /// Finishes an unlock on which somebody may sleep.
  ///
  /// The word still says "held" here, so nobody else can have taken it; a locker that wrote 2 meanwhile
  /// sleeps or is about to look again, and the wake-up below reaches it or one before it.
  @usableFromInline @inline(never)
  borrowing func wakeOne() {
    word.store(0, ordering: .releasing)
    withUnsafePointer(to: word) { Futex.wake($0, 1) }
  }
}

/// The one atomic integer of the toolkit.
///
/// The `Fast` operations belong where `Mode.isPlain` has just been checked, which is a scheduling point; the others under the
/// lock that owns the word, which is one.
///
/// Successful changes are acquire-release and loads acquire: what one side did before giving is visible to the
/// side that takes, and nothing in the toolkit relies on an order among different words.
@usableFromInline
struct Word: ~Copyable, Sendable {
  @usableFromInline let value: Atomic<Int>

  @inlinable
  init(_ value: Int) {
    self.value = Atomic(value)
  }

  @inlinable @inline(__always)
  borrowing func loadFast() -> Int { value.load(ordering: .acquiring) }

  /// Replaces `expected`; when somebody was faster, puts what the word holds into `expected`.
  @inlinable @inline(__always)
  borrowing func replaceFast(_ expected: inout Int, with desired: Int) -> Bool {
    let (exchanged, original) = value.weakCompareExchange(
      expected: expected,
      desired: desired,
      successOrdering: .acquiringAndReleasing,
      failureOrdering: .acquiring
    )
    expected = original
    return exchanged
  }

  /// Before the `Fast` operations of a word that no lock owns: a scheduling point, which a tester notes as a use of the word.
  @inlinable @inline(__always)
  borrowing func announceUse() {
    if Mode.isTested { tellTester() }
  }

  @usableFromInline @inline(never)
  borrowing func tellTester() {
    withUnsafePointer(to: value) {
      if Mode.schedules { SchedulingPoint.reach(at: UInt(bitPattern: $0)) }
      bakery_touch(UInt(bitPattern: $0), 0)
    }
  }

  /// Tells that this is another word than one that was at its address before.
  borrowing func tellTesterOfNew() {
    withUnsafePointer(to: value) { bakery_touch(UInt(bitPattern: $0), 1) }
  }

  /// Sets bits and returns the value from before.
  borrowing func setBits(_ bits: Int) -> Int {
    value.bitwiseOr(bits, ordering: .acquiringAndReleasing).oldValue
  }

  /// Stores `newValue`.
  @inlinable @inline(__always)
  borrowing func store(_ newValue: Int) {
    value.store(newValue, ordering: .releasing)
  }
}
