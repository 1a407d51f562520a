import Testing

/// The closed list of what a public `async` function may do when its task is cancelled.
///
/// Three wordings, so that readers compare functions and not styles of writing.
private let cancellationWordings = [
  "takes nothing if cancelled before the grant; a grant that raced it is delivered",
  "does not observe cancellation",
  "cancels the body and waits for it",
]

func cancellationContracts(_ file: SourceFile) -> [Finding] {
  guard let module = file.module, file.isIn("Sources"), module.hasPrefix("Bakery") else {
    return []
  }
  return file.declarations.compactMap { declaration in
    guard isPublic(declaration, in: file), isAsync(declaration, in: file) else { return nil }
    let contract = aside("Cancellation", in: file.commentBlock(above: declaration.firstLine))
    guard let contract else {
      return file.finding(
        declaration.firstLine,
        "\(declaration.name) is public and async without a cancellation contract",
        "add `> Cancellation:` and one of: \(cancellationWordings.joined(separator: " / "))"
      )
    }
    guard !cancellationWordings.contains(where: contract.contains) else { return nil }
    return file.finding(
      declaration.firstLine,
      "the cancellation contract of \(declaration.name) is in words of its own",
      "use one of: \(cancellationWordings.joined(separator: " / "))"
    )
  }
}

/// A requirement is as public as its protocol; everything else says so itself.
private func isPublic(_ declaration: Declaration, in file: SourceFile) -> Bool {
  guard let parent = declaration.parent.map({ file.declarations[$0] }) else {
    return declaration.isPublic
  }
  return declaration.isPublic || (parent.kind == "protocol" && parent.isPublic)
}

private func isAsync(_ declaration: Declaration, in file: SourceFile) -> Bool {
  if declaration.kind == "var", let body = declaration.body {
    return file.tokens[body].prefix(2).map(\.text) == ["get", "async"]
  }
  guard declaration.isFunction else { return false }
  // Types of parameters stand in parentheses, and the result behind the arrow: neither is ours.
  var depth = 0
  for token in file.tokens[declaration.signature] {
    if token.text == "(" { depth += 1 }
    if token.text == ")" { depth -= 1 }
    guard depth == 0 else { continue }
    if token.text == "async" { return true }
    if token.text == "->" { return false }
  }
  return false
}

/// The text of the aside `> Name: …` of a documentation comment, on one line and in lower case.
private func aside(_ name: String, in comments: ArraySlice<Substring>) -> String? {
  var words: [Substring]?
  for comment in comments {
    let text = comment.drop { $0 == " " || $0 == "/" }
    if text.hasPrefix("> \(name):") { words = [] } else if text.isEmpty, words != nil { break }
    words? += text.split(separator: " ").filter { $0 != ">" }
  }
  return words?.joined(separator: " ").lowercased()
}

/// The slices of each file in Snippets, by its name without the ending.
func slices(_ files: [SourceFile]) -> [String: Set<String>] {
  var slices: [String: Set<String>] = [:]
  for file in files where file.isSwift && file.isIn("Snippets") {
    let name =
      file.path.split(separator: "/").last.map { String($0.dropLast(".swift".count)) } ?? ""
    let markers = file.comments.compactMap { line -> String? in
      let text = line.drop { $0 == " " || $0 == "/" }
      return text.hasPrefix("snippet.") ? String(text.dropFirst("snippet.".count)) : nil
    }
    slices[name] = Set(markers)
  }
  return slices
}

func snippetReferences(_ file: SourceFile, _ slices: [String: Set<String>]) -> [Finding] {
  guard file.isIn("Sources") else { return [] }
  let lines = file.isSwift ? file.comments : file.lines
  return lines.enumerated().compactMap { index, line in
    guard let start = line.firstRange(of: "@Snippet(") else { return nil }
    let values = line[start.upperBound...].split(separator: "\"").enumerated()
      .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    let folder = "bakery/Snippets/"
    guard let path = values.first, path.hasPrefix(folder) else {
      return file.finding(
        index + 1,
        "a snippet from elsewhere",
        "use a path that begins with \(folder)"
      )
    }
    guard let known = slices[String(path.dropFirst(folder.count))] else {
      return file.finding(
        index + 1,
        "\(path) does not exist",
        "write the snippet or correct the path"
      )
    }
    guard values.count > 1, !known.contains(values[1]) else { return nil }
    return file.finding(
      index + 1,
      "\(path) has no slice \(values[1])",
      "mark it with `// snippet.\(values[1])`"
    )
  }
}

/// Links of a page to slices, written `[Name, `slice`](../Snippets/Name.swift)`, that lead nowhere.
func snippetLinks(_ file: SourceFile, _ slices: [String: Set<String>]) -> [Finding] {
  guard file.path.hasPrefix("docs/"), file.path.hasSuffix(".md") else { return [] }
  return file.lines.enumerated().compactMap { index, line in
    guard let end = line.firstRange(of: "`](../Snippets/") else { return nil }
    let name = String(line[end.upperBound...].prefix { $0 != "." })
    let slice = String(line[..<end.lowerBound].split(separator: "`").last ?? "")
    guard !(slices[name]?.contains(slice) ?? false) else { return nil }
    return file.finding(index + 1, "\(name) has no slice \(slice)", "correct the link")
  }
}

/// Public things of the toolkit that no compiled example shows; what is for our own use (`@_spi`) needs none.
func missingSnippets(_ file: SourceFile) -> [Finding] {
  guard file.isIn("Sources/Bakery") else { return [] }
  let kinds: Set<String> = ["class", "struct", "actor", "protocol", "func"]
  let shown = file.comments.contains { $0.contains("@Snippet(") }
  let first = file.declarations.first { declaration in
    guard declaration.parent == nil, declaration.isPublic, kinds.contains(declaration.kind) else {
      return false
    }
    if declaration.modifiers.contains(where: { $0.hasPrefix("@_spi") }) { return false }
    return !file.tokens[declaration.signature].contains { $0.text == "Error" }
  }
  guard let first, !shown else { return [] }
  return [
    file.finding(
      first.firstLine,
      "no snippet shows \(first.name)",
      "add @Snippet(path: \"bakery/Snippets/…\", slice: \"…\") to its documentation"
    )
  ]
}

/// The first page of each module's documentation, by the module's name.
func landingPages(_ files: [SourceFile]) -> [String: SourceFile] {
  let pages = files.filter {
    $0.isIn("Sources") && $0.path.hasSuffix(".docc/\($0.module ?? "").md")
  }
  return Dictionary(
    uniqueKeysWithValues: pages.compactMap { page in page.module.map { ($0, page) } }
  )
}

/// Public things that the first page of their module does not list under a topic; what begins with `@_` is for our own use.
func missingTopics(_ file: SourceFile, _ pages: [String: SourceFile]) -> [Finding] {
  guard let module = file.module, module.hasPrefix("Bakery"), file.isIn("Sources") else {
    return []
  }
  let kinds: Set<String> = ["class", "struct", "actor", "protocol", "func", "enum"]
  let topics = pages[module]?.lines.filter { $0.hasPrefix("- ``") } ?? []
  return file.declarations.compactMap { declaration in
    guard declaration.parent == nil, declaration.isPublic, kinds.contains(declaration.kind),
      !declaration.modifiers.contains(where: { $0.hasPrefix("@_") })
    else { return nil }
    let name = declaration.name
    guard !topics.contains(where: { $0 == "- ``\(name)``" || $0.hasPrefix("- ``\(name)(") }) else {
      return nil
    }
    return file.finding(
      declaration.firstLine,
      "\(name) is under no topic of the documentation",
      "list it in Sources/\(module)/\(module).docc/\(module).md"
    )
  }
}

struct DocumentationTests {
  private let path = "Sources/Bakery/Tasks/a.swift"

  @Test func `every public async function says what cancellation does`() {
    expectTidy("cancellation contracts", cancellationContracts)
  }

  @Test func `every snippet that the documentation shows exists`() {
    let known = slices(Repository.files)
    expectTidy("snippet references") { snippetReferences($0, known) + snippetLinks($0, known) }
  }

  @Test func `every public type and function of the toolkit is shown in a snippet`() {
    expectTidy("missing snippets", missingSnippets)
  }

  @Test func `the first page of each module lists everything public`() {
    let pages = landingPages(Repository.files)
    #expect(pages.count == 2)
    expectTidy("missing topics") { missingTopics($0, pages) }
  }

  @Test func `a public type or function that no topic lists is found`() {
    let text = "- ``run(_:)``\n- ``Listed``\nAlso ``Mentioned``."
    let pages = landingPages([SourceFile("Sources/Bakery/Bakery.docc/Bakery.md", text)])
    func count(_ declaration: String) -> Int {
      missingTopics(SourceFile(path, declaration), pages).count
    }
    #expect(count("public func run(_ body: Int) {}") == 0)
    #expect(count("public struct Listed {}") == 0)
    #expect(count("@_spi(Benchmarks) public struct Own {}") == 0)
    #expect(count("struct Inner {}") == 0)
    #expect(count("public struct Mentioned {}") == 1)
    #expect(count("public func runAll() {}") == 1)
  }

  @Test(arguments: [
    "public func run() async {}", "public init() async throws {}",
    "public protocol P { func run() async }",
    "public var value: Int { get async { 1 } }",
    "/// > Cancellation: does whatever it likes.\npublic func run() async {}",
  ])
  func `a public async function without a contract is found`(text: String) {
    #expect(cancellationContracts(SourceFile(path, text)).count == 1)
  }

  @Test(arguments: [
    "/// > Cancellation: takes nothing if cancelled before the grant;\n/// > a grant that raced it is delivered.",
    "/// > Cancellation: Cancels the body and\n///   waits for it.\n///\n/// - Returns: Nothing.\n@inlinable",
    "/// > Cancellation: does not observe cancellation.\n// Why: see errgroup.\n@inlinable @discardableResult",
  ])
  func `a contract from the list is welcome`(comment: String) {
    #expect(
      cancellationContracts(SourceFile(path, "\(comment)\npublic func run() async {}")).isEmpty
    )
  }

  @Test(arguments: [
    "func run() async {}", "public func run(_ body: () async -> Void) {}",
    "public func make() -> () async -> Void { {} }", "public var value: Int { 1 }",
  ])
  func `a function that is not public or not async needs no contract`(text: String) {
    #expect(cancellationContracts(SourceFile(path, text)).isEmpty)
  }

  @Test func `a snippet that does not exist is found`() {
    let known = slices([
      SourceFile("Snippets/Limit.swift", "// snippet.work\nrun()\n// snippet.end")
    ])
    func count(_ reference: String) -> Int {
      snippetReferences(SourceFile(path, "/// @Snippet(\(reference))"), known).count
    }
    #expect(count("path: \"bakery/Snippets/Limit\", slice: \"work\"") == 0)
    #expect(count("path: \"bakery/Snippets/Limit\"") == 0)
    #expect(count("path: \"bakery/Snippets/Limit\", slice: \"play\"") == 1)
    #expect(count("path: \"bakery/Snippets/Limits\", slice: \"work\"") == 1)
    #expect(count("path: \"other/Snippets/Limit\", slice: \"work\"") == 1)
  }

  @Test func `a public type or function without a snippet is found`() {
    func count(_ text: String) -> Int { missingSnippets(SourceFile(path, text)).count }
    #expect(count("public struct Gate {}") == 1)
    #expect(count("public func gather() {}") == 1)
    #expect(count("/// @Snippet(path: \"\")\npublic struct Gate {}") == 0)
    #expect(count("public struct Failure: Error {}\nextension Int {\n  public func f() {}\n}") == 0)
    #expect(count("struct Gate { public func open() {} }") == 0)
    #expect(count("@_spi(Measuring) public struct Gate {}") == 0)
  }

  @Test func `a link of a page to a slice that does not exist is found`() {
    func findings(_ link: String) -> Int {
      snippetLinks(SourceFile("docs/page.md", "see \(link)"), ["LimitWork": ["semaphore"]]).count
    }
    #expect(findings("[LimitWork, `semaphore`](../Snippets/LimitWork.swift)") == 0)
    #expect(findings("[LimitWork, `permits`](../Snippets/LimitWork.swift)") == 1)
    #expect(findings("[Other, `semaphore`](../Snippets/Other.swift)") == 1)
  }
}
