import Testing

/// The rules are as good as their view of the code: these tests are of that view.
struct ViewsTests {
  /// The words and signs of a text without its strings.
  private func tokens(_ text: String) -> [String] {
    SourceFile("a.swift", text).tokens.map(\.text).filter { !$0.hasPrefix("\"") }
  }

  @Test func `comments are not code`() {
    #expect(tokens("a // b\n/* c /* d */ e */ f") == ["a", "f"])
  }

  @Test func `strings are not code`() {
    #expect(tokens(##"a "b { \" c" d"##) == ["a", "d"])
    #expect(tokens("a #\"b \" c\"# d") == ["a", "d"])
    #expect(tokens("a \"\"\"\n  Task { \"x\"\n  \"\"\" d") == ["a", "d"])
    #expect(tokens("a #/b\"c/# d") == ["a", "d"])
    #expect(tokens("func `Task { in a name`() {}") == ["func", "(", ")", "{", "}"])
  }

  @Test func `interpolations are code`() {
    #expect(tokens(#"a "b \(c("d").e) f" g"#) == ["a", "(", "c", "(", ")", ".", "e", ")", "g"])
    #expect(tokens(##"#"b \(c) \#(d)"#"##) == ["(", "d", ")"])
  }

  @Test func `the comment view holds the comments alone`() {
    let file = SourceFile("a.swift", "let a = \"// no\" // yes")
    #expect(file.comments[0].trimmingPrefix { $0 == " " } == "// yes")
    #expect(file.isCode(1))
  }

  @Test func `patterns match word by word`() {
    let file = SourceFile("a.swift", "Task . sleep(1)\nMyTask.sleep(1)\npthread_create()")
    #expect(file.lines(of: "Task.sleep") == [1])
    #expect(file.lines(of: "pthread_*") == [3])
  }

  @Test func `declarations have names, modifiers and bodies`() throws {
    let text = """
      /// A thing.
      @frozen
      public struct Thing<Value>: Sendable where Value: Sendable {
        @inlinable public mutating func run(_ body: () -> Void = {}) async throws -> Value {
          let value = 1
          return value
        }
        public static func < (left: Self, right: Self) -> Bool { true }
        init() {}
      }
      public protocol Worker {
        func work() async
        var name: String { get }
      }
      """
    let file = SourceFile("a.swift", text)
    let names = file.declarations.map { "\($0.kind) \($0.name)" }
    #expect(
      names == [
        "struct Thing", "func run", "let value", "func <", "init init", "protocol Worker",
        "func work",
        "var name",
      ]
    )
    let (thing, run) = (file.declarations[0], file.declarations[1])
    #expect(thing.isPublic && thing.modifiers.contains("@frozen"))
    #expect(thing.firstLine == 2 && thing.lastLine == 10)
    #expect(run.parent == 0 && run.firstLine == 4 && run.lastLine == 7)
    #expect(file.declarations[6].body == nil)
    #expect(file.declarations[5].parent == nil)
  }
}
