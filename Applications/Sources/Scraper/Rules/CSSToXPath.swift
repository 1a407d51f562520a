/// Writes a selector as an XPath 1.0 expression that finds the same nodes, in the order of the document.
///
/// A selector is read from its end: `ul > li` becomes `descendant-or-self::li[parent::ul]`. From left
/// to right (`descendant-or-self::ul/li`) would be shorter, but then libxml2 merges the nodes found
/// under each element, in time that grows with the square of their number, for siblings with the cube.
struct CSSToXPath {
  /// Whether expressions are evaluated at some element of the page, not at its root.
  ///
  /// Then what a combinator leads to has to be that element or inside of it; only in `:is()`,
  /// `:where()` and `:not()` it may be anywhere. The element is recognised by the number of its
  /// ancestors, in the variable `$depth`.
  var isScoped = false

  func expression(for selector: CSSSelector) -> String {
    var kinds: [CSSSelector.PseudoElement?] = []
    for alternative in selector.alternatives where !kinds.contains(alternative.pseudoElement) {
      kinds.append(alternative.pseudoElement)
    }
    return kinds.map { kind in
      let elements = selector.alternatives.filter { $0.pseudoElement == kind }.map(\.compounds)
      return path(to: elements) + suffix(kind)
    }.joined(separator: " | ")
  }

  private func path(to elements: [[CSSSelector.Compound]]) -> String {
    let axis = "descendant-or-self"
    if elements.count == 1, let only = elements.first {
      return step(axis, only[...], isBound: isScoped)
    }
    return "\(axis)::*[\(isAny(of: elements, isBound: isScoped))]"
  }

  /// Text that is nothing but white space is how the page is written, not what it says.
  private func suffix(_ pseudoElement: CSSSelector.PseudoElement?) -> String {
    switch pseudoElement {
    case nil: ""
    case .text: "/text()[normalize-space()]"
    case .attribute(let name): "/" + attribute(name)
    }
  }

  /// A step along `axis` to what matches the last compound; those before it become a predicate.
  ///
  /// If it `isBound` to the scope, those before it are, and `bound` is its own predicate for that.
  private func step(
    _ axis: String,
    _ compounds: ArraySlice<CSSSelector.Compound>,
    isBound: Bool,
    bound: String = ""
  ) -> String {
    guard let last = compounds.last else { return "\(axis)::*" }
    var step = plainStep(axis, last)
    if isBound { step += bound }
    let before = compounds.dropLast()
    if let combinator = last.combinator, !before.isEmpty {
      step += "[\(back(over: combinator, to: before, isBound))]"
    }
    return step
  }

  private func back(
    over combinator: CSSSelector.Combinator,
    to compounds: ArraySlice<CSSSelector.Compound>,
    _ isBound: Bool
  ) -> String {
    func step(_ axis: String, _ bound: String) -> String {
      self.step(axis, compounds, isBound: isBound, bound: bound)
    }
    // The scope itself is an ancestor of what is inside of it, but no sibling.
    let inside = "[count(ancestor::*) > $depth]"
    let insideOrScope = "[count(ancestor::*) >= $depth]"
    return switch combinator {
    case .descendant: step("ancestor", insideOrScope)
    case .child: step("parent", insideOrScope)
    case .nextSibling: "preceding-sibling::*[1][\(step("self", inside))]"
    case .subsequentSibling: step("preceding-sibling", inside)
    }
  }

  /// A step along `axis` with the conditions of one compound.
  ///
  /// Each is a predicate of its own: libxml2 leaves a predicate at the first hit, but not the parts
  /// of an `and`.
  private func plainStep(_ axis: String, _ compound: CSSSelector.Compound) -> String {
    let test = nameTest(compound.type)
    let conditions = compound.conditions.flatMap { predicates(for: $0, test) }
    return "\(axis)::\(test)" + conditions.map { "[\($0)]" }.joined()
  }

  private func isAny(of selectors: [[CSSSelector.Compound]], isBound: Bool = false) -> String {
    selectors.map { step("self", $0[...], isBound: isBound) }.joined(separator: " or ")
  }

  /// What has to hold for an element that passes `test`; no number, which XPath takes for a position.
  private func predicates(for condition: CSSSelector.Condition, _ test: String) -> [String] {
    switch condition {
    case .attribute(let test): predicates(for: test)
    case .any(let selectors): [isAny(of: selectors)]
    case .none(let selectors): ["not(\(isAny(of: selectors)))"]
    case .has(let selectors): [selectors.map { reach($0[...]) }.joined(separator: " or ")]
    case .position(let position): predicates(for: position, test)
    case .only(let isOfType):
      [false, true].flatMap { isFromEnd in
        let first = CSSSelector.ChildPosition(
          step: 0,
          offset: 1,
          isFromEnd: isFromEnd,
          isOfType: isOfType
        )
        return predicates(for: first, test)
      }
    case .empty: ["not(* or text())"]
    case .root: ["not(parent::*)"]
    case .scope: [isScoped ? "count(ancestor::*) = $depth" : "not(parent::*)"]
    }
  }

  /// A step from an element to others, which for `:has()` need only exist; the next is a predicate.
  private func reach(_ compounds: ArraySlice<CSSSelector.Compound>) -> String {
    guard let first = compounds.first else { return "self::*" }
    let step =
      switch first.combinator {
      case .child: plainStep("child", first)
      case .nextSibling: "following-sibling::*[1][\(plainStep("self", first))"
      case .subsequentSibling: plainStep("following-sibling", first)
      case .descendant, nil: plainStep("descendant", first)
      }
    let rest = compounds.dropFirst()
    let end = rest.isEmpty ? "" : "[\(reach(rest))]"
    return step + end + (first.combinator == .nextSibling ? "]" : "")
  }

  // Attributes

  private func predicates(for test: CSSSelector.AttributeTest) -> [String] {
    var subject = attribute(test.name)
    guard let comparison = test.comparison else { return [subject] }
    var value = test.value
    if test.ignoresCase {
      let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      subject = "translate(\(subject), '\(capitals)', '\(capitals.asciiLowercased)')"
      value = value.asciiLowercased
    }
    switch comparison {
    case .equals:
      return [attribute(test.name), "\(subject) = \(literal(value))"]
    case .includes:
      guard !value.isEmpty, !value.unicodeScalars.contains(where: \.isCSSSpace) else { break }
      let words = "concat(' ', normalize-space(\(subject)), ' ')"
      return [attribute(test.name), "contains(\(words), \(literal(" \(value) ")))"]
    case .beginsWithWord:
      let begin = "starts-with(\(subject), \(literal(value + "-")))"
      return [attribute(test.name), "\(subject) = \(literal(value)) or \(begin)"]
    case .beginsWith where !value.isEmpty:
      return ["starts-with(\(subject), \(literal(value)))"]
    case .endsWith where !value.isEmpty:
      let before = value.unicodeScalars.count - 1
      return ["substring(\(subject), string-length(\(subject)) - \(before)) = \(literal(value))"]
    case .contains where !value.isEmpty:
      return ["contains(\(subject), \(literal(value)))"]
    case .beginsWith, .endsWith, .contains: break
    }
    return ["false()"]
  }

  private func attribute(_ name: String) -> String {
    isPlainName(name) ? "@\(name)" : "attribute::*[name() = \(literal(name))]"
  }

  // Places among siblings

  /// Comparisons without `count()` look at as few siblings as they need.
  private func predicates(
    for position: CSSSelector.ChildPosition,
    _ test: String
  ) -> [String] {
    let axis = position.isFromEnd ? "following-sibling" : "preceding-sibling"
    let siblings = "\(axis)::\(position.isOfType ? test : "*")"
    func atLeast(_ count: Int) -> [String] { count > 0 ? ["\(siblings)[\(count)]"] : [] }
    func atMost(_ count: Int) -> [String] {
      count < 0 ? ["false()"] : ["not(\(siblings)[\(count + 1)])"]
    }
    // So many siblings stand before the first place.
    let offset = position.offset - 1
    let step = abs(position.step)
    guard step > 0 else { return atLeast(offset) + atMost(offset) }
    let bound = position.step > 0 ? atLeast(offset) : atMost(offset)
    guard step > 1 else { return bound }
    let shift = ((-offset) % step + step) % step
    return bound + ["(count(\(siblings)) + \(shift)) mod \(step) = 0"]
  }
}

/// How XPath says which elements a step is about.
private func nameTest(_ type: String?) -> String {
  guard let type else { return "*" }
  return isPlainName(type) ? type : "*[name() = \(literal(type))]"
}

/// Whether XPath takes `name` for a name without a prefix.
private func isPlainName(_ name: String) -> Bool {
  guard let first = name.unicodeScalars.first, first.isASCII, first.beginsCSSName else {
    return false
  }
  return name.unicodeScalars.allSatisfy { $0.isASCII && $0.continuesCSSName || $0 == "." }
}

/// A string of XPath, which knows no escapes.
private func literal(_ text: String) -> String {
  if !text.utf8.contains(UInt8(ascii: "'")) { return "'\(text)'" }
  if !text.utf8.contains(UInt8(ascii: "\"")) { return "\"\(text)\"" }
  let parts = text.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
  return "concat(" + parts.map { "'\(Substring($0))'" }.joined(separator: ", \"'\", ") + ")"
}
