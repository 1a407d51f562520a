/// How often which duration occurred, in buckets that keep three percent of precision from a microsecond to a day.
///
/// Buckets are 32 to a power of two, the idea of HdrHistogram (Tene, hdrhistogram.org), so memory does not grow with the number of durations.
package struct LatencyHistogram: Sendable {
  package private(set) var count = 0
  private var buckets = [UInt32](repeating: 0, count: 1152)

  package init() {}

  package mutating func record(_ duration: Duration) {
    let microseconds = UInt64(max(0, duration.milliseconds * 1000))
    buckets[min(Self.bucket(of: microseconds), buckets.count - 1)] += 1
    count += 1
  }

  /// The duration that `share` of all do not exceed, between 0 and 1; zero without any.
  package func percentile(_ share: Double) -> Duration {
    let wanted = max(1, Int((Double(count) * share).rounded(.up)))
    var seen = 0
    for (index, number) in buckets.enumerated() where number > 0 {
      seen += Int(number)
      if seen >= wanted { return .microseconds(Self.middle(of: index)) }
    }
    return .zero
  }

  private static func bucket(of microseconds: UInt64) -> Int {
    guard microseconds >= 64 else { return Int(microseconds) }
    let shift = 63 - microseconds.leadingZeroBitCount - 5
    return shift * 32 + Int(microseconds >> UInt64(shift))
  }

  private static func middle(of bucket: Int) -> Int64 {
    guard bucket >= 64 else { return Int64(bucket) }
    let shift = bucket / 32 - 1
    return Int64(bucket % 32 + 32) << shift + Int64(1) << (shift - 1)
  }
}
