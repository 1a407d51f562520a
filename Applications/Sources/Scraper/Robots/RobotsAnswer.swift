/// What the answer to a request for robots.txt means (RFC 9309, section 2.3.1), and for how long.
package enum RobotsAnswer: Sendable {
  case known(RobotsRules, lifetime: Duration)
  /// Nothing may be fetched; ask again after `unreachableLifetime`.
  case unreachable

  /// The longest that an answer counts.
  package static let lifetime = Duration.seconds(24 * 3600)
  /// How long to leave a host alone that gave no answer; also the least that an answer counts.
  package static let unreachableLifetime = Duration.seconds(3600)

  /// Judges an answer by its status, `nil` if none came.
  ///
  /// A 2xx has rules. After a 4xx everything is allowed, and after a 3xx, which is one redirect too
  /// many. After a 5xx nothing is, and after a 429: it says that there are too many requests, not
  /// that there is no file.
  ///
  /// A `max-age` of less than a day shortens the lifetime, down to an hour: many servers send
  /// `max-age=0` with everything, and would get a request for robots.txt before each page.
  package static func rules(
    status: Int?,
    body: some Collection<UInt8>,
    cacheControl: String? = nil,
    userAgent: String
  ) -> RobotsAnswer {
    guard let status, 200..<500 ~= status, status != 429 else { return .unreachable }
    let rules = status < 300 ? RobotsRules(body, userAgent: userAgent) : .allowAll
    let wanted = cacheControl.flatMap(maxAge) ?? lifetime
    return .known(rules, lifetime: min(max(wanted, unreachableLifetime), lifetime))
  }

  /// The directive `max-age` (RFC 9111, section 5.2.2.1).
  private static func maxAge(_ cacheControl: String) -> Duration? {
    for directive in cacheControl.lowercased().split(separator: ",") {
      let parts = directive.split(separator: "=", maxSplits: 1).map(\.withoutPadding)
      if parts.first == "max-age", let seconds = parts.last.flatMap({ UInt32($0) }) {
        return .seconds(Int64(seconds))
      }
    }
    return nil
  }
}
