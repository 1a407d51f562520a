/// A declaration of a type, function, initializer, subscript, variable or extension.
struct Declaration: Sendable {
  /// The keyword: `func`, `struct` and so on.
  let kind: String
  let name: String
  /// Access levels, other modifiers, and attributes with their `@`.
  let modifiers: [String]
  /// The first line with a modifier, or with the keyword.
  let firstLine: Int
  let lastLine: Int
  /// The tokens between the name and the body.
  let signature: Range<Int>
  /// The tokens between the braces.
  let body: Range<Int>?
  /// The position of the declaration around this one.
  let parent: Int?

  static let typeKinds: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]

  static let functionKinds: Set<String> = ["func", "init", "deinit", "subscript"]

  var isType: Bool { Self.typeKinds.contains(kind) }

  var isFunction: Bool { Self.functionKinds.contains(kind) }

  var isPublic: Bool { modifiers.contains("public") || modifiers.contains("open") }

  var isPrivate: Bool { modifiers.contains("private") || modifiers.contains("fileprivate") }
}

/// Finds the declarations of a file by their keywords and by matching braces.
///
/// Good enough for code that compiles and is formatted; it does not try to be a parser.
struct Outline {
  private(set) var declarations: [Declaration] = []

  private let tokens: [Token]
  /// For each opening or closing sign the position of its partner.
  private let partners: [Int: Int]
  /// The bodies around the current position, innermost last.
  private var open: [(declaration: Int, end: Int)] = []

  private static let modifierWords: Set<String> = [
    "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final",
    "override", "mutating", "nonmutating", "borrowing", "consuming", "nonisolated", "lazy", "weak",
    "unowned", "convenience", "required", "indirect", "isolated", "distributed", "dynamic",
    "prefix", "postfix", "infix",
  ]

  private static let keywords =
    Declaration.typeKinds.union(Declaration.functionKinds).union(["extension", "let", "var"])

  init(tokens: [Token]) {
    self.tokens = tokens
    partners = Self.match(tokens)
    for index in tokens.indices {
      while let last = open.last, index >= last.end { open.removeLast() }
      if isDeclaration(index) { add(index) }
    }
  }

  private static func match(_ tokens: [Token]) -> [Int: Int] {
    var (partners, stack): ([Int: Int], [Int]) = ([:], [])
    for (index, token) in tokens.enumerated() {
      switch token.text {
      case "(", "[", "{":
        stack.append(index)
      case ")", "]", "}":
        guard let start = stack.popLast() else { continue }
        partners[start] = index
        partners[index] = start
      default:
        continue
      }
    }
    return partners
  }

  private func text(_ index: Int) -> String {
    tokens.indices.contains(index) ? tokens[index].text : ""
  }

  private func isDeclaration(_ index: Int) -> Bool {
    let (previous, word, next) = (text(index - 1), text(index), text(index + 1))
    guard Self.keywords.contains(word), previous != "." else { return false }
    switch word {
    case "func":
      return true
    case "init", "subscript":
      return ["(", "<", "?", "!"].contains(next)
    case "deinit":
      return next == "{"
    case "let", "var":
      return !["case", "if", "guard", "while", ",", "("].contains(previous)
    default:
      // `class func` and `protocol P: class` only look like declarations of classes.
      guard previous != ":", tokens.indices.contains(index + 1) else { return false }
      return tokens[index + 1].isWord && !Self.keywords.contains(next)
    }
  }

  private mutating func add(_ index: Int) {
    let (modifiers, first) = modifiers(before: index)
    let nameLess = ["init", "deinit", "subscript"].contains(text(index))
    let start = nameLess ? index + 1 : endOfName(index)
    let (end, hasBody) = endOfSignature(from: start, keyword: index)
    let close = hasBody ? partners[end] : nil
    declarations.append(
      Declaration(
        kind: text(index),
        name: nameLess ? text(index) : tokens[(index + 1)..<start].map(\.text).joined(),
        modifiers: modifiers,
        firstLine: tokens[first].line,
        lastLine: tokens[close ?? max(end - 1, index)].line,
        signature: start..<end,
        body: close.map { (end + 1)..<$0 },
        parent: open.last?.declaration
      )
    )
    if let close { open.append((declarations.count - 1, close)) }
  }

  /// The position behind a word such as `acquire` or the signs of an operator.
  private func endOfName(_ index: Int) -> Int {
    var end = index + 1
    guard tokens.indices.contains(end) else { return tokens.count }
    if tokens[end].isWord || tokens[end].text.hasPrefix("\"") { return end + 1 }
    while end < tokens.count, text(end) != "(" { end += 1 }
    return end
  }

  /// The position of the opening brace, or where a declaration without one ends.
  private func endOfSignature(from start: Int, keyword: Int) -> (end: Int, hasBody: Bool) {
    let isVariable = ["let", "var"].contains(text(keyword))
    var index = start
    while index < tokens.count {
      // Variables that span lines are not worth following: their braces belong to what comes next.
      if isVariable, tokens[index].line != tokens[keyword].line { return (index, false) }
      switch text(index) {
      case "{":
        return (index, true)
      case "}", ";", "@":
        // `@` begins the next declaration, or an attribute inside this one's types.
        if text(index) == "@", tokens[index].line == tokens[index - 1].line { break }
        return (index, false)
      case "(", "[":
        index = partners[index] ?? index
      case let word where Self.keywords.contains(word) && isDeclaration(index):
        return (index, false)
      default:
        break
      }
      index += 1
    }
    return (min(index, tokens.count), false)
  }

  private func modifiers(before index: Int) -> (words: [String], first: Int) {
    var (words, first): ([String], Int) = ([], index)
    while first > 0 {
      let hasArgument = text(first - 1) == ")"
      let word = hasArgument ? (partners[first - 1] ?? 0) - 1 : first - 1
      guard word >= 0 else { break }
      if text(word - 1) == "@" {
        words.append("@" + text(word))
        first = word - 1
      } else if Self.modifierWords.contains(text(word)) {
        // `private(set)` says nothing about reading.
        if !hasArgument { words.append(text(word)) }
        first = word
      } else {
        break
      }
    }
    return (words, first)
  }
}
