import Testing

private let todoWords = ["TO" + "DO", "FIX" + "ME"]

/// A note to do something is worth keeping only with the reason why it is not done.
func notesWithoutReason(_ file: SourceFile) -> [Finding] {
  // In prose the words may be the subject.
  guard !file.path.hasSuffix(".md"), file.path != "LICENSE" else { return [] }
  let lines = file.isSwift ? file.comments : file.lines
  return lines.enumerated().flatMap { index, line in
    todoWords.filter { hasNoteWithoutReason(line, $0) }.map {
      file.finding(index + 1, "\($0) without a reason", "write `\($0): why`, or do it")
    }
  }
}

private func hasNoteWithoutReason(_ line: Substring, _ word: String) -> Bool {
  guard let range = line.firstRange(of: word) else { return false }
  let isPartOfWord = { (character: Character?) in character?.isLetter ?? false }
  guard !isPartOfWord(line[..<range.lowerBound].last) else { return false }
  var rest = line[range.upperBound...]
  guard !isPartOfWord(rest.first) else { return false }
  if rest.first == "(", let end = rest.firstIndex(of: ")") {
    rest = rest[rest.index(after: end)...]
  }
  return rest.first != ":" || rest.dropFirst().allSatisfy(\.isWhitespace)
}

/// Git remembers old code better than a comment does.
func commentedOutCode(_ file: SourceFile) -> [Finding] {
  guard file.isSwift else { return [] }
  let isCode = file.comments.indices.map { index in
    file.isCommentOnly(index + 1) && isStatement(file.comments[index])
  }
  return isCode.indices.dropFirst().compactMap { index in
    guard isCode[index], isCode[index - 1] else { return nil }
    guard index < 2 || !isCode[index - 2] else { return nil }
    return file.finding(
      index,
      "commented-out code",
      "delete it, or say in words why it is not there"
    )
  }
}

/// Whether a `//` comment looks like a line of Swift, not like prose or a drawing.
private func isStatement(_ comment: Substring) -> Bool {
  let line = comment.drop { $0 == " " }
  guard line.hasPrefix("//"), !line.hasPrefix("///") else { return false }
  let text = line.dropFirst(2).drop { $0 == " " }
  guard let last = text.last, let first = text.first else { return false }
  let keywords: Set<Substring> = [
    "let", "var", "func", "if", "guard", "for", "while", "return", "try", "await", "switch",
    "struct",
    "class", "enum", "extension", "defer", "throw", "import", "public", "private", "do",
  ]
  switch last {
  case "{", "}", ";":
    let word = text.prefix { $0.isLetter }
    return first == "}" || keywords.contains(word) || text.contains(" = ")
  case ")":
    // In prose a space stands before the parenthesis, and no word stands alone before it.
    let head = text.prefix { $0 != "(" }
    guard head.last?.isLetter ?? false else { return false }
    return text.contains(" = ")
      || head.split(separator: " ").dropLast().allSatisfy(keywords.contains)
  default:
    return false
  }
}

/// An ignored formatter hides everything that comes later, too.
func blanketFormatIgnore(_ file: SourceFile) -> [Finding] {
  file.comments.enumerated().compactMap { index, comment in
    guard let range = comment.firstRange(of: "swift-format-ignore") else { return nil }
    let rest = comment[range.upperBound...].trimmingPrefix("-file")
    guard rest.first != ":" || rest.dropFirst().allSatisfy(\.isWhitespace) else { return nil }
    return file.finding(
      index + 1,
      "every format rule ignored",
      "name the rule: `swift-format-ignore: Rule`"
    )
  }
}

struct CommentTests {
  @Test func `notes to do something say why it is not done`() {
    expectTidy("notes without reason", notesWithoutReason)
  }

  @Test func `no code is commented out`() {
    expectTidy("commented-out code", commentedOutCode)
  }

  @Test func `no comment switches all format rules off`() {
    expectTidy("blanket format ignore", blanketFormatIgnore)
  }

  @Test func `a note without a reason is found`() {
    func count(_ line: String) -> Int {
      notesWithoutReason(SourceFile("Sources/A/a.swift", line)).count
    }
    for word in todoWords {
      #expect(count("// \(word)") == 1)
      #expect(count("// \(word): ") == 1)
      #expect(count("// \(word) write this") == 1)
      #expect(count("// \(word): the kernel call is missing on macOS") == 0)
      #expect(count("// \(word)(#12): waits for typed throws") == 0)
      #expect(count("let text = \"\(word)\"") == 0)
      #expect(notesWithoutReason(SourceFile("scripts/setup", "# \(word)")).count == 1)
    }
  }

  @Test(arguments: [
    "// let a = make()\n// if a.isReady {", "// a.run(1)\n// try b.run()",
    "// for a in b {\n//   a()\n// }",
  ])
  func `commented-out code is found`(text: String) {
    #expect(commentedOutCode(SourceFile("a.swift", "run()\n\(text)\nrun()")).map(\.line) == [2])
  }

  @Test(arguments: [
    "// The lock is held here (see `take()`)\n// and given back there (see `put()`)",
    "// let a = make()\nrun()", "/// let a = make()\n/// run(a)",
    "//   free ──▶ held {1}\n//   held ──▶ free {2}",
  ])
  func `prose, drawings and examples in documentation are welcome`(text: String) {
    #expect(commentedOutCode(SourceFile("a.swift", text)).isEmpty)
  }

  @Test func `a blanket format ignore is found`() {
    #expect(blanketFormatIgnore(SourceFile("a.swift", "// swift-format-ignore-file")).count == 1)
    #expect(
      blanketFormatIgnore(SourceFile("a.swift", "// swift-format-ignore: NeverForceUnwrap")).isEmpty
    )
  }
}
