internal import CBakeryCore
internal import Synchronization

/// Looks for the end of a wait for a moment before the task suspends for it.
///
/// A suspension costs close to a microsecond, most of it to wake a thread. When the other side is running right now on
/// another processor, its next call comes sooner. So a waiter, which has its place in line already, first looks
/// whether anything was decided, for about as long as a suspension would cost: so a look in vain costs at most twice
/// the suspension, and once both sides run they go on without suspending. A look that finds nothing makes the next waiters suspend at once, twice as many each
/// time, so that a program whose other side is not running pays next to nothing. One in 256 waits suspends all the
/// same, so that two sides that always find each other do not keep their threads from other tasks.
///
/// The order of service is not touched: the place in line is taken before.
///
/// Algorithm: competitive spinning (Karlin, Li, Manasse, Owicki, *Empirical Studies of Competitive Spinning for a
/// Shared-Memory Multiprocessor*, SOSP 1991), with the decision kept for following waits.
@usableFromInline
struct Spinner: ~Copyable, Sendable {
  private static let looks = 48
  private static let waitsSkippedMinimum = 32
  private static let waitsSkippedMaximum = 4096

  /// Counts decisions about waits, so that waiters need not take the lock to see that there was none.
  private let decisions = Atomic<Int>(0)
  /// Waits after a look in vain suspend at once.
  private let patience = Patience(least: waitsSkippedMinimum)

  /// The count to compare with; to be read before the waiter takes its place in line.
  @usableFromInline var seen: Int { decisions.load(ordering: .relaxed) }

  /// Some wait was decided; called under the owner's lock.
  @usableFromInline
  borrowing func didDecide() {
    decisions.store(decisions.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// Calls `isOver` whenever something was decided since `seen`, until it is true or it is time to suspend.
  ///
  /// Success writes nothing, so that the two sides share no more than they must; the other counters are heuristics that
  /// threads may overwrite for each other.
  @usableFromInline @discardableResult
  borrowing func look(since seen: Int, _ isOver: () -> Bool) -> Bool {
    if Mode.schedules, let scheduler = SchedulingPoint.scheduler {
      // The other side goes first or does not: there is nothing to be found by looking again.
      scheduler.reach(at: 0)
      return decisions.load(ordering: .acquiring) != seen && isOver()
    }
    guard seen & 255 != 255, mayLook() else { return false }
    var seen = seen
    for _ in 0..<Self.looks {
      let now = decisions.load(ordering: .acquiring)
      if now != seen {
        seen = now
        if isOver() {
          patience.didFind(least: Self.waitsSkippedMinimum)
          return true
        }
      }
      bakery_pause()
    }
    patience.didTryInVain(most: Self.waitsSkippedMaximum)
    return false
  }

  /// Calls `take` before the caller stands in line, until it takes something, until it says by `nil` that it is no use,
  /// or until it is time to line up.
  @usableFromInline
  borrowing func look(_ take: () -> Bool?) -> Bool {
    if Mode.schedules, let scheduler = SchedulingPoint.scheduler {
      scheduler.reach(at: 0)
      return take() ?? false
    }
    guard mayLook() else { return false }
    for _ in 0..<Self.looks {
      guard let isTaken = take() else { return false }
      if isTaken {
        patience.didFind(least: Self.waitsSkippedMinimum)
        return true
      }
      bakery_pause()
    }
    patience.didTryInVain(most: Self.waitsSkippedMaximum)
    return false
  }

  private borrowing func mayLook() -> Bool { Mode.allowsLooking && patience.allowsTry() }

  /// Looks the same way for what `take` finds; `nil` when it is time to suspend.
  @usableFromInline
  borrowing func outcome(since seen: Int, _ take: () -> WaitOutcome?) -> WaitOutcome? {
    var outcome: WaitOutcome?
    look(since: seen) {
      outcome = take()
      return outcome != nil
    }
    return outcome
  }
}

/// Tries that may be in vain: each one in vain makes the next occasions pass, twice as many each time.
///
/// The counters are heuristics that threads may overwrite for each other.
struct Patience: ~Copyable, Sendable {
  /// Occasions that pass before the next try.
  private let toSkip = Atomic<Int>(0)
  /// How many the next try in vain makes pass.
  private let skipNext: Atomic<Int>

  init(least: Int) {
    skipNext = Atomic(least)
  }

  /// Whether this occasion is one to try.
  borrowing func allowsTry() -> Bool {
    let skip = toSkip.load(ordering: .relaxed)
    if skip > 0 { toSkip.store(skip - 1, ordering: .relaxed) }
    return skip == 0
  }

  borrowing func didFind(least: Int) {
    if skipNext.load(ordering: .relaxed) != least { skipNext.store(least, ordering: .relaxed) }
  }

  borrowing func didTryInVain(most: Int) {
    let skipped = skipNext.load(ordering: .relaxed)
    toSkip.store(skipped, ordering: .relaxed)
    skipNext.store(min(skipped * 2, most), ordering: .relaxed)
  }
}
