/// Reads a selector by the grammar of CSS Selectors Level 4 §18.
struct CSSParser {
  private var scanner: CSSScanner
  /// How many parentheses are open; bounds the recursion.
  private var depth = 0
  /// Set once a pseudo-element ended the current alternative.
  private var pseudoElement: CSSSelector.PseudoElement?

  /// - Throws: `ExpressionError` with the place of the first mistake.
  static func parse(_ text: String) throws(ExpressionError) -> CSSSelector {
    var parser = CSSParser(scanner: CSSScanner(text))
    return try parser.selector()
  }

  private init(scanner: CSSScanner) {
    self.scanner = scanner
  }

  private mutating func selector() throws(ExpressionError) -> CSSSelector {
    var selector = CSSSelector(alternatives: [])
    repeat {
      pseudoElement = nil
      let compounds = try complexSelector()
      selector.alternatives.append(.init(compounds: compounds, pseudoElement: pseudoElement))
    } while scanner.take(",")
    guard scanner.isAtEnd else {
      let after = pseudoElement == nil ? "a combinator, a comma or the end" : "a comma or the end"
      throw scanner.error(expected: after)
    }
    return selector
  }

  /// Reads compounds and the combinators between them, and the white space after them.
  ///
  /// A relative selector may begin with a combinator, and is about descendants if it does not.
  private mutating func complexSelector(
    isRelative: Bool = false
  ) throws(ExpressionError) -> [CSSSelector.Compound] {
    scanner.skipSpace()
    var combinator = isRelative ? takeCombinator() ?? .descendant : nil
    var compounds: [CSSSelector.Compound] = []
    while true {
      compounds.append(try compoundSelector(after: combinator))
      let hasSpace = scanner.skipSpace()
      if pseudoElement != nil { return compounds }
      if let explicit = takeCombinator() {
        combinator = explicit
      } else if hasSpace, let next = scanner.current, next != ",", next != ")" {
        combinator = .descendant
      } else {
        return compounds
      }
    }
  }

  private mutating func takeCombinator() -> CSSSelector.Combinator? {
    let combinators: [(sign: Unicode.Scalar, combinator: CSSSelector.Combinator)] = [
      (">", .child), ("+", .nextSibling), ("~", .subsequentSibling),
    ]
    for (sign, combinator) in combinators where scanner.take(sign) {
      scanner.skipSpace()
      return combinator
    }
    return nil
  }

  private mutating func compoundSelector(
    after combinator: CSSSelector.Combinator?
  ) throws(ExpressionError) -> CSSSelector.Compound {
    let begin = scanner.offset
    var compound = CSSSelector.Compound(combinator: combinator)
    if scanner.isAtIdentifier {
      compound.type = scanner.name().asciiLowercased
    } else {
      _ = scanner.take("*")
    }
    if scanner.current == "|" {
      throw scanner.error("HTML has no namespaces to select by; write the name alone")
    }
    while pseudoElement == nil, let condition = try simpleSelector(in: compound) {
      compound.conditions.append(condition)
    }
    guard scanner.offset > begin else { throw scanner.error(expected: "a selector") }
    return compound
  }

  /// Reads one condition; `nil` when none is here, or when it was a pseudo-element.
  private mutating func simpleSelector(
    in compound: CSSSelector.Compound
  ) throws(ExpressionError) -> CSSSelector.Condition? {
    scanner.skipComments()
    if scanner.take("#") {
      let id = try scanner.identifier("an id")
      return .attribute(.init(name: "id", comparison: .equals, value: id))
    }
    if scanner.take(".") {
      let name = try scanner.identifier("the name of a class")
      return .attribute(.init(name: "class", comparison: .includes, value: name))
    }
    if scanner.take("[") { return try .attribute(attributeTest()) }
    guard scanner.current == ":" else { return nil }
    if scanner.peek(1) == ":" {
      try readPseudoElement()
      return nil
    }
    return try pseudoClass(in: compound)
  }

  // Attributes

  private mutating func attributeTest() throws(ExpressionError) -> CSSSelector.AttributeTest {
    scanner.skipSpace()
    let name = try scanner.identifier("the name of an attribute").asciiLowercased
    var test = CSSSelector.AttributeTest(name: name)
    scanner.skipSpace()
    if scanner.take("]") { return test }
    test.comparison = try attributeOperator()
    scanner.skipSpace()
    if scanner.current == "\"" || scanner.current == "'" {
      test.value = try scanner.string()
    } else if scanner.isAtIdentifier {
      test.value = scanner.name()
    } else {
      throw scanner.error(expected: "a name, or text in quotation marks")
    }
    scanner.skipSpace()
    test.ignoresCase = scanner.take("i") || scanner.take("I")
    if !test.ignoresCase { _ = scanner.take("s") || scanner.take("S") }
    scanner.skipSpace()
    guard scanner.take("]") else { throw scanner.error(expected: "]") }
    return test
  }

  private mutating func attributeOperator() throws(ExpressionError)
    -> CSSSelector.AttributeTest.Operator
  {
    for comparison in CSSSelector.AttributeTest.Operator.allCases {
      let signs = Array(comparison.rawValue.unicodeScalars)
      guard scanner.current == signs[0], signs.count == 1 || scanner.peek(1) == signs[1] else {
        continue
      }
      for _ in signs { scanner.advance() }
      return comparison
    }
    if scanner.current == "|" {
      throw scanner.error("HTML has no namespaces to select by; write the name alone")
    }
    throw scanner.error(expected: "], =, ~=, |=, ^=, $= or *=")
  }

  // Pseudo-elements and pseudo-classes

  private mutating func readPseudoElement() throws(ExpressionError) {
    let begin = scanner.offset
    guard depth == 0 else {
      throw scanner.error("a pseudo-element cannot stand in parentheses; put it at the end")
    }
    scanner.advance()
    scanner.advance()
    let name = scanner.name().asciiLowercased
    switch name {
    case "text":
      pseudoElement = .text
    case "attr":
      try open()
      let attribute = try scanner.identifier("the name of an attribute").asciiLowercased
      try close()
      pseudoElement = .attribute(attribute)
    default:
      throw scanner.error("::\(name) is not supported; use ::text or ::attr(NAME)", at: begin)
    }
  }

  private mutating func pseudoClass(
    in compound: CSSSelector.Compound
  ) throws(ExpressionError) -> CSSSelector.Condition {
    let begin = scanner.offset
    scanner.advance()
    let name = try scanner.identifier("the name of a pseudo-class").asciiLowercased
    if name.hasSuffix("-of-type"), compound.type == nil {
      throw scanner.error(
        "\":\(name)\" needs the name of an element before it, as in li:\(name)",
        at: begin
      )
    }
    guard scanner.current == "(" else {
      if let condition = Self.plainPseudoClasses[name] { return condition }
      throw unknown(name, begin)
    }
    switch name {
    case "is", "where": return try .any(selectorList())
    case "not": return try .none(selectorList())
    case "has": return try .has(selectorList(isRelative: true))
    case "nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type":
      try open()
      var position = try scanner.childPosition()
      try close()
      position.isFromEnd = name.hasPrefix("nth-last")
      position.isOfType = name.hasSuffix("of-type")
      return .position(position)
    default: throw unknown("\(name)()", begin)
    }
  }

  private static let plainPseudoClasses: [String: CSSSelector.Condition] = {
    func position(isFromEnd: Bool, isOfType: Bool) -> CSSSelector.Condition {
      .position(.init(step: 0, offset: 1, isFromEnd: isFromEnd, isOfType: isOfType))
    }
    return [
      "first-child": position(isFromEnd: false, isOfType: false),
      "last-child": position(isFromEnd: true, isOfType: false),
      "first-of-type": position(isFromEnd: false, isOfType: true),
      "last-of-type": position(isFromEnd: true, isOfType: true),
      "only-child": .only(isOfType: false),
      "only-of-type": .only(isOfType: true),
      "empty": .empty,
      "root": .root,
      "scope": .scope,
    ]
  }()

  private func unknown(_ name: String, _ place: Int) -> ExpressionError {
    scanner.error(
      """
      ":\(name)" is not supported; there are :not(), :is(), :where(), :has(), :nth-child() and its \
      kin, :first-child and its kin, :empty, :root and :scope
      """,
      at: place
    )
  }

  private mutating func selectorList(
    isRelative: Bool = false
  ) throws(ExpressionError) -> [[CSSSelector.Compound]] {
    try open()
    var selectors: [[CSSSelector.Compound]] = []
    repeat {
      selectors.append(try complexSelector(isRelative: isRelative))
    } while scanner.take(",")
    try close()
    return selectors
  }

  private mutating func open() throws(ExpressionError) {
    guard scanner.take("(") else { throw scanner.error(expected: "(") }
    depth += 1
    guard depth <= 32 else {
      throw scanner.error("more than 32 parentheses are open; write a simpler selector")
    }
    scanner.skipSpace()
  }

  private mutating func close() throws(ExpressionError) {
    scanner.skipSpace()
    guard scanner.take(")") else { throw scanner.error(expected: ")") }
    depth -= 1
  }
}
