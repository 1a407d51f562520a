import Testing

/// Records an issue for everything that `rule` finds in the repository and no exception excuses.
func expectTidy(
  _ rule: String,
  _ findings: (SourceFile) -> [Finding],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  report(rule, Repository.files.flatMap(findings), sourceLocation: sourceLocation)
}

/// Records an issue for each finding that no exception excuses, and for each exception that is no use.
func report(
  _ rule: String,
  _ findings: [Finding],
  exceptions: [Exception] = exceptions,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for complaint in complaints(rule, findings, exceptions: exceptions) {
    Issue.record(Comment(rawValue: complaint), sourceLocation: sourceLocation)
  }
}

func complaints(_ rule: String, _ findings: [Finding], exceptions: [Exception]) -> [String] {
  let mine = exceptions.filter { $0.rule == rule }
  let excused = Set(mine.map(\.path))
  let used = Set(findings.map(\.path))
  var complaints = findings.filter { !excused.contains($0.path) }.map(\.description)
  for exception in mine {
    if !used.contains(exception.path) {
      complaints.append("\(exception.path): excused from \(rule) for nothing, remove the exception")
    }
    if exception.reason.allSatisfy(\.isWhitespace) {
      complaints.append("\(exception.path): excused from \(rule) without a reason, give one")
    }
  }
  return complaints
}

struct ExceptionTests {
  private let finding = Finding(path: "a.swift", line: 3, what: "what", instead: "instead")

  @Test func `a finding reads as a link, what is wrong and what to do`() {
    #expect(complaints("rule", [finding], exceptions: []) == ["a.swift:3: what, instead"])
  }

  @Test func `an exception excuses its own file from its own rule`() {
    let exception = Exception(rule: "rule", path: "a.swift", reason: "generated")
    #expect(complaints("rule", [finding], exceptions: [exception]).isEmpty)
    #expect(complaints("another rule", [finding], exceptions: [exception]).count == 1)
  }

  @Test func `an exception without use or without reason is reported`() {
    let exception = Exception(rule: "rule", path: "a.swift", reason: " ")
    #expect(complaints("rule", [], exceptions: [exception]).count == 2)
  }
}
