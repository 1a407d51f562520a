/// A report for people: one line a peer, ours beside the first.
struct Table {
  private static let heads = ["row", "unit", "ours", "peer", "median", "ratio", ""]
  private static let numeric: Set<Int> = [2, 4, 5]

  private let report: Report

  init(_ report: Report) { self.report = report }

  var text: String {
    let lines = [Self.heads] + report.rows.flatMap(lines(of:))
    let widths = Self.heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let body = lines.map { line in
      var text = ""
      for (column, cell) in line.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        text += (Self.numeric.contains(column) ? padding + cell : cell + padding) + "  "
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    return """
      \(report.suite), \(report.machine), load \(report.load.map { "\($0)" } ?? "unknown") before
      Lower is better; a ratio is ours to the peer's, below 1 where ours is the lower.

      \(body.joined(separator: "\n"))
      """
  }

  private func lines(of row: ReportRow) -> [[String]] {
    let ours = row.ours.map { Self.figure($0.median) } ?? "not run"
    let peers = row.rowPeers.isEmpty ? [""] : row.rowPeers
    return peers.enumerated().map { index, peer in
      let start = index == 0 ? [row.row, row.unit, ours] : ["", "", ""]
      guard let theirs = row.peers[peer] ?? nil else {
        return start + [peer, peer.isEmpty ? "" : "not run", "", ""]
      }
      let ratio = Spread(theirs.ratios).map { Self.ratio($0.median) } ?? ""
      return start + [peer, Self.figure(theirs.median), ratio, theirs.noisy ? "noisy" : ""]
    }
  }

  private static func figure(_ value: Double) -> String {
    value < 100 ? decimal(value, places: 1) : decimal(value, places: 0)
  }

  private static func ratio(_ value: Double) -> String { decimal(value, places: 2) }

  private static func decimal(_ value: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    guard places > 0 else { return "\(scaled)" }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: places - fraction.count)
    return "\(scaled / scale).\(zeros)\(fraction)"
  }
}
