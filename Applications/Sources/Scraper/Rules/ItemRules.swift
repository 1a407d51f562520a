/// The rules of a file, ready to take items from pages.
package struct ItemRules: Sendable {
  /// What came of a page.
  package struct Found: Equatable, Sendable {
    /// In the order of the rules, and of the page within a rule.
    package var items: [ItemRecord] = []
    /// What kept items from being taken, a sentence each.
    package var problems: [String] = []

    package init(items: [ItemRecord] = [], problems: [String] = []) {
      self.items = items
      self.problems = problems
    }
  }

  private let rules: [ItemRule]

  /// Reads the text of a rules file; its name is for messages.
  ///
  /// - Throws: `RulesError` for the first mistake, be it in the YAML, the rules or a selector.
  package init(yaml: String, file: String) throws(RulesError) {
    rules = try RulesFile.rules(yaml: yaml, file: file)
  }

  /// Takes the items of a page; may be called on many threads at a time.
  ///
  /// An item in which nothing was found is none. One that lacks a required field is left out and
  /// counted in a problem. Other fields without a match are `null`, or an empty array.
  ///
  /// - Parameters:
  ///   - text: The page in UTF-8, as `PageDecoder` makes it.
  ///   - url: The page's URL, for `pages`.
  /// - Returns: The items and the problems.
  func items(in text: UnsafeRawBufferPointer, url: String) -> Found {
    let rules = rules.filter { $0.pages?.matches(url) ?? true }
    guard !rules.isEmpty, let tree = PageTree(text) else { return Found() }
    var extraction = ItemExtraction()
    for rule in rules { extraction.take(rule, from: tree) }
    return extraction.found
  }
}
