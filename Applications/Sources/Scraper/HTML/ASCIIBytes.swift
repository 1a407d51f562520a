/// Bytes as HTML looks at them.
extension UInt8 {
  static let ampersand = UInt8(ascii: "&")
  static let bracket = UInt8(ascii: "]")
  static let dash = UInt8(ascii: "-")
  static let equals = UInt8(ascii: "=")
  static let greaterThan = UInt8(ascii: ">")
  static let lessThan = UInt8(ascii: "<")
  static let semicolon = UInt8(ascii: ";")
  static let slash = UInt8(ascii: "/")

  /// Whether this is ASCII white space: tab, line feed, form feed, carriage return or space.
  var isHTMLSpace: Bool {
    self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0C || self == 0x0D
  }

  var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") }

  var isASCIILetter: Bool { (0x61...0x7A).contains(self | 0x20) }

  var isASCIIDigit: Bool { (0x30...0x39).contains(self) }

  var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension Collection<UInt8> {
  /// Whether these bytes are `literal`, which is in lower case, in any case.
  func equalsIgnoringCase(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { elementsEqual($0) { $0.asciiLowercased == $1 } }
  }

  /// Whether `token`, which is in lower case, is one of the words of this list, in any case.
  func hasToken(_ token: StaticString) -> Bool {
    split(whereSeparator: \.isHTMLSpace).contains { $0.equalsIgnoringCase(token) }
  }
}

extension BidirectionalCollection {
  /// Leaves out the elements at both ends that are to go.
  func trimming(while isTrimmed: (Element) -> Bool) -> SubSequence {
    let rest = drop(while: isTrimmed)
    var end = rest.endIndex
    while end > rest.startIndex, isTrimmed(rest[rest.index(before: end)]) {
      rest.formIndex(before: &end)
    }
    return rest[..<end]
  }
}
