/// A parsed selector: of CSS Selectors Level 4 what makes sense without namespaces and a browser.
///
/// Names of elements and attributes are in lower case, as the HTML parser leaves them.
struct CSSSelector: Equatable, Sendable {
  /// What stands between the commas; never empty.
  var alternatives: [Alternative]

  struct Alternative: Equatable, Sendable {
    var compounds: [Compound]
    var pseudoElement: PseudoElement?
  }

  /// What is taken of the elements that match.
  enum PseudoElement: Hashable, Sendable {
    case text
    case attribute(String)
  }

  /// Conditions on one element, and how it stands to the compound before it.
  struct Compound: Equatable, Sendable {
    /// `nil` where nothing stands before it.
    var combinator: Combinator?
    /// `nil` for any element.
    var type: String?
    var conditions: [Condition] = []
  }

  enum Combinator: Equatable, Sendable {
    case descendant, child, nextSibling, subsequentSibling
  }

  enum Condition: Equatable, Sendable {
    /// Classes and ids are tests of attributes too.
    case attribute(AttributeTest)
    /// `:is()` and `:where()`.
    case any([[Compound]])
    /// `:not()`.
    case none([[Compound]])
    /// `:has()`: the first compound of each has a combinator.
    case has([[Compound]])
    case position(ChildPosition)
    /// `:only-child` and `:only-of-type`.
    case only(isOfType: Bool)
    case empty
    case root
    case scope
  }

  struct AttributeTest: Equatable, Sendable {
    enum Operator: String, CaseIterable, Sendable {
      case equals = "="
      case includes = "~="
      case beginsWithWord = "|="
      case beginsWith = "^="
      case endsWith = "$="
      case contains = "*="
    }

    var name: String
    /// `nil` when it is enough that the attribute is there.
    var comparison: Operator?
    var value = ""
    /// Whether ASCII letters match in either case.
    var ignoresCase = false
  }

  /// The places `step * n + offset` among siblings, for every `n` from 0; the first place is 1.
  struct ChildPosition: Equatable, Sendable {
    var step: Int
    var offset: Int
    /// Whether places are counted from the last sibling.
    var isFromEnd = false
    /// Whether only siblings of the same type count.
    var isOfType = false
  }
}

/// What is wrong with a selector or an XPath expression, and where.
struct ExpressionError: Error, Hashable, CustomStringConvertible {
  /// Unicode scalars before the place.
  var offset: Int
  var message: String

  var description: String { "column \(offset + 1): \(message)" }
}
