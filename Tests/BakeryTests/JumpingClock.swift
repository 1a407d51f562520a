import BakeryTesting

@testable import Bakery

/// A clock that can be set ahead and back, as those of machines can.
final class JumpingClock: TimeSource {
  private let inner = ManualClock(start: Deadline(nanoseconds: 1_000_000_000_000))
  private let behind = Guarded<Int64>(0)

  var now: Deadline {
    Deadline(nanoseconds: inner.now.nanoseconds - behind.withLockUnobserved { $0 })
  }

  func advance(by duration: Duration) { inner.advance(by: duration) }

  func setBack(by duration: Duration) {
    behind.withLockUnobserved { $0 += duration.wholeNanoseconds }
  }

  func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID {
    inner.schedule(target, tag: tag, at: deadline)
  }

  func cancel(_ timer: TimerID) { inner.cancel(timer) }
}
