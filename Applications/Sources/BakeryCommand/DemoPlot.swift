internal import Scraper

/// Pages a second at each width, drawn.
struct DemoPlot {
  private let runs: [DemoRun]
  private let most: Double

  init(_ runs: [DemoRun]) {
    self.runs = runs
    self.most = max(runs.map(\.pagesPerSecond).max() ?? 0, 1)
  }

  /// A bar of block characters for each run.
  var text: String {
    let width = 56.0
    let lines = runs.map { run in
      let eighths = max(1, Int((run.pagesPerSecond / most * width * 8).rounded()))
      let tip = eighths % 8 == 0 ? "" : String("▏▎▍▌▋▊▉".dropFirst(eighths % 8 - 1).prefix(1))
      let bar = String(repeating: "█", count: eighths / 8) + tip
      return "\(run.label.leftPadded(12)) \(bar) \(fixed(run.pagesPerSecond, 0))"
    }
    return "pages per second\n" + lines.joined(separator: "\n")
  }

  /// The same as a picture that fits light and dark pages.
  var svg: String {
    let rowHeight = 34
    let height = runs.count * rowHeight + 34
    let bars = runs.enumerated().map { index, run in
      let length = max(1, Int(run.pagesPerSecond / most * 430))
      let y = 34 + index * rowHeight
      return """
        <text x="92" y="\(y + 17)" text-anchor="end">\(run.label)</text>
        <rect x="102" y="\(y)" width="\(length)" height="24" rx="3" fill="#c26a1c"/>
        <text x="\(length + 110)" y="\(y + 17)">\(fixed(run.pagesPerSecond, 0))</text>
        """
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 \(height)" font-family="system-ui, sans-serif" font-size="14">
      <style>text { fill: #222 } @media (prefers-color-scheme: dark) { text { fill: #ddd } }</style>
      <text x="102" y="20">pages per second</text>
      \(bars.joined(separator: "\n"))
      </svg>

      """
  }
}
