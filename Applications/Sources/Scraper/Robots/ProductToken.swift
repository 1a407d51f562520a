/// The name by which robots.txt and `X-Robots-Tag` call a crawler (RFC 9309, section 2.2.1).
struct ProductToken: Hashable, Sendable {
  /// In lower case.
  private let name: [UInt8]

  /// Takes the token out of a user agent: what it begins with, or in
  /// `Mozilla/5.0 (compatible; ExampleBot/0.1)` what follows `compatible;`.
  init(userAgent: String) {
    let place = userAgent.firstRange(of: "compatible;")?.upperBound ?? userAgent.startIndex
    name = Self.identifier(userAgent[place...].utf8.drop { $0 == UInt8(ascii: " ") })
  }

  /// Whether `text` begins with this token, in any case; a version and the like may follow.
  func isNamed(by text: some Sequence<UInt8>) -> Bool {
    !name.isEmpty && Self.identifier(text) == name
  }

  /// The letters, `-` and `_` that `text` begins with.
  private static func identifier(_ text: some Sequence<UInt8>) -> [UInt8] {
    text.prefix { $0.isASCIILetter || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
      .map(\.asciiLowercased)
  }
}
