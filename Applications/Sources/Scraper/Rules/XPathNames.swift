/// Finds the names in an XPath expression that nothing stands for.
///
/// libxml2 looks functions, variables and prefixes up when it evaluates them, that is, on some page in
/// the middle of a crawl. Here nobody can define any, so what XPath 1.0 does not have can be told in
/// advance.
struct XPathNames {
  private static let known: Set<String> = [
    // XPath 1.0 §4
    "last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat",
    "starts-with", "contains", "substring-before", "substring-after", "substring",
    "string-length", "normalize-space", "translate", "boolean", "not", "true", "false", "lang",
    "number", "sum", "floor", "ceiling", "round",
    // Tests of the kind of a node, and operators, which may stand before a parenthesis too.
    "comment", "text", "processing-instruction", "node", "and", "or", "mod", "div",
  ]

  private let scalars: [Unicode.Scalar]
  private var offset = 0

  /// - Throws: `ExpressionError` for the first such name.
  static func check(_ xpath: String) throws(ExpressionError) {
    var names = XPathNames(scalars: Array(xpath.unicodeScalars))
    try names.check()
  }

  private init(scalars: [Unicode.Scalar]) {
    self.scalars = scalars
  }

  private func peek(_ distance: Int = 0) -> Unicode.Scalar? {
    offset + distance < scalars.count ? scalars[offset + distance] : nil
  }

  private mutating func check() throws(ExpressionError) {
    while let scalar = peek() {
      switch scalar {
      case "\0": throw ExpressionError(offset: offset, message: "a null cannot stand in XPath")
      case "\"", "'": skipString(scalar)
      case "$": throw ExpressionError(offset: offset, message: "there are no variables here")
      case _ where scalar.beginsCSSName: try checkName()
      case _ where scalar.isASCIIDigit: skipNumber()
      default: offset += 1
      }
    }
  }

  private mutating func skipString(_ quote: Unicode.Scalar) {
    repeat { offset += 1 } while peek() != nil && peek() != quote
    offset += 1
  }

  private mutating func skipNumber() {
    while let scalar = peek(), scalar.isASCIIDigit || scalar == "." { offset += 1 }
  }

  private mutating func checkName() throws(ExpressionError) {
    let begin = offset
    let name = takeName()
    if peek() == ":", peek(1) != ":", name != "xml" {
      let message = "no prefix \"\(name):\" is known; HTML has none, nor do functions of XPath 1.0"
      throw ExpressionError(offset: begin, message: message)
    }
    while peek()?.isCSSSpace ?? false { offset += 1 }
    if peek() == "(", !Self.known.contains(name) {
      let message = "XPath 1.0 has no function \"\(name)\"; use one of its own, such as contains"
      throw ExpressionError(offset: begin, message: message)
    }
    // Their nodes are made otherwise than all others, so nothing may come across them.
    if name == "namespace", peek() == ":", peek(1) == ":" {
      throw ExpressionError(offset: begin, message: "HTML has no namespaces; use another axis")
    }
  }

  private mutating func takeName() -> String {
    var name = String.UnicodeScalarView()
    while let scalar = peek(), scalar.continuesCSSName || scalar == "." {
      name.append(scalar)
      offset += 1
    }
    return String(name)
  }
}
