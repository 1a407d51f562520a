/// An `allow` or `disallow` line.
struct RobotsRule: Comparable, Sendable {
  let pattern: RobotsPattern
  let isAllowing: Bool
  let line: Int
  let text: String

  /// The longer pattern comes first, and among equals `allow` (RFC 9309, section 2.2.2).
  static func < (left: RobotsRule, right: RobotsRule) -> Bool {
    left.rank < right.rank
  }

  static func == (left: RobotsRule, right: RobotsRule) -> Bool {
    left.rank == right.rank
  }

  private var rank: (Int, Int, Int) { (-pattern.length, isAllowing ? 0 : 1, line) }
}
