/// Tells code, comments and strings of a Swift file apart, so that rules do not trip over prose.
///
/// It knows nested comments, raw and multi-line strings, interpolations (which are code), names in
/// backticks (which count as strings) and regular expressions between `#/` and `/#`.
struct Lexer {
  private enum Kind {
    case code, comment, string
  }

  private let bytes: [UInt8]
  private var position = 0
  private var code: [UInt8] = []
  private var comments: [UInt8] = []

  private init(_ text: String) {
    bytes = Array(text.utf8)
    code.reserveCapacity(bytes.count)
    comments.reserveCapacity(bytes.count)
  }

  /// Two texts with the lines and columns of the original: its code, and its comments.
  static func views(of text: String) -> (code: String, comments: String) {
    var lexer = Lexer(text)
    lexer.scanCode(inInterpolation: false)
    return (
      String(decoding: lexer.code, as: UTF8.self), String(decoding: lexer.comments, as: UTF8.self)
    )
  }

  private func at(_ text: StaticString, offset: Int = 0) -> Bool {
    let start = position + offset
    guard start + text.utf8CodeUnitCount <= bytes.count else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[start + $0] == text.utf8Start[$0] }
  }

  private mutating func take(_ count: Int, as kind: Kind) {
    for _ in 0..<count where position < bytes.count {
      let byte = bytes[position]
      let isSpace = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: " ")
      switch kind {
      case _ where isSpace:
        code.append(byte)
        comments.append(byte)
      case .code:
        code.append(byte)
        comments.append(UInt8(ascii: " "))
      case .comment:
        code.append(UInt8(ascii: " "))
        comments.append(byte)
      case .string:
        code.append(UInt8(ascii: "\""))
        comments.append(UInt8(ascii: " "))
      }
      position += 1
    }
  }

  private mutating func scanCode(inInterpolation: Bool) {
    var depth = 0
    while position < bytes.count {
      if at("//") {
        scanLineComment()
      } else if at("/*") {
        scanBlockComment()
      } else if at("`") {
        scanName()
      } else if !scanLiteral() {
        if at("(") { depth += 1 }
        if at(")") { depth -= 1 }
        take(1, as: .code)
        if inInterpolation, depth == 0 { return }
      }
    }
  }

  private mutating func scanLineComment() {
    while position < bytes.count, !at("\n") { take(1, as: .comment) }
  }

  private mutating func scanBlockComment() {
    var depth = 0
    repeat {
      let (opens, closes) = (at("/*"), at("*/"))
      depth += opens ? 1 : closes ? -1 : 0
      take(opens || closes ? 2 : 1, as: .comment)
    } while depth > 0 && position < bytes.count
  }

  private mutating func scanName() {
    take(1, as: .string)
    while position < bytes.count, !at("`"), !at("\n") { take(1, as: .string) }
    if at("`") { take(1, as: .string) }
  }

  /// Scans a string or an extended regular expression, if one begins here.
  private mutating func scanLiteral() -> Bool {
    var hashes = 0
    while at("#", offset: hashes) { hashes += 1 }
    if at("\"\"\"", offset: hashes) {
      scanString(hashes: hashes, quote: "\"\"\"")
    } else if at("\"", offset: hashes) {
      scanString(hashes: hashes, quote: "\"")
    } else if hashes > 0, at("/", offset: hashes) {
      scanString(hashes: hashes, quote: "/")
    } else {
      return false
    }
    return true
  }

  private mutating func scanString(hashes: Int, quote: StaticString) {
    let quoteLength = quote.utf8CodeUnitCount
    take(hashes + quoteLength, as: .string)
    while position < bytes.count {
      if at(quote), (0..<hashes).allSatisfy({ at("#", offset: quoteLength + $0) }) {
        take(quoteLength + hashes, as: .string)
        return
      }
      // A quote left open ends with its line: the compiler complains, and the rest stays readable.
      if quoteLength == 1, at("\n") { return }
      guard at("\\") else {
        take(1, as: .string)
        continue
      }
      let isEscape = (0..<hashes).allSatisfy { at("#", offset: 1 + $0) }
      if isEscape, at("(", offset: 1 + hashes) {
        take(1 + hashes, as: .string)
        scanCode(inInterpolation: true)
      } else {
        take(isEscape ? hashes + 2 : 1, as: .string)
      }
    }
  }
}
