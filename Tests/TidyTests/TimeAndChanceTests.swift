import Testing

/// Code that reads the real clock, waits for real time or throws its own dice cannot be replayed.
func realTimeAndChance(_ file: SourceFile) -> [Finding] {
  guard file.isLibrary, !file.isIn("Sources/Bakery/Core", "Sources/Bakery/Threads") else {
    return []
  }
  let banned: [(pattern: String, instead: String)] = [
    ("ContinuousClock(", "use Seams.time instead"),
    ("ContinuousClock.now", "use Seams.time.now instead"),
    ("SuspendingClock(", "use Seams.time instead"),
    ("SuspendingClock.now", "use Seams.time.now instead"),
    ("Task.sleep", "wait with a Deadline instead"),
    ("SystemRandomNumberGenerator", "use Seams.random instead"),
    (".random()", "use Seams.random.generator instead"),
    (".randomElement()", "use Seams.random.generator instead"),
    (".shuffled()", "use Seams.random.generator instead"),
    (".shuffle()", "use Seams.random.generator instead"),
    ("import Dispatch", "use the thread pool of Bakery instead"),
    ("DispatchQueue", "use the thread pool of Bakery instead"),
    ("pthread_*", "use a thread of Bakery instead"),
  ]
  let found = banned.flatMap { pattern, instead in
    file.lines(of: pattern).map { file.finding($0, "\(pattern) outside Core and Threads", instead) }
  }
  let global = globalRanges(file).map {
    file.finding($0, "a global random number", "use Seams.random.generator instead")
  }
  return found + global
}

/// The lines that ask for a number in a range without saying from which generator.
private func globalRanges(_ file: SourceFile) -> [Int] {
  file.indices(of: ".random(in:").compactMap { start in
    let line = file.tokens[start].line
    let rest = file.tokens[start...].prefix { $0.line == line }
    return rest.contains { $0.text == "using" } ? nil : line
  }
}

/// A test that sleeps is slow on a fast machine and fails on a slow one.
func sleepInTests(_ file: SourceFile) -> [Finding] {
  guard file.isSwift, file.isTest else { return [] }
  let instead = "use virtual time (ManualClock) instead"
  let banned = [
    "Task.sleep", "Thread.sleep", "usleep", "nanosleep", "ContinuousClock", "SuspendingClock",
  ]
  let found = banned.flatMap { pattern in
    file.lines(of: pattern).map { file.finding($0, "\(pattern) in a test", instead) }
  }
  // A free `sleep(1)` is the C library's; `clock.sleep(for:)` of a virtual clock is none of our business.
  let free = file.indices(of: "sleep(").filter { start in
    let previous = start > 0 ? file.tokens[start - 1].text : ""
    let argument = file.tokens.dropFirst(start + 2).first?.text ?? ""
    return ![".", "func"].contains(previous) && !["for", "until"].contains(argument)
  }
  return found + free.map { file.finding(file.tokens[$0].line, "sleep( in a test", instead) }
}

struct TimeAndChanceTests {
  @Test func `only Core and Threads touch the real clock, global randomness and threads`() {
    expectTidy("time and chance", realTimeAndChance)
  }

  @Test func `no test sleeps`() {
    expectTidy("sleep in tests", sleepInTests)
  }

  @Test(arguments: [
    "let now = ContinuousClock().now", "let now = ContinuousClock.now",
    "let now = SuspendingClock().now",
    "try await Task.sleep(for: .seconds(1))", "var generator = SystemRandomNumberGenerator()",
    "internal import Dispatch", "DispatchQueue.global().async {}", "pthread_self()",
    "let delay = Int.random(in: 0..<9)", "let first = hosts.randomElement()",
  ])
  func `real time and chance are found outside Core and Threads`(line: String) {
    let text = "/// Task.sleep in prose is no matter.\n" + line
    for path in ["Sources/Bakery/Tasks/a.swift", "Applications/Sources/Scraper/a.swift"] {
      #expect(realTimeAndChance(SourceFile(path, text)).map(\.line) == [2])
    }
    for path in [
      "Sources/Bakery/Core/a.swift", "Sources/Bakery/Threads/a.swift", "Tests/A/a.swift",
    ] {
      #expect(realTimeAndChance(SourceFile(path, text)).isEmpty)
    }
  }

  @Test func `random numbers from a given generator are welcome`() {
    let text = "let delay = Int.random(in: 0..<9, using: &generator)"
    #expect(realTimeAndChance(SourceFile("Sources/Bakery/Tasks/a.swift", text)).isEmpty)
  }

  @Test(arguments: [
    "try await Task.sleep(for: .seconds(1))", "Thread.sleep(forTimeInterval: 1)", "usleep(100)",
    "sleep(1)",
    "try await ContinuousClock().sleep(for: .seconds(1))",
  ])
  func `sleep in a test is found`(line: String) {
    #expect(sleepInTests(SourceFile("Tests/A/a.swift", line)).count == 1)
    #expect(sleepInTests(SourceFile("Sources/A/a.swift", line)).isEmpty)
  }

  @Test func `sleep on a virtual clock is welcome in a test`() {
    #expect(
      sleepInTests(SourceFile("Tests/A/a.swift", "try await clock.sleep(for: .seconds(1))")).isEmpty
    )
  }
}
