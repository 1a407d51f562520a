import Testing

/// A call that may wait, or that tries to do without, can break in the order of its steps: a specification has to make it.
func unexploredCalls(_ file: SourceFile, _ specifications: [SourceFile]) -> [Finding] {
  let isPrimitive =
    file.isIn("Sources/Bakery/Synchronization", "Sources/Bakery/Channels")
    || filesOfThreadsAndCore.contains(file.path)
  guard isPrimitive else { return [] }
  return file.declarations.indices.compactMap { index in
    let declaration = file.declarations[index]
    guard declaration.isPublic, declaration.kind == "func", mayWait(declaration, file) else {
      return nil
    }
    let owner = outermostType(file, index)
    // `select` makes the calls of its clauses.
    if owner?.hasSuffix("Clause") == true { return nil }
    let isMade = specifications.contains { specification in
      (owner == nil || specification.tokens.contains { $0.text == owner })
        && specification.tokens.contains { $0.text == declaration.name }
    }
    guard !isMade else { return nil }
    return file.finding(
      declaration.firstLine,
      "\(owner.map { "\($0)." } ?? "")\(declaration.name) is in no specification",
      "call it in Tests/BakeryTests/Explored"
    )
  }
}

/// Those rooms hold more than primitives: pools whose threads are their own, and what others are made of.
private let filesOfThreadsAndCore: Set<String> = [
  "Sources/Bakery/Core/Select.swift", "Sources/Bakery/Core/Sleep.swift",
  "Sources/Bakery/Threads/BlockingPool.swift", "Sources/Bakery/Threads/JoinableThread.swift",
  "Sources/Bakery/Threads/Monitor.swift", "Sources/Bakery/Threads/ThreadBarrier.swift",
]

private func mayWait(_ declaration: Declaration, _ file: SourceFile) -> Bool {
  ["with", "try"].contains { prefix in
    declaration.name.hasPrefix(prefix)
      && declaration.name.dropFirst(prefix.count).first?.isUppercase ?? false
  } || declaration.modifiers.contains("@available")
    || file.tokens[declaration.signature].contains { $0.text == "async" }
}

/// The name of the type that is not in another one; none for a function of the module.
private func outermostType(_ file: SourceFile, _ index: Int) -> String? {
  var name: String?
  var parent = file.declarations[index].parent
  while let current = parent {
    name = file.declarations[current].name
    parent = file.declarations[current].parent
  }
  // `extension Channel.Sender` is about a channel.
  return name.map { String($0.prefix { $0 != "." }) }
}

struct SpecificationTests {
  private func lines(_ path: String, _ text: String, _ specification: String) -> [Int] {
    unexploredCalls(
      SourceFile(path, text),
      [SourceFile("Tests/BakeryTests/Explored/a.swift", specification)]
    ).map(\.line)
  }

  @Test func `every call that waits or tries is made by a specification`() {
    let specifications = Repository.files.filter { $0.isIn("Tests/BakeryTests/Explored") }
    expectTidy("specifications") { unexploredCalls($0, specifications) }
  }

  @Test func `a call that no specification makes is found`() {
    let text = "public final class Gate {\n  public func wait() async throws {}\n}"
    #expect(lines("Sources/Bakery/Channels/Gate.swift", text, "Gate().open()") == [2])
    #expect(lines("Sources/Bakery/Channels/Gate.swift", text, "Door().wait()") == [2])
    let attempt = "extension Gate.Side {\n  public func tryPass() -> Bool { true }\n}"
    #expect(lines("Sources/Bakery/Channels/Gate.swift", attempt, "Gate().wait()") == [2])
  }

  @Test func `calls that are made, that never wait, or of other rooms are welcome`() {
    let text = "public final class Gate {\n  public func wait() async throws {}\n}"
    #expect(lines("Sources/Bakery/Channels/Gate.swift", text, "try await Gate().wait()").isEmpty)
    #expect(lines("Sources/Bakery/Tasks/Gate.swift", text, "").isEmpty)
    let open = "public final class Gate {\n  public func open() {}\n  func wait() async {}\n}"
    #expect(lines("Sources/Bakery/Channels/Gate.swift", open, "").isEmpty)
  }
}
