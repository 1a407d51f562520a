/// The header field `Retry-After` (RFC 9110, section 10.2.3).
package enum RetryAfter {
  /// How long to wait: a number of seconds, or the time from `now`, in seconds since 1970, until a
  /// date, zero if that has passed; `nil` for anything else.
  package static func parse(_ value: String, now: Int64) -> Duration? {
    let text = value.withoutPadding
    if text.utf8.allSatisfy(\.isASCIIDigit) { return Int64(text).map { .seconds($0) } }
    guard let date = HTTPDate.parse(text, now: now) else { return nil }
    return max(.seconds(date) - .seconds(now), .zero)
  }
}
