internal import CXML

/// The work on one page: evaluates rules and writes down what they find.
struct ItemExtraction {
  private(set) var found = ItemRules.Found()
  /// Bytes of text and markup that may be read; nested items repeat one another's.
  private let maximum: Int
  /// How many of them are left.
  private var budget: Int
  /// Whether the page has had its steps or bytes, so that the rules that are left are not tried.
  private var isOver = false

  init(maximum: Int = 64 << 20) {
    self.maximum = maximum
    budget = maximum
  }

  /// Adds what `rule` finds.
  mutating func take(_ rule: ItemRule, from tree: borrowing PageTree) {
    guard !isOver else { return }
    var count = ItemCount()
    do {
      let fields = try rule.fields.map { try CompiledField($0) }
      if let each = rule.each {
        let places = try evaluate(XPathExpression(each.xpath), each, at: tree.root, of: tree)
        guard places.isNodeSet else { throw RuleFailure("\"\(each.source)\" gives no elements") }
        for index in 0..<places.count where !isOver {
          guard let place = places[index] else { continue }
          tree.enter(place)
          try takeItem(rule.name, fields, at: place, of: tree, &count)
        }
      } else {
        try takeItem(rule.name, fields, at: tree.root, of: tree, &count)
      }
    } catch {
      found.problems.append("item rule \"\(rule.name)\": \(error)")
    }
    found.problems += count.problems(of: rule)
  }

  /// Adds the item at `place`, unless it lacks something required or has nothing at all.
  private mutating func takeItem(
    _ name: String,
    _ fields: [CompiledField],
    at place: xmlNodePtr,
    of tree: borrowing PageTree,
    _ count: inout ItemCount
  ) throws {
    var json = JSONText()
    var missing: String?
    var isEmpty = true
    json.append(raw: "{")
    for (index, field) in fields.enumerated() {
      if index > 0 { json.append(raw: ",") }
      json.append(string: field.rule.name)
      json.append(raw: ":")
      let value = try evaluate(field.expression, field.rule.selection, at: place, of: tree)
      let hasValue = write(value, field.rule, &json)
      if hasValue { isEmpty = false }
      if !hasValue, field.rule.isRequired, missing == nil { missing = field.rule.name }
    }
    json.append(raw: "}")
    guard !isEmpty else { return }
    guard budget >= 0 else {
      isOver = true
      throw RuleFailure(
        "the items of the page come to more than \(maximum) bytes; narrow \"each\""
      )
    }
    count.add(missing: missing)
    if missing == nil { found.items.append(ItemRecord(name: name, json: json.text)) }
  }

  private mutating func evaluate(
    _ expression: XPathExpression,
    _ selection: ItemRule.Selection,
    at place: xmlNodePtr,
    of tree: borrowing PageTree
  ) throws -> XPathValue {
    do {
      return try tree.evaluate(expression, at: place)
    } catch {
      isOver = error.isOutOfSteps
      throw RuleFailure("\"\(selection.source)\": \(error)")
    }
  }
}

/// A field whose expression is ready, for one page.
///
/// Compiling takes microseconds, and expressions cannot be shared between threads.
private struct CompiledField {
  let rule: ItemRule.Field
  let expression: XPathExpression

  init(_ rule: ItemRule.Field) throws {
    self.rule = rule
    expression = try XPathExpression(rule.selection.xpath)
  }
}

private struct RuleFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// How many items a rule found on a page, and how many of them lack what.
private struct ItemCount {
  private var total = 0
  private var missing: [String: Int] = [:]

  mutating func add(missing field: String?) {
    total += 1
    if let field { missing[field, default: 0] += 1 }
  }

  func problems(of rule: ItemRule) -> [String] {
    rule.fields.compactMap { field in
      guard let count = missing[field.name] else { return nil }
      return """
        item rule "\(rule.name)": \(count) of \(total) items left out, nothing found for the \
        required "\(field.name)" (\(field.selection.source))
        """
    }
  }
}

extension ItemExtraction {
  /// Writes the value of a field; tells whether there is one.
  private mutating func write(
    _ value: borrowing XPathValue,
    _ field: ItemRule.Field,
    _ json: inout JSONText
  ) -> Bool {
    let begin = json.bytes.count
    if field.isMany { json.append(raw: "[") }
    var count = 0
    if value.isNodeSet {
      for index in 0..<value.count where field.isMany || count == 0 {
        guard budget >= 0, let node = value[index] else { continue }
        let mark = json.bytes.count
        if count > 0 { json.append(raw: ",") }
        if write(node, field.part, &json) { count += 1 } else { json.truncate(to: mark) }
      }
    } else {
      count = write(plain: value, &json) ? 1 : 0
    }
    if field.isMany {
      json.append(raw: "]")
    } else if count == 0 {
      json.truncate(to: begin)
      json.append(raw: "null")
    }
    return count > 0
  }

  /// Writes what an XPath expression such as `count(…)` comes to, if it is not nodes.
  private func write(plain value: borrowing XPathValue, _ json: inout JSONText) -> Bool {
    let object = value.object.pointee
    switch object.type {
    case XPATH_BOOLEAN: json.append(raw: object.boolval != 0 ? "true" : "false")
    case XPATH_NUMBER: json.append(number: object.floatval)
    case XPATH_STRING:
      guard let text = object.stringval, text.pointee != 0 else { return false }
      json.append(collapsed: UnsafeBufferPointer(start: text, count: Int(xmlStrlen(text))))
    default: return false
    }
    return true
  }

  /// Writes what is asked for of a node; tells whether it has that.
  private mutating func write(
    _ node: xmlNodePtr,
    _ part: ItemRule.Part,
    _ json: inout JSONText
  ) -> Bool {
    switch (part, node.pointee.type) {
    case (.attribute(let name), XML_ELEMENT_NODE):
      guard let text = xmlGetNoNsProp(node, name) else { return false }
      defer { cxml_free(text) }
      json.append(string: read(text))
    case (.attribute, _):
      return false
    case (_, XML_ATTRIBUTE_NODE):
      guard let text = xmlNodeGetContent(node) else { return false }
      defer { cxml_free(text) }
      json.append(string: read(text))
    case (.html, _):
      writeMarkup(of: node, &json)
    case (.text, _):
      guard let text = xmlNodeGetContent(node) else { return false }
      defer { cxml_free(text) }
      json.append(collapsed: read(text))
    }
    return true
  }

  private mutating func writeMarkup(of node: xmlNodePtr, _ json: inout JSONText) {
    guard let buffer = xmlAllocOutputBuffer(nil) else { return }
    defer { xmlOutputBufferClose(buffer) }
    htmlNodeDumpFormatOutput(buffer, node.pointee.doc, node, nil, 0)
    guard let text = xmlOutputBufferGetContent(buffer) else { return }
    budget -= xmlOutputBufferGetSize(buffer)
    json.append(string: UnsafeBufferPointer(start: text, count: xmlOutputBufferGetSize(buffer)))
  }

  private mutating func read(_ text: UnsafeMutablePointer<xmlChar>) -> UnsafeBufferPointer<UInt8> {
    let count = Int(xmlStrlen(text))
    budget -= count
    return UnsafeBufferPointer(start: text, count: count)
  }
}
