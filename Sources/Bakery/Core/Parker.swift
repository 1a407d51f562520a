internal import Synchronization

/// Lets one thread sleep until somebody has something for it.
///
/// The sleeper reads `ticket`, looks for work, and parks with that ticket: a call of `unpark` in between makes
/// `park` return at once, so no wake-up is lost.
package struct Parker: ~Copyable, Sendable {
  private let wakeUps = Atomic<UInt32>(0)

  package init() {}

  /// How often the thread was woken so far.
  package var ticket: UInt32 {
    if Mode.schedules { SchedulingPoint.reach() }
    return wakeUps.load(ordering: .acquiring)
  }

  /// Sleeps until `unpark` is called after `ticket` was read, at most for `nanoseconds` if not negative.
  package borrowing func park(_ ticket: UInt32, nanoseconds: Int64 = -1) {
    withUnsafePointer(to: wakeUps) { Futex.wait($0, while: ticket, nanoseconds: nanoseconds) }
  }

  /// Wakes the sleeper, now or on its next `park`.
  package borrowing func unpark() {
    if Mode.schedules { SchedulingPoint.reach() }
    wakeUps.wrappingAdd(1, ordering: .releasing)
    withUnsafePointer(to: wakeUps) { Futex.wake($0, 1) }
  }
}
