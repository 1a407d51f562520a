/// One breach of a house rule, in the shape that terminals and editors turn into a link.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let what: String
  /// The next step, for example "use Seams.time instead".
  let instead: String

  var description: String { "\(path):\(line): \(what), \(instead)" }
}

/// A file that may break one rule, and why.
struct Exception {
  let rule: String
  let path: String
  let reason: String
}

/// The exceptions in force.
///
/// Each needs a reason, and goes when it no longer excuses anything; `expectTidy` checks both.
let exceptions: [Exception] = [
  Exception(
    rule: "unstructured tasks",
    path: "Sources/Bakery/Threads/WatchedExecutor.swift",
    reason:
      "a task that does nothing shows whether the default executor has a thread free; nobody can wait for it"
  ),
  Exception(
    rule: "time and chance",
    path: "Sources/BakeryTesting/Explore/SelfTest.swift",
    reason: "finds out whether the real clock and random numbers are replaced"
  ),
  Exception(
    rule: "sleep in tests",
    path: "Tests/BakeryTestingTests/ExploreTests.swift",
    reason: "explore makes these clocks virtual, which is what is tested"
  ),
  Exception(
    rule: "sleep in tests",
    path: "Tests/BakeryTestingTests/ExplorationReportTests.swift",
    reason: "explore makes this sleep virtual, and the report says so"
  ),
]
