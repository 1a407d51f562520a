/// Where time comes from: the seam that lets the same program run in real and in virtual time.
///
/// A source tells the time and calls back at deadlines. Bakery brings `SystemTime` for programs and, in
/// BakeryTesting, `ManualClock` for tests. Choose one for a scope with `Seams.$time.withValue(_:)`.
///
/// @Snippet(path: "bakery/Snippets/TestInVirtualTime", slice: "clock")
public protocol TimeSource: AnyObject, Sendable {
  /// The current instant.
  var now: Deadline { get }

  /// An instant at most a few milliseconds old and cheaper than `now`, for "waiting since".
  var approximateNow: Deadline { get }

  /// Calls `target.timerFired(tag:)` once, not before `deadline`, unless cancelled first.
  ///
  /// The call comes from the source's own thread and holds none of its locks.
  ///
  /// - Complexity: O(1).
  func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID

  /// Forgets a timer; one that already fired, or fires right now, is ignored.
  ///
  /// - Complexity: O(1).
  func cancel(_ timer: TimerID)
}

extension TimeSource {
  /// The same as `now`, for sources to which it costs little.
  public var approximateNow: Deadline { now }
}

/// What a `TimeSource` calls when a timer's time has come.
public protocol TimerTarget: AnyObject, Sendable {
  /// Reacts to the timer that was scheduled with `tag`; must not block.
  func timerFired(tag: UInt64)
}

/// Names one timer of one `TimeSource`, until it fires or is cancelled.
public struct TimerID: Hashable, Sendable {
  /// The source's own number for the timer.
  public let rawValue: UInt64

  /// Makes an identifier; only time sources do.
  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }
}

/// The parts of the outside world that a test replaces: time and chance.
///
/// Both are task-local: a scope that sets one gives it to its child tasks, and tests that run in the same
/// process do not see each other's. Fast paths never read them.
public enum Seams {
  /// Where deadlines are measured and served.
  @TaskLocal public static var time: any TimeSource = SystemTime.shared

  /// Where random numbers come from.
  @TaskLocal public static var random: any RandomSource = SystemRandom.shared
}
