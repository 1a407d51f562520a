/// A text file and, if it is Swift, the views of it that rules ask about.
///
/// Lines are numbered from 1, as editors do.
struct SourceFile: Sendable {
  /// The path from the root of the repository.
  let path: String
  let lines: [Substring]
  /// The lines with comments blanked and the contents of strings replaced by `"`; empty unless Swift.
  let code: [Substring]
  /// The lines with all but comments blanked; empty unless Swift.
  let comments: [Substring]
  /// The words and signs of `code`.
  let tokens: [Token]
  let declarations: [Declaration]

  init(_ path: String, _ text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard path.hasSuffix(".swift") else {
      (code, comments, tokens, declarations) = ([], [], [], [])
      return
    }
    let views = Lexer.views(of: text)
    code = views.code.split(separator: "\n", omittingEmptySubsequences: false)
    comments = views.comments.split(separator: "\n", omittingEmptySubsequences: false)
    tokens = Token.tokens(of: views.code)
    declarations = Outline(tokens: tokens).declarations
  }

  var isSwift: Bool { path.hasSuffix(".swift") }

  var isTest: Bool { path.hasPrefix("Tests/") || path.contains("/Tests/") }

  /// The target's name if the file is in `Sources` of the root package or of another package.
  var module: String? {
    let parts = path.split(separator: "/")
    guard let sources = parts.firstIndex(of: "Sources"), sources <= 1 else { return nil }
    return sources + 2 < parts.count ? String(parts[sources + 1]) : nil
  }

  /// Whether the file belongs to a target of the toolkit or of the applications.
  var isLibrary: Bool {
    isSwift && (path.hasPrefix("Sources/") || path.hasPrefix("Applications/Sources/"))
  }

  func isIn(_ folders: String...) -> Bool {
    folders.contains { path.hasPrefix($0 + "/") }
  }

  func finding(_ line: Int, _ what: String, _ instead: String) -> Finding {
    Finding(path: path, line: line, what: what, instead: instead)
  }

  /// The lines of code with `pattern`, compared word by word, so that layout does not matter.
  ///
  /// A last word that ends in `*` stands for every word that begins so.
  func lines(of pattern: String) -> [Int] {
    indices(of: pattern).map { tokens[$0].line }
  }

  /// The positions in `tokens` where `pattern` begins.
  func indices(of pattern: String) -> [Int] {
    var words = Token.tokens(of: pattern).map(\.text)
    let isPrefix = words.last == "*"
    if isPrefix { words.removeLast() }
    guard let last = words.last, words.count <= tokens.count else { return [] }
    return (0...(tokens.count - words.count)).filter { start in
      let end = start + words.count - 1
      guard isPrefix ? tokens[end].text.hasPrefix(last) : tokens[end].text == last else {
        return false
      }
      return (start..<end).allSatisfy { tokens[$0].text == words[$0 - start] }
    }
  }

  /// The comment lines that touch `line` from above.
  func commentBlock(above line: Int) -> ArraySlice<Substring> {
    var first = line
    while first > 1, isCommentOnly(first - 1) { first -= 1 }
    return comments[(first - 1)..<(line - 1)]
  }

  /// The comment lines that touch `line` from above, and those in the `reach` lines above and beside it.
  func commentsNear(_ line: Int, reach: Int) -> [Substring] {
    Array(commentBlock(above: line)) + comments[max(line - 1 - reach, 0)..<line]
  }

  func isCode(_ line: Int) -> Bool {
    !code[line - 1].allSatisfy(\.isWhitespace)
  }

  func isCommentOnly(_ line: Int) -> Bool {
    !isCode(line) && !comments[line - 1].allSatisfy(\.isWhitespace)
  }

  /// The modules that the file imports.
  var imports: [(module: String, line: Int)] {
    let kinds: Set<String> = [
      "struct", "class", "enum", "protocol", "func", "let", "var", "typealias",
    ]
    return tokens.indices.compactMap { index in
      guard tokens[index].text == "import" else { return nil }
      let name = tokens[(index + 1)...].first { !kinds.contains($0.text) }
      return name.map { ($0.text, tokens[index].line) }
    }
  }
}
