/// Where query and fragment of a text are.
struct URLOutline {
  /// Where the front ends: at the first `?`, or else at the fragment.
  let frontEnd: Int
  /// The place of the first `#`, or else the end.
  let fragmentStart: Int
  let hasTabOrNewline: Bool

  init(_ input: Span<UInt8>) {
    var questionMark: Int?
    var numberSign: Int?
    var hasTabOrNewline = false
    for index in input.indices {
      switch input[index] {
      case UInt8(ascii: "?") where questionMark == nil && numberSign == nil: questionMark = index
      case UInt8(ascii: "#") where numberSign == nil: numberSign = index
      case 0x09, 0x0A, 0x0D: hasTabOrNewline = true
      default: break
      }
    }
    fragmentStart = numberSign ?? input.count
    frontEnd = questionMark ?? fragmentStart
    self.hasTabOrNewline = hasTabOrNewline
  }
}

/// What the parser looks for in the bytes of a URL.
extension Span<UInt8> {
  /// All but controls and spaces at both ends.
  var trimmedRange: Range<Int> {
    var range = 0..<count
    while let first = range.first, self[first] <= 0x20 { range.removeFirst() }
    while let last = range.last, self[last] <= 0x20 { range.removeLast() }
    return range
  }

  func withoutTabsAndNewlines() -> [UInt8] {
    indices.map { self[$0] }.filter { !$0.isTabOrNewline }
  }

  func firstIndex(of byte: UInt8, before end: Int) -> Int? {
    for index in 0..<end where self[index] == byte { return index }
    return nil
  }

  func lastIndex(of byte: UInt8, before end: Int) -> Int? {
    for index in (0..<end).reversed() where self[index] == byte { return index }
    return nil
  }

  /// The place of the colon behind a scheme; `nil` if the URL begins with none.
  var schemeEnd: Int? {
    guard !isEmpty, self[0].isASCIILetter else { return nil }
    for index in indices where !self[index].continuesScheme {
      return self[index] == .colon ? index : nil
    }
    return nil
  }

  /// The place of the colon before the port: the first that is not in brackets.
  var portColon: Int? {
    var isInBrackets = false
    for index in indices {
      switch self[index] {
      case UInt8(ascii: "["): isInBrackets = true
      case UInt8(ascii: "]"): isInBrackets = false
      case .colon where !isInBrackets: return index
      default: break
      }
    }
    return nil
  }

  var beginsWithTwoSlashes: Bool { count >= 2 && self[0] == .slash && self[1] == .slash }

  /// 1 or 2 if this segment is that many dots, plain or percent-encoded, and 0 otherwise.
  var dotCount: Int {
    guard (1...6).contains(count), self[0] == .dot || self[0] == UInt8(ascii: "%") else { return 0 }
    var dots = 0
    var index = 0
    while index < count {
      if self[index] == .dot {
        index += 1
      } else if decodedByte(at: index) == .dot {
        index += 3
      } else {
        return 0
      }
      dots += 1
    }
    return dots > 2 ? 0 : dots
  }
}

extension UInt8 {
  static let colon = UInt8(ascii: ":")
  static let dot = UInt8(ascii: ".")

  var isTabOrNewline: Bool { self == 0x09 || self == 0x0A || self == 0x0D }

  var continuesScheme: Bool {
    isASCIILetter || isASCIIDigit || self == .dot || self == UInt8(ascii: "+")
      || self == UInt8(ascii: "-")
  }
}
