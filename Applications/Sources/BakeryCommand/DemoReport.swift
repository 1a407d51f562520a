internal import SampleSite
internal import Scraper

/// One crawl of the demo.
struct DemoRun: Sendable {
  let label: String
  let width: Int
  let report: CrawlReport
  /// The URLs that were stored with status 200.
  let stored: Set<String>

  var seconds: Double { report.wall.milliseconds / 1000 }

  var pagesPerSecond: Double { seconds > 0 ? Double(report.counts.pages) / seconds : 0 }
}

/// What the demo found: the site as it is, and a run for each width, the sequential one first.
struct DemoReport: Sendable {
  let expected: SampleExpectation
  var runs: [DemoRun] = []

  init(expected: SampleExpectation) {
    self.expected = expected
  }

  /// What stands above the table.
  var opening: String {
    """
    \(countText(expected.requested.count)) URLs on \(expected.site.hosts) hosts. One after the other they take \
    \(durationText(expected.total)); the longest chain of pages that lead to one another takes \
    \(durationText(expected.criticalPath)), and no crawl is faster.

    \(DemoTable.header)
    """
  }

  /// What stands below it.
  var closing: String {
    guard let last = runs.last else { return "" }
    return """

      \(DemoPlot(runs).text)

      width \(last.width) is \(fixed(speedup, 1)) times as fast as one page after the other, and \
      \(fixed(last.seconds / bound, 2)) times the bound of \(fixed(bound, 2)) s
      \(problem ?? "every run stored the same \(countText(last.stored.count)) pages and files, and nothing else")
      """
  }

  private var speedup: Double {
    guard let first = runs.first, let last = runs.last else { return 0 }
    return first.seconds / last.seconds
  }

  /// No crawl with the largest width can be faster, in seconds.
  private var bound: Double {
    let width = Double(runs.last?.width ?? 1)
    return max(expected.total.milliseconds / width, expected.criticalPath.milliseconds) / 1000
  }

  /// What a run stored that it should not have, or the other way round.
  var problem: String? {
    let wanted = Set(expected.stored.map(\.url))
    for run in runs where run.stored != wanted {
      let missing = wanted.subtracting(run.stored).sorted()
      let extra = run.stored.subtracting(wanted).sorted()
      let examples = (missing.prefix(2) + extra.prefix(2)).joined(separator: ", ")
      return "\(run.label): \(missing.count) pages missing, \(extra.count) too many: \(examples)"
    }
    return nil
  }

  var json: String {
    guard let first = runs.first, let last = runs.last else { return "{}" }
    var object = JSONObject()
    object.set("pages", last.report.counts.pages)
    object.set("stored", last.stored.count)
    object.set("seconds_sequential", first.seconds, places: 3)
    object.set("seconds_async", last.seconds, places: 3)
    object.set("speedup", speedup, places: 2)
    object.set("peak_in_flight", last.report.counts.inFlightPeak)
    object.set("same_pages", problem == nil)
    object.set("seconds_total_latency", expected.total.milliseconds / 1000, places: 3)
    object.set("seconds_critical_path", expected.criticalPath.milliseconds / 1000, places: 3)
    object.set("seconds_bound", bound, places: 3)
    object.set("times_bound", last.seconds / bound, places: 3)
    let widths = runs.dropFirst().map { run in
      var row = JSONObject()
      row.set("width", run.width)
      row.set("seconds", run.seconds, places: 3)
      row.set("pages_per_second", run.pagesPerSecond, places: 1)
      row.set("speedup", first.seconds / run.seconds, places: 2)
      row.set("peak_in_flight", run.report.counts.inFlightPeak)
      return row.text
    }
    object.set("widths", raw: "[\(widths.joined(separator: ","))]")
    return object.text
  }
}

/// The table that grows while the demo runs.
enum DemoTable {
  static let header = "               seconds   pages/s   speed-up   most in flight"

  static func line(_ run: DemoRun, of first: DemoRun) -> String {
    let fields = [
      fixed(run.seconds, 2).padded(8), fixed(run.pagesPerSecond, 0).padded(10),
      fixed(first.seconds / run.seconds, 1).padded(11),
      String(run.report.counts.inFlightPeak).padded(17),
    ]
    return run.label.leftPadded(14) + fields.joined()
  }
}
