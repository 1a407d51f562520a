/// The characters of a selector, and the tokens of CSS Syntax Module Level 3 that it is made of.
///
/// The numbers of sections are those of the Candidate Recommendation of 24 December 2021.
struct CSSScanner {
  private let scalars: [Unicode.Scalar]
  /// Unicode scalars before the current one.
  private(set) var offset = 0

  init(_ text: String) {
    // §3.3; and the null would end the XPath expression.
    scalars = text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }
  }

  var current: Unicode.Scalar? { peek(0) }
  var isAtEnd: Bool { offset == scalars.count }

  func peek(_ distance: Int) -> Unicode.Scalar? {
    offset + distance < scalars.count ? scalars[offset + distance] : nil
  }

  mutating func advance() {
    offset += 1
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard current == scalar else { return false }
    offset += 1
    return true
  }

  /// Passes over comments (§4.3.2); one that is not closed reaches to the end.
  mutating func skipComments() {
    while current == "/", peek(1) == "*" {
      offset += 2
      while !isAtEnd, !(current == "*" && peek(1) == "/") { offset += 1 }
      offset = min(offset + 2, scalars.count)
    }
  }

  /// Passes over white space and comments; tells whether there was white space.
  @discardableResult
  mutating func skipSpace() -> Bool {
    var found = false
    while true {
      skipComments()
      guard let scalar = current, scalar.isCSSSpace else { return found }
      found = true
      offset += 1
    }
  }

  // Identifiers

  /// Whether an identifier begins here (§4.3.9).
  var isAtIdentifier: Bool {
    if current == "-" {
      guard let second = peek(1) else { return false }
      return second == "-" || second.beginsCSSName || isEscape(at: 1)
    }
    return current?.beginsCSSName ?? false || isEscape(at: 0)
  }

  /// Takes a name (§4.3.11); empty when none is here.
  mutating func name() -> String {
    var name = String.UnicodeScalarView()
    while let scalar = current {
      if scalar.continuesCSSName {
        name.append(scalar)
        offset += 1
      } else if isEscape(at: 0) {
        name.append(escaped())
      } else {
        break
      }
    }
    return String(name)
  }

  /// Takes an identifier.
  ///
  /// - Throws: `ExpressionError`, which says that `expected` is missing.
  mutating func identifier(_ expected: String) throws(ExpressionError) -> String {
    guard !isAtIdentifier else { return name() }
    if let digit = current, digit.isASCIIDigit {
      throw error("a name cannot begin with a digit; write \\3\(digit) and a space for it")
    }
    throw error(expected: expected)
  }

  private func isEscape(at distance: Int) -> Bool {
    guard peek(distance) == "\\", let next = peek(distance + 1) else { return false }
    return !next.isCSSNewline
  }

  /// Takes an escape (§4.3.7) that `isEscape` has seen.
  private mutating func escaped() -> Unicode.Scalar {
    offset += 1
    var value: UInt32 = 0
    var digits = 0
    while digits < 6, let digit = current?.hexadecimalValue {
      value = value << 4 | digit
      digits += 1
      offset += 1
    }
    guard digits > 0 else {
      defer { offset += 1 }
      return scalars[offset]
    }
    if current == "\r", peek(1) == "\n" { offset += 1 }
    if current?.isCSSSpace ?? false { offset += 1 }
    guard value > 0, let scalar = Unicode.Scalar(value) else { return "\u{FFFD}" }
    return scalar
  }

  /// Takes a string (§4.3.5) whose quotation mark is here.
  ///
  /// - Throws: `ExpressionError` when it does not end on its line.
  mutating func string() throws(ExpressionError) -> String {
    let begin = offset
    let quote = current
    offset += 1
    var text = String.UnicodeScalarView()
    while let scalar = current, !scalar.isCSSNewline {
      if scalar == quote {
        offset += 1
        return String(text)
      }
      if isEscape(at: 0) {
        text.append(escaped())
      } else if scalar == "\\" {
        // A line end after it is left out.
        offset += 1
        if current == "\r", peek(1) == "\n" { offset += 1 }
        if !isAtEnd { offset += 1 }
      } else {
        text.append(scalar)
        offset += 1
      }
    }
    let mark = quote.map(String.init) ?? ""
    throw error("the string is not closed; add \(mark) at its end", at: begin)
  }

  /// Takes ASCII digits; `nil` when there are none.
  ///
  /// A number of ten digits and more counts as 999,999,999: no element has so many siblings.
  mutating func digits() -> Int? {
    let begin = offset
    var value = 0
    while let scalar = current, scalar.isASCIIDigit {
      value = min(value * 10 + Int(scalar.value - 0x30), 999_999_999)
      offset += 1
    }
    return offset > begin ? value : nil
  }

  // Errors

  /// What stands here, as a person would name it.
  private var found: String {
    guard let scalar = current else { return "the end" }
    var copy = self
    let word = copy.name()
    if scalar == "\"" { return "a quotation mark" }
    return "\"\(word.isEmpty ? String(scalar) : word)\""
  }

  func error(expected: String) -> ExpressionError {
    error("found \(found), expected \(expected)")
  }

  func error(_ message: String, at place: Int? = nil) -> ExpressionError {
    ExpressionError(offset: place ?? offset, message: message)
  }
}

extension Unicode.Scalar {
  var isCSSSpace: Bool { self == " " || self == "\t" || isCSSNewline }
  var isCSSNewline: Bool { self == "\n" || self == "\r" || self == "\u{0C}" }
  var isASCIIDigit: Bool { ("0"..."9").contains(self) }

  var beginsCSSName: Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_" || value >= 0x80
  }

  var continuesCSSName: Bool { beginsCSSName || isASCIIDigit || self == "-" }

  fileprivate var hexadecimalValue: UInt32? {
    switch self {
    case "0"..."9": value - 0x30
    case "a"..."f": value - 0x61 + 10
    case "A"..."F": value - 0x41 + 10
    default: nil
    }
  }
}

extension String {
  /// The text with ASCII letters in lower case, as HTML compares names.
  var asciiLowercased: String {
    String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self)
  }
}
