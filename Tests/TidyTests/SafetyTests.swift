import Testing

/// What the compiler takes on trust needs a sentence that the reader can check.
func unsafeMarkers(_ file: SourceFile) -> [Finding] {
  guard file.isLibrary else { return [] }
  let markers = ["@unchecked Sendable", "nonisolated(unsafe)", "Unmanaged", "unsafeBitCast"]
  return markers.flatMap { marker in
    file.indices(of: marker).filter { !isJustified(file, $0) }.map {
      file.finding(
        file.tokens[$0].line,
        "\(marker) without a comment that says why it is safe",
        "write `// Safe because …` above it"
      )
    }
  }
}

/// Whether a comment in reach of the marker, or above a declaration around it, says "Safe because".
private func isJustified(_ file: SourceFile, _ index: Int) -> Bool {
  let line = file.tokens[index].line
  let around = file.declarations.filter { ($0.firstLine...$0.lastLine).contains(line) }
  return ([line] + around.map(\.firstLine)).contains { line in
    file.commentsNear(line, reach: 6).contains { $0.contains("Safe because") }
  }
}

/// A task that nobody waits for outlives its caller, its deadline and its test.
func unstructuredTasks(_ file: SourceFile) -> [Finding] {
  guard file.isIn("Sources/Bakery"), !file.isIn("Sources/Bakery/Tasks") else { return [] }
  let patterns = [
    "Task {", "Task(", "Task.init", "Task.detached", "Task.immediate", "Task.immediateDetached",
  ]
  return patterns.flatMap { pattern in
    file.lines(of: pattern).map {
      file.finding(
        $0,
        "\(pattern) outside Tasks",
        "use a task group or the scopes of Tasks instead"
      )
    }
  }
}

/// `Bakery.Lock` means the type's member once a type has the module's name, and nothing else helps.
func typeNamedLikeModule(_ file: SourceFile) -> [Finding] {
  guard let module = file.module else { return [] }
  return file.declarations.compactMap { declaration in
    guard declaration.isType, declaration.parent == nil, declaration.name == module else {
      return nil
    }
    return file.finding(
      declaration.firstLine,
      "the type \(module) hides its module of that name",
      "use another name"
    )
  }
}

struct SafetyTests {
  @Test func `every unsafe marker says why it is safe`() {
    expectTidy("unsafe markers", unsafeMarkers)
  }

  @Test func `only Tasks starts unstructured tasks`() {
    expectTidy("unstructured tasks", unstructuredTasks)
  }

  @Test func `no type is named like its module`() {
    expectTidy("type named like module", typeNamedLikeModule)
  }

  @Test func `an unsafe marker without a reason is found`() {
    let text = """
      // Safe because it says so, but too far away.
      let a = 1\n\n\n\n\n\n
      final class Box: @unchecked Sendable {}
      nonisolated(unsafe) var counter = 0
      let raw = Unmanaged.passRetained(box)
      let bits = unsafeBitCast(raw, to: Int.self)
      """
    #expect(
      unsafeMarkers(SourceFile("Sources/A/a.swift", text)).map(\.line).sorted() == [9, 10, 11, 12]
    )
  }

  @Test func `a reason nearby, or above the declaration around, is enough`() {
    let text = """
      /// A box.
      // Safe because the lock guards it.
      final class Box: @unchecked Sendable {}

      // Safe because take balances put.
      func swap() {
        put()\n\n\n\n\n\n\n
        take(Unmanaged.passRetained(box))
      }
      let prose = "Unmanaged"
      """
    #expect(unsafeMarkers(SourceFile("Sources/A/a.swift", text)).isEmpty)
  }

  @Test(arguments: ["Task {}", "Task(priority: .high) {}", "let a = Task.detached {}"])
  func `an unstructured task is found outside Tasks`(text: String) {
    #expect(unstructuredTasks(SourceFile("Sources/Bakery/Limits/a.swift", text)).count == 1)
    #expect(unstructuredTasks(SourceFile("Sources/Bakery/Tasks/a.swift", text)).isEmpty)
    #expect(unstructuredTasks(SourceFile("Sources/BakeryTesting/a.swift", text)).isEmpty)
  }

  @Test func `child tasks and names that end in Task are welcome`() {
    let text = "group.addTask { work() }\nlet task: Task<Void, Never>?\nTask.isCancelled"
    #expect(unstructuredTasks(SourceFile("Sources/Bakery/Limits/a.swift", text)).isEmpty)
  }

  @Test func `a type named like its module is found`() {
    #expect(
      typeNamedLikeModule(SourceFile("Sources/Bakery/Core/a.swift", "enum Bakery {}")).count == 1
    )
    #expect(
      typeNamedLikeModule(SourceFile("Sources/Bakery/Core/a.swift", "enum Bakeries {}")).isEmpty
    )
  }
}
