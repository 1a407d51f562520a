/// A regular expression that URLs are compared with.
// Safe because a regular expression made from a text holds no closures, and compiles itself once,
// atomically.
struct URLPattern: @unchecked Sendable {
  let text: String
  private let expression: Regex<AnyRegexOutput>

  init(_ text: String) throws(InvalidPattern) {
    self.text = text
    do {
      // URLs are ASCII, and matching scalars is faster than matching characters.
      expression = try Regex(text).matchingSemantics(.unicodeScalar)
    } catch {
      throw InvalidPattern(pattern: text, reason: "\(error)")
    }
  }

  /// Whether the expression matches anywhere in the URL.
  func matches(_ url: WebURL) -> Bool {
    // Only closures within an expression throw.
    (try? expression.firstMatch(in: url.string)) != nil
  }
}

/// A text that is no regular expression.
package struct InvalidPattern: Error, Hashable, Sendable, CustomStringConvertible {
  package let pattern: String
  package let reason: String

  package var description: String {
    "'\(pattern)' is no regular expression: \(reason); "
      + "write \\ before a special character that stands for itself"
  }
}
