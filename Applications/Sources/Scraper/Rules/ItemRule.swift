/// What to take from which pages.
struct ItemRule: Sendable {
  var name: String
  /// The URLs of the pages that the rule is for; `nil` for every page.
  var pages: PagePattern?
  /// Where the items are; `nil` for one item per page.
  var each: Selection?
  /// In the order of the file; never empty.
  var fields: [Field]

  /// A selector, translated and found to be right.
  struct Selection: Sendable {
    var xpath: String
    /// As it stands in the file.
    var source: String
  }

  struct Field: Sendable {
    var name: String
    var selection: Selection
    var part = Part.text
    /// Whether all matches are wanted, not only the first one.
    var isMany = false
    /// Whether an item without it is no item.
    var isRequired = false
  }

  /// What of an element is the value.
  enum Part: Equatable, Sendable {
    /// Its text, white space collapsed and trimmed.
    case text
    /// Its markup.
    case html
    /// An attribute, as it is.
    case attribute(String)
  }
}

/// A regular expression for URLs.
// Safe because a pattern made from text holds no closure of anybody, and the engine publishes what it
// compiles at the first match atomically.
struct PagePattern: @unchecked Sendable {
  private let regex: Regex<AnyRegexOutput>

  init(_ pattern: String) throws {
    regex = try Regex(pattern)
  }

  /// Whether the pattern is found anywhere in `url`.
  func matches(_ url: String) -> Bool {
    // Only transformations written in Swift throw, and text cannot have any.
    (try? regex.firstMatch(in: url)) != nil
  }
}
