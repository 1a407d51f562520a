/// Who waits for whom when nothing can run any more.
struct WaitGraph: Equatable, CustomStringConvertible, Sendable {
  /// A task that has not ended.
  struct Node: Equatable, Sendable {
    let name: String
    /// Where it goes on once it is resumed, then its callers, as far as that is known.
    var stack: [String] = []
    /// What it waits for, for example `AsyncMutex "left"`.
    let waitsFor: String
    /// The indices of the tasks that could end the wait.
    let others: [Int]
  }

  /// How many callers are shown.
  private static let deepest = 12

  let nodes: [Node]

  /// The first cycle, as indices of its tasks; empty when there is none.
  var cycle: [Int] {
    var isDone = Array(repeating: false, count: nodes.count)
    for start in nodes.indices where !isDone[start] {
      if let cycle = cycle(from: start, path: [], &isDone) { return cycle }
    }
    return []
  }

  private func cycle(from node: Int, path: [Int], _ isDone: inout [Bool]) -> [Int]? {
    if let begin = path.firstIndex(of: node) { return Array(path[begin...]) }
    guard !isDone[node] else { return nil }
    for other in nodes[node].others {
      if let cycle = cycle(from: other, path: path + [node], &isDone) { return cycle }
    }
    isDone[node] = true
    return nil
  }

  var description: String {
    var lines = nodes.flatMap { node in
      let shown = node.stack.prefix(Self.deepest)
      let rest = node.stack.count - shown.count
      return ["  \(node.name) waits for \(node.waitsFor)"]
        + zip(["at"] + Array(repeating: "in", count: Self.deepest), shown).map {
          "      \($0) \($1)"
        }
        + (rest > 0 ? ["      … \(rest) more"] : [])
    }
    let cycle = cycle
    if let first = cycle.first {
      lines.append("  cycle: " + (cycle + [first]).map { nodes[$0].name }.joined(separator: " → "))
    }
    return lines.joined(separator: "\n")
  }
}
