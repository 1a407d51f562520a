import Testing

/// A page has one subject: one `# ` title, outside code fences.
func markdownTitle(_ file: SourceFile) -> [Finding] {
  guard file.path.hasSuffix(".md") else { return [] }
  var isFenced = false
  let titles = file.lines.indices.filter { index in
    let line = file.lines[index].drop { $0 == " " }
    if line.hasPrefix("```") || line.hasPrefix("~~~") { isFenced.toggle() }
    return !isFenced && file.lines[index].hasPrefix("# ")
  }
  if titles.isEmpty { return [file.finding(1, "no title", "begin with one `# ` line")] }
  return titles.dropFirst().map {
    file.finding($0 + 1, "a second title", "use `## ` instead, or a file of its own")
  }
}

/// People read a front page, they search a manual.
func readmeLength(_ file: SourceFile) -> [Finding] {
  guard file.path == "README.md", file.lines.count > 200 else { return [] }
  return [
    file.finding(201, "\(file.lines.count) lines, more than 200", "move the detail into docs")
  ]
}

/// Decisions are cited by number: a number is used once, and none is missing.
func decisionNumbers(_ paths: [String]) -> [Finding] {
  let folder = "docs/decisions/"
  var expected = 1
  return paths.filter { $0.hasPrefix(folder) }.sorted().flatMap { path -> [Finding] in
    func finding(_ what: String, _ instead: String) -> [Finding] {
      [Finding(path: path, line: 1, what: what, instead: instead)]
    }
    let name = path.dropFirst(folder.count)
    let digits = name.prefix { $0.isASCII && $0.isNumber }
    guard digits.count == 4, name.dropFirst(4).first == "-", name.hasSuffix(".md"),
      let number = Int(digits)
    else { return finding("no decision record by its name", "call it NNNN-title.md") }
    defer { expected = max(expected, number + 1) }
    if number < expected { return finding("number \(number) is taken", "use the next free number") }
    if number > expected { return finding("number \(expected) is missing", "number without gaps") }
    return []
  }
}

/// A path of one machine is wrong on every other.
func machinePaths(_ file: SourceFile) -> [Finding] {
  let folders = ["work", "opt/swift", "root"]
  return file.lines.enumerated().flatMap { index, line in
    folders.filter { containsPath(line, "/\($0)") }.map {
      file.finding(index + 1, "/\($0) exists on one machine", "use a relative path or a variable")
    }
  }
}

/// Whether `line` has the absolute path of `folder` or of something in it: not the end of another path,
/// and not the beginning of a longer name.
private func containsPath(_ line: Substring, _ folder: String) -> Bool {
  line.ranges(of: folder).contains { range in
    let (before, after) = (line[..<range.lowerBound].last, line[range.upperBound...].first)
    let isTail = before.map { $0.isLetter || $0.isNumber || "_.-/})*".contains($0) } ?? false
    return !isTail && after == "/"
  }
}

struct ProseTests {
  @Test func `every Markdown file has one title`() {
    expectTidy("Markdown title", markdownTitle)
  }

  @Test func `the README has at most 200 lines`() {
    expectTidy("README length", readmeLength)
  }

  @Test func `decision records are numbered from 1 without gaps`() {
    report("decision numbers", decisionNumbers(Repository.files.map(\.path)))
  }

  @Test func `no file names a path of one machine`() {
    expectTidy("machine paths", machinePaths)
  }

  @Test func `a missing and a second title are found`() {
    func lines(_ text: String) -> [Int] { markdownTitle(SourceFile("docs/a.md", text)).map(\.line) }
    #expect(lines("# One\n\n## Part\n```\n# comment\n```\n") == [])
    #expect(lines("# One\n# Two") == [2])
    #expect(lines("## Part") == [1])
  }

  @Test func `a long README is found`() {
    let line = "line\n"
    #expect(readmeLength(SourceFile("README.md", String(repeating: line, count: 200))).count == 1)
    #expect(readmeLength(SourceFile("README.md", String(repeating: line, count: 199))).isEmpty)
    #expect(readmeLength(SourceFile("docs/guide.md", String(repeating: line, count: 200))).isEmpty)
  }

  @Test func `decision numbers used twice, left out or misspelt are found`() {
    func paths(_ names: String...) -> [String] {
      decisionNumbers(names.map { "docs/decisions/\($0).md" }).map(\.path)
    }
    #expect(paths("0001-one", "0002-two") == [])
    #expect(paths("0001-one", "0001-uno", "0002-two") == ["docs/decisions/0001-uno.md"])
    #expect(paths("0001-one", "0003-three") == ["docs/decisions/0003-three.md"])
    #expect(paths("0002-two") == ["docs/decisions/0002-two.md"])
    #expect(paths("notes", "0001-one") == ["docs/decisions/notes.md"])
  }

  @Test func `a path of one machine is found`() {
    func count(_ text: String) -> Int { machinePaths(SourceFile("scripts/run", text)).count }
    for folder in ["work", "opt/swift", "root"] {
      #expect(count("cd /\(folder)/main") == 1)
      #expect(count("PATH=\"/\(folder)/bin\"") == 1)
      #expect(count("cd home/\(folder)/main /\(folder)less/") == 0)
    }
  }
}
