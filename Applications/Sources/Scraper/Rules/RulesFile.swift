internal import Yams

/// Reads a rules file and checks everything in it that can be checked without a page.
///
/// ```yaml
/// items:
///   product:                    # the name of the items
///     pages: "/product/"        # a regular expression for the page's URL; without it, every page
///     each: article.product     # one item for each match; without it, one per page
///     fields:
///       title: { css: h3 a, attr: title, required: true }
///       price: p.price::text
///       tags: { css: ".tag::text", many: true }
///       body: { xpath: ".//div[@id='d']", value: html }
/// ```
struct RulesFile {
  private let document: RulesDocument

  static func rules(yaml: String, file: String) throws(RulesError) -> [ItemRule] {
    try RulesFile(document: RulesDocument(yaml: yaml, file: file)).rules()
  }

  private func rules() throws(RulesError) -> [ItemRule] {
    var rules: [ItemRule] = []
    for top in try document.pairs(document.root, "the file", known: ["items"]) {
      for (name, value) in try document.pairs(top.value, "\"items\"") {
        rules.append(try rule(name.string, value))
      }
    }
    return rules
  }

  private func rule(_ name: String, _ node: Node) throws(RulesError) -> ItemRule {
    var rule = ItemRule(name: name, fields: [])
    var fields: Node?
    let what = "the rule \"\(name)\""
    for (key, value) in try document.pairs(node, what, known: ["pages", "each", "fields"]) {
      switch key.string {
      case "pages": rule.pages = try pattern(document.text(value, "\"pages\""))
      case "each": rule.each = try each(value)
      default: fields = value
      }
    }
    guard let fields else {
      throw document.error(at: node, "\(what) has no fields; add \"fields:\"")
    }
    for (name, value) in try document.pairs(fields, "\"fields\"") {
      rule.fields.append(try field(name.string, value, isScoped: rule.each != nil))
    }
    return rule
  }

  private func pattern(_ scalar: Node.Scalar) throws(RulesError) -> PagePattern {
    do {
      return try PagePattern(scalar.string)
    } catch {
      throw document.error(at: scalar.mark, "\"pages\" is no regular expression: \(error)")
    }
  }

  private func each(_ node: Node) throws(RulesError) -> ItemRule.Selection {
    var selector = WrittenSelector(isScoped: false)
    if node.mapping == nil {
      selector.css = try document.text(node, "\"each\"")
    } else {
      for (key, value) in try document.pairs(node, "\"each\"", known: WrittenSelector.keys) {
        try selector.set(key, value, document)
      }
    }
    let (selection, takes) = try selector.selection(node, "\"each\"", document)
    guard takes == nil else {
      throw document.error(
        at: node,
        "\"each\" chooses elements; leave \(takes ?? "") to the fields"
      )
    }
    return selection
  }

  private func field(
    _ name: String,
    _ node: Node,
    isScoped: Bool
  ) throws(RulesError) -> ItemRule.Field {
    let what = "the field \"\(name)\""
    var selector = WrittenSelector(isScoped: isScoped)
    var part: (key: Node.Scalar, part: ItemRule.Part)?
    var flags: (isMany: Bool, isRequired: Bool) = (false, false)
    if node.mapping == nil {
      selector.css = try document.text(node, what)
    } else {
      let known = WrittenSelector.keys + ["value", "attr", "many", "required"]
      for (key, value) in try document.pairs(node, what, known: known) {
        switch key.string {
        case "value", "attr":
          if let part {
            let both = "\"\(part.key.string)\" and \"\(key.string)\""
            throw document.error(at: key.mark, "\(what) has \(both); keep one of them")
          }
          part = (key, try self.part(key.string, value))
        case "many": flags.isMany = try document.flag(value, "\"many\"")
        case "required": flags.isRequired = try document.flag(value, "\"required\"")
        default: try selector.set(key, value, document)
        }
      }
    }
    let (selection, takes) = try selector.selection(node, what, document)
    if let takes, let part {
      let both = "\(takes) and \"\(part.key.string)\""
      throw document.error(at: part.key.mark, "\(what) has \(both); keep one of them")
    }
    return ItemRule.Field(
      name: name,
      selection: selection,
      part: part?.part ?? .text,
      isMany: flags.isMany,
      isRequired: flags.isRequired
    )
  }

  private func part(_ key: String, _ node: Node) throws(RulesError) -> ItemRule.Part {
    let text = try document.text(node, "\"\(key)\"").string
    switch (key, text) {
    case ("attr", _): return .attribute(text.asciiLowercased)
    case (_, "text"): return .text
    case (_, "html"): return .html
    default: throw document.error(at: node, "\"value\" has to be text or html, not \"\(text)\"")
    }
  }
}

/// The two ways to say where something is, of which one has to be there.
private struct WrittenSelector {
  static let keys = ["css", "xpath"]

  var isScoped: Bool
  var css: Node.Scalar?
  var xpath: Node.Scalar?

  init(isScoped: Bool) {
    self.isScoped = isScoped
  }

  mutating func set(
    _ key: Node.Scalar,
    _ value: Node,
    _ document: RulesDocument
  ) throws(RulesError) {
    let text = try document.text(value, "\"\(key.string)\"")
    if key.string == "css" { css = text } else { xpath = text }
  }

  /// Translates and tries what is there.
  ///
  /// - Returns: The selection, and the pseudo-element in it, if there is one.
  func selection(
    _ node: Node,
    _ what: String,
    _ document: RulesDocument
  ) throws(RulesError) -> (ItemRule.Selection, String?) {
    switch (css, xpath) {
    case (let css?, nil):
      return try checked(css, document) { () throws(ExpressionError) in
        let selector = try CSSParser.parse(css.string)
        let xpath = CSSToXPath(isScoped: isScoped).expression(for: selector)
        let takes = selector.alternatives.lazy.compactMap(\.pseudoElement).first
        return (xpath, takes.map { $0 == .text ? "::text" : "::attr()" })
      }
    case (nil, let xpath?):
      return try checked(xpath, document) { () throws(ExpressionError) in
        try XPathNames.check(xpath.string)
        return (xpath.string, nil)
      }
    case (nil, nil):
      throw document.error(at: node, "\(what) has no selector; add css or xpath")
    case (_, let xpath?):
      throw document.error(at: xpath.mark, "\(what) has css and xpath; keep one of them")
    }
  }

  private func checked(
    _ scalar: Node.Scalar,
    _ document: RulesDocument,
    _ translate: () throws(ExpressionError) -> (xpath: String, takes: String?)
  ) throws(RulesError) -> (ItemRule.Selection, String?) {
    do throws(ExpressionError) {
      let (xpath, takes) = try translate()
      _ = try XPathExpression(xpath)
      return (ItemRule.Selection(xpath: xpath, source: scalar.string), takes)
    } catch {
      throw document.error(in: scalar, error)
    }
  }
}
