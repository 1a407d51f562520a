/// A point in time, in nanoseconds on Bakery's own timeline, until which a caller is ready to wait.
///
/// A deadline is absolute: hand it down through any number of calls and the whole takes no longer than
/// the first caller meant. Where two apply, the earlier one does: `min(mine, theirs)`.
///
/// The timeline belongs to the `TimeSource` in force (`Seams.time`): the machine's monotonic clock in
/// programs, a `ManualClock` in tests. Deadlines of different sources cannot be compared meaningfully.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "deadline")
public struct Deadline: Comparable, Hashable, Sendable {
  /// Nanoseconds since the start of the timeline; `Int64.max` stands for never.
  public let nanoseconds: Int64

  /// Makes a deadline from nanoseconds on the timeline.
  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The deadline that does not come: the wait has no limit.
  @inlinable public static var never: Deadline { Deadline(nanoseconds: .max) }

  /// The current instant of the time source in force, about 40 ns to read.
  public static var now: Deadline { Seams.time.now }

  /// The instant `duration` from now; a negative duration gives one that has passed, a huge one `never`.
  public static func after(_ duration: Duration) -> Deadline {
    now.advanced(by: duration)
  }

  /// The instant `duration` later, held within the timeline's bounds; `never` stays `never`.
  public func advanced(by duration: Duration) -> Deadline {
    guard self != .never else { return .never }
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    guard overflow else { return Deadline(nanoseconds: sum) }
    return Deadline(nanoseconds: duration < .zero ? .min : .max)
  }

  /// The time from `earlier` to this instant, negative if it is not earlier, held within ±292 years.
  public func duration(since earlier: Deadline) -> Duration {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    guard overflow else { return .nanoseconds(difference) }
    return .nanoseconds(earlier < self ? Int64.max : Int64.min)
  }

  /// Whether this instant comes before `other`.
  @inlinable
  public static func < (left: Deadline, right: Deadline) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}

extension Deadline {
  /// The deadline of the `withDeadline` scopes around the calling task, the earliest one; `never` outside of any.
  ///
  /// Code that divides its time reads it: a retry does not begin a pause that would pass it. It is task-local, so
  /// child tasks and tasks made inside see it too. Inside a `withCancellationShield` the deadlines around it do not
  /// count, and nowhere do those of another time source than the one in force.
  ///
  /// - Complexity: two task-local reads, about 20 ns.
  ///
  /// @Snippet(path: "bakery/Snippets/SetDeadlines", slice: "current")
  public static var current: Deadline { ActiveDeadline.current(on: Seams.time) }
}

/// The deadline around the calling task and the source on whose timeline it stands.
package struct ActiveDeadline: Sendable {
  @TaskLocal package static var innermost: ActiveDeadline?

  let deadline: Deadline
  let source: any TimeSource

  package init(_ deadline: Deadline, on source: any TimeSource) {
    self.deadline = deadline
    self.source = source
  }

  package static func current(on source: any TimeSource) -> Deadline {
    guard let innermost, innermost.source === source else { return .never }
    return innermost.deadline
  }
}

extension Deadline: CustomStringConvertible {
  /// Seconds on the timeline, for example `12.5 s`, or `never`.
  public var description: String {
    self == .never ? "never" : Duration.nanoseconds(nanoseconds).seconds
  }
}

extension Duration {
  /// Nanoseconds, rounded towards zero and held within `Int64`.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, more) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard overflow || more else { return sum }
    return self < .zero ? .min : .max
  }

  /// Seconds to the millisecond, for messages.
  package var seconds: String {
    let milliseconds = wholeNanoseconds / 1_000_000
    let magnitude = milliseconds.magnitude
    let fraction = String(magnitude % 1000)
    let padded = String(repeating: "0", count: 3 - fraction.count) + fraction
    return "\(milliseconds < 0 ? "-" : "")\(magnitude / 1000).\(padded) s"
  }
}

/// Something that was not granted, or not done, before its deadline.
public struct DeadlineExceeded: Error, Hashable, CustomStringConvertible {
  /// What took too long, for example `acquire on AsyncSemaphore "slots" (Crawl.swift:12)`.
  public let operation: String
  /// The deadline that passed.
  public let deadline: Deadline

  /// Describes a wait, or work, that ran out of time.
  public init(operation: String, deadline: Deadline) {
    self.operation = operation
    self.deadline = deadline
  }

  /// What took too long and what to try.
  public var description: String {
    "\(operation) passed its deadline; allow more time, or look at Trace.dump() for who waits and who holds"
  }
}
