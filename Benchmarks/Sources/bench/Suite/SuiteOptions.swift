/// What `bench suite` was asked to do.
struct SuiteOptions {
  static let fewestPublishedPairs = 7

  var suite: Suite
  var pairs = Self.fewestPublishedPairs
  var rowText: String?
  var results: String?

  init(_ arguments: ArraySlice<String>) throws {
    var rest = arguments
    guard let name = rest.popFirst() else { throw UsageError(Bench.usage) }
    guard let suite = Suite.named(name) else {
      let names = Suite.all.map(\.name).joined(separator: ", ")
      throw UsageError("bench: no suite is named \"\(name)\"; the suites are \(names)")
    }
    self.suite = suite
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { throw UsageError("bench: \(option) needs a value") }
      switch option {
      case "--pairs":
        guard let pairs = Int(value), pairs > 0 else {
          throw UsageError("bench: --pairs takes a number of pairs above 0, not \"\(value)\"")
        }
        self.pairs = pairs
      case "--row": rowText = value
      case "--results": results = value
      default: throw UsageError("bench: no option \(option)\n\n\(Bench.usage)")
      }
    }
    guard !rows.isEmpty else {
      let names = suite.rows.map { "  \($0.name)" }.joined(separator: "\n")
      throw UsageError("bench: no row contains \"\(rowText ?? "")\"; the rows are\n\(names)")
    }
  }

  var rows: [Row] {
    guard let rowText else { return suite.rows }
    return suite.rows.filter { $0.name.contains(rowText) }
  }

  /// Whether the figures may take the place of published ones.
  var isPublishable: Bool { rowText == nil && pairs >= Self.fewestPublishedPairs }

  /// The command that repeats this run from the package's folder.
  var command: String {
    var words = ["swift run -c release bench suite", suite.name, "--pairs \(pairs)"]
    if let rowText { words.append("--row \"\(rowText)\"") }
    return words.joined(separator: " ")
  }
}
