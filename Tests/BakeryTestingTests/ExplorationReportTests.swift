import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

private struct Wrong: Error {}

@concurrent private func racing() async throws {
  if await twoIncrements() != 2 { throw Wrong() }
}

@concurrent private func namedTasks() async throws {
  let cell = Cell()
  let first = Task(name: "first") { await cell.set(await cell.get() + 1) }
  let second = Task(name: "second") { await cell.set(await cell.get() + 1) }
  try await Task.sleep(for: .seconds(2))
  _ = await (first.value, second.value)
  if await cell.value != 2 { throw Wrong() }
}

private func failure(
  _ body: @Sendable () async throws -> Exploration
) async -> ExplorationFailure? {
  await #expect(throws: ExplorationFailure.self) { _ = try await body() }
}

@Suite struct ExplorationReportTests {
  private func text(_ replay: String) async -> String? {
    await failure { try await explore(replaying: replay, racing) }?.description
  }

  @Test func `a failure is replayed from its string, again and again`() async throws {
    let found = try #require(await failure { try await explore(racing) })
    #expect(found.uncontrolled == nil)
    #expect(found.description.contains("the body threw: Wrong()"))
    #expect(found.description.contains("explore(replaying: \"\(found.replay)\")"))
    #expect(found.replay.count < 60)
    for _ in 0..<10 {
      let again = try #require(
        await failure { try await explore(replaying: found.replay, racing) }
      )
      #expect(again.interleaving == found.interleaving)
      #expect(again.replay == found.replay)
      #expect(again.uncontrolled == nil)
    }
  }

  @Test func `a replayed schedule whose defect is mended returns`() async throws {
    let found = try #require(await failure { try await explore(racing) })
    let again = try await explore(replaying: found.replay) { _ = await twoIncrements() }
    #expect(again.schedules == 1)
  }

  @Test func `the interleaving has a column for each task and says where it was`() async throws {
    let found = try #require(await failure { try await explore(namedTasks) })
    let text = found.interleaving
    #expect(text.contains("task 1 \"first\": "))
    #expect(text.contains("created by body"))
    #expect(text.contains("at 2.000 s:"))
    #expect(text.contains("Cell: "))
    #expect(text.contains("ExplorationReportTests.swift:"), "\(text)")
  }

  @Test func `a replay string of another test is refused`() async throws {
    let found = try #require(await failure { try await explore(racing) })
    let refused = await #expect(throws: ExplorationRefused.self) {
      try await explore(replaying: found.replay, function: "another()", racing)
    }
    #expect(refused?.description.contains("another test") == true)
    await #expect(throws: ExplorationRefused.self) {
      try await explore(replaying: "nonsense", racing)
    }
  }

  @Test func `state that outlives the body is noticed when a failure does not repeat`() async throws
  {
    let runs = Mutex(0)
    let found = try #require(
      await failure {
        try await explore {
          let run = runs.withLock { runs in
            runs += 1
            return runs
          }
          if run == 5 { throw Wrong() }
        }
      }
    )
    let reason = try #require(found.uncontrolled)
    #expect(reason.contains("outlives the body"))
    #expect(reason.contains("threw Wrong(), returned, returned"))
  }
}

@Suite struct InterleavingTests {
  @Test func `rows stand in their task's column, and time is told when it moves`() {
    let zero = Deadline(nanoseconds: 0)
    let interleaving = Interleaving(
      titles: [.init(name: "body"), .init(name: "task 1", origin: "created by body")],
      rows: [
        .init(task: 0, time: zero, text: "a"), .init(task: 1, time: zero, text: "long text"),
        .init(task: 0, time: Deadline(nanoseconds: 1_500_000_000), text: "b"),
      ]
    )
    #expect(
      interleaving.description == """
          task 1: created by body
          body  task 1
          ────  ─────────
          a
                long text
          at 1.500 s:
          b
        """
    )
  }

  @Test func `wide cells are cut, and so is the middle of a long schedule`() {
    let zero = Deadline(nanoseconds: 0)
    let row = Interleaving.Row(task: 0, time: zero, text: String(repeating: "x", count: 100))
    let text = Interleaving(titles: [.init(name: "body")], rows: Array(repeating: row, count: 500))
      .description
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 42 })
    #expect(lines.count == 123)
    #expect(text.contains("… 380 steps …"))
    #expect(text.contains("xxx…"))
  }
}

@Suite struct CodePlaceTests {
  @Test(arguments: [
    ("Bank.Account.move(amount: Swift.Int) async -> ()", "Account.move"),
    ("(1) await resume partial function for Bank.move@Sendable (Swift.Int) async -> ()", "move"),
    (
      "(2) suspend resume partial function for closure #1 @Sendable () async -> () in Bank.run() async -> ()",
      "closure #1 in run"
    ),
    ("partial apply forwarder for closure #2 () -> () in Bank.T.f() -> ()", "closure #2 in T.f"),
    ("main", "main"),
    ("Bank.(move in _A8C14882EA099A14BC27ABF8D7A22791)(Swift.Int) async -> ()", "move"),
    (
      "closure #1 () -> () in Bank.(run in _A8C14882EA099A14BC27ABF8D7A22791)() -> ()",
      "closure #1 in run"
    ),
    (
      "static (extension in Bank):Swift.Result<A, B>.of<A where B == Swift.Error>(() -> A) -> ()",
      "Result.of"
    ),
    ("generic specialization <Swift.Int> of Bank.Box.open(A) -> ()", "Box.open"),
    (
      "(1) await resume partial function for reabstraction thunk helper from () -> () to () -> ()",
      ""
    ),
    ("reabstraction thunk helper <A> from @escaping () -> () to () -> ()", ""),
  ])
  func `names are as short as people say them`(name: String, short: String) {
    #expect(CodePlace.shortName(of: name) == short)
  }

  @Test func `answers of the symbolizer are read, known or not`() {
    let output = "main\nBank.swift:12:3\n\n??\n??:0:0\n\nother\n<compiler-generated>:0:0\n\n"
    #expect(
      CodePlace.parse(output) == [
        CodePlace(function: "main", location: "Bank.swift:12"), CodePlace(),
        CodePlace(function: "other"),
      ]
    )
    #expect(CodePlace.parse("").isEmpty)
    #expect(CodePlace.parse("f\n/bank/Sources/Strand.c:7:1\n").map(\.location) == ["Strand.c:7"])
    #expect(CodePlace(function: "f", location: "a.swift:1").text == "a.swift:1 f")
  }
}
