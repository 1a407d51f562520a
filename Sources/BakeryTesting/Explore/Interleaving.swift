internal import Bakery

/// What the tasks of one schedule did, in order: a column for each task.
struct Interleaving: Equatable, CustomStringConvertible, Sendable {
  /// One step of one task.
  struct Row: Equatable, Sendable {
    /// The index of the task's column.
    let task: Int
    let time: Deadline
    let text: String
    /// Which step of the schedule it is part of, counted from 1.
    var step = 0
  }

  /// What each task is called, and what it is.
  struct Title: Equatable, Sendable {
    let name: String
    var origin: String?
  }

  /// How wide a column may be, and all together.
  private static let widest = 40
  private static let widestTogether = 240
  /// More rows are cut in the middle: nobody reads them.
  private static let longest = 120

  let titles: [Title]
  let rows: [Row]

  var description: String {
    let widest = min(Self.widest, max(Self.widestTogether / max(titles.count, 1), 12))
    var lines = titles.compactMap { title in title.origin.map { "  \(title.name): \($0)" } }
    let widths = titles.indices.map { column in
      let cells = rows.filter { $0.task == column }.map(\.text.count) + [titles[column].name.count]
      return min(cells.max() ?? 0, widest)
    }
    lines.append("  " + line(titles.map(\.name), widths))
    lines.append("  " + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "))
    var time = rows.first?.time
    for (number, row) in rows.enumerated() {
      if rows.count > Self.longest, number == Self.longest / 2 {
        lines.append("  … \(rows.count - Self.longest) steps …")
      }
      guard
        rows.count <= Self.longest || number < Self.longest / 2
          || number >= rows.count - Self.longest / 2
      else { continue }
      if row.time != time { lines.append("  at \(row.time):") }
      time = row.time
      let cells = titles.indices.map { $0 == row.task ? row.text : "" }
      lines.append("  " + line(cells, widths))
    }
    return lines.joined(separator: "\n")
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (cell, width) in zip(cells, widths) {
      let text = cell.count > width ? cell.prefix(width - 1) + "…" : cell[...]
      line += text + String(repeating: " ", count: width - text.count + 2)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
