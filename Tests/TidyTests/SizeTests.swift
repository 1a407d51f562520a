import Testing

/// Comments are free: a limit that counts them punishes explanation.
func fileSize(_ file: SourceFile) -> [Finding] {
  guard file.isSwift else { return [] }
  let limit = file.isTest ? 800 : 400
  let count = file.code.indices.count { file.isCode($0 + 1) }
  guard count > limit else { return [] }
  return [
    file.finding(1, "\(count) lines of code, more than \(limit)", "split the file by what it does")
  ]
}

func functionSize(_ file: SourceFile) -> [Finding] {
  let limit = 50
  return file.declarations.compactMap { function in
    guard function.isFunction, function.body != nil else { return nil }
    let line = file.tokens[function.signature.lowerBound - 1].line
    let count = (line...function.lastLine).count { file.isCode($0) }
    guard count > limit else { return nil }
    return file.finding(
      line,
      "\(function.name) has \(count) lines of code, more than \(limit)",
      "move its parts into functions with names"
    )
  }
}

struct SizeTests {
  private func lines(_ count: Int, _ line: String = "work()") -> String {
    Array(repeating: line, count: count).joined(separator: "\n")
  }

  @Test func `files keep to 400 lines of code, test files to 800`() {
    expectTidy("file size", fileSize)
  }

  @Test func `functions keep to 50 lines of code`() {
    expectTidy("function size", functionSize)
  }

  @Test func `a file that is too long is found, and comments and blank lines are free`() {
    #expect(fileSize(SourceFile("Sources/A/a.swift", lines(401))).count == 1)
    #expect(
      fileSize(SourceFile("Sources/A/a.swift", lines(400) + "\n" + lines(9, "// why\n"))).isEmpty
    )
    #expect(fileSize(SourceFile("Tests/ATests/a.swift", lines(800))).isEmpty)
    #expect(fileSize(SourceFile("Tests/ATests/a.swift", lines(801))).count == 1)
  }

  @Test func `a function that is too long is found, and its neighbours are not`() {
    let long = "func long() {\n\(lines(49))\n}"
    let short = "func short(_ body: () -> Void = {}) {\n\(lines(48))\n}"
    let file = SourceFile("a.swift", "\(short)\n\(long)\nprotocol P {\n  func none()\n}")
    #expect(functionSize(file).map(\.line) == [51])
  }
}
