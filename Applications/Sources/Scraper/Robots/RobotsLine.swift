/// A line `key: value # comment` of a robots.txt.
struct RobotsLine {
  let number: Int
  /// In lower case.
  let key: String
  let value: ArraySlice<UInt8>
  private let content: ArraySlice<UInt8>

  /// Takes a line apart; `nil` if it has no colon.
  init?(_ bytes: ArraySlice<UInt8>, number: Int) {
    content = bytes.prefix { $0 != UInt8(ascii: "#") }.trimming(while: Self.isBlank)
    guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    self.number = number
    key = String(decoding: content[..<colon].trimming(while: Self.isBlank), as: UTF8.self)
      .lowercased()
    value = content[(colon + 1)...].trimming(while: Self.isBlank)
  }

  /// The line without its comment.
  var text: String { String(decoding: content, as: UTF8.self) }

  /// The value as a number of seconds, held below a billion; `nil` if it is none.
  var duration: Duration? {
    guard value.allSatisfy({ $0.isASCIIDigit || $0 == UInt8(ascii: ".") }),
      let seconds = Double(String(decoding: value, as: UTF8.self))
    else { return nil }
    return .seconds(min(seconds, 1e9))
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
