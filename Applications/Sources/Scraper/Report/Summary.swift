/// What a crawl came to, for people and for machines.
package struct Summary: Sendable {
  private let report: CrawlReport
  private let settings: CrawlSettings
  private let file: String

  package init(_ report: CrawlReport, settings: CrawlSettings, file: String) {
    self.report = report
    self.settings = settings
    self.file = file
  }

  /// A table, a row for each figure.
  package var text: String {
    let counts = report.counts
    var rows = [("pages", pagesText)]
    if counts.others > 0 { rows.append(("other answers", countText(counts.others))) }
    rows.append(("links", countText(counts.links)))
    if settings.rules != nil {
      let problems =
        counts.itemProblems == 0 ? "" : ", \(countText(counts.itemProblems, "problem"))"
      rows.append(("items", countText(counts.items) + problems))
    }
    rows.append(("skipped", countText(counts.skipped)))
    if counts.retries > 0 { rows.append(("retries", countText(counts.retries))) }
    if counts.refusals > 0 { rows.append(("refusals", countText(counts.refusals))) }
    rows.append(("failures", failuresText))
    if report.pending > 0 { rows.append(("still pending", countText(report.pending))) }
    rows.append(("bytes", byteText(counts.bytes)))
    rows.append(("time", "\(durationText(report.wall)), \(threeDigits(pagesPerSecond)) pages/s"))
    rows.append(("peak in flight", "\(counts.inFlightPeak) of \(width)"))
    rows += limitRows
    rows.append(("fetch p50 p90 p99", fetchText))
    for (index, host) in report.slowestHosts.enumerated() {
      rows.append(
        (index == 0 ? "slowest hosts" : "", "\(host.name)  \(durationText(host.average))")
      )
    }
    rows.append(("stored in", file))
    let labelWidth = rows.map(\.0.count).max() ?? 0
    return rows.map { "\($0.0.leftPadded(labelWidth))  \($0.1)" }.joined(separator: "\n")
  }

  private var width: Int { settings.model == .sequential ? 1 : settings.width }

  /// Where an automatic crawl settled and why.
  private var limitRows: [(String, String)] {
    report.limits.enumerated().map { index, limit in
      let label = ["settled at", "lowest limits"].dropFirst(index).first ?? ""
      return (
        label, "\(countText(limit.limit)) \(index == 0 ? "" : "at ")\(limit.name): \(limit.reason)"
      )
    }
  }

  private var pagesText: String {
    let before = report.counts.pagesBefore
    let now = countText(report.counts.pages)
    return before == 0 ? now : "\(now), and \(countText(before)) from before"
  }

  private var failuresText: String {
    let failures = report.counts.failures
    guard !failures.isEmpty else { return "0" }
    let stages = failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let list = stages.map { "\(countText($0.value)) \($0.key)" }.joined(separator: ", ")
    return "\(countText(report.counts.failureCount)) (\(list))"
  }

  /// The first failures, a line for each, and how to go on; `nil` if there are none.
  package var failures: String? {
    let count = report.counts.failureCount
    guard count > 0 else { return nil }
    var lines = report.firstFailures.map { failure in
      let attempts = failure.attempts > 1 ? ", \(failure.attempts) attempts" : ""
      return "\(failure.url): \(failure.stage): \(failure.reason)\(attempts)".printable
    }
    if count > lines.count { lines.append("and \(countText(count - lines.count)) more") }
    lines.append(
      "\(countText(count, "failure")) in the table failures of \(file); "
        + "run the same command again to try them again"
    )
    return lines.joined(separator: "\n")
  }

  private var fetchText: String {
    [0.5, 0.9, 0.99].map { durationText(report.fetchTimes.percentile($0)) }.joined(separator: "  ")
  }

  private var pagesPerSecond: Double {
    let seconds = report.wall.milliseconds / 1000
    return seconds > 0 ? Double(report.counts.pages) / seconds : 0
  }

  /// The same as a JSON object.
  package var json: String {
    let counts = report.counts
    var object = JSONObject()
    object.set("pages", counts.pages)
    object.set("pages_before", counts.pagesBefore)
    object.set("others", counts.others)
    object.set("links", counts.links)
    object.set("items", counts.items)
    object.set("item_problems", counts.itemProblems)
    object.set("skipped", counts.skipped)
    object.set("redirects", counts.redirects)
    object.set("retries", counts.retries)
    object.set("refusals", counts.refusals)
    object.set("failures", counts.failureCount)
    var stages = JSONObject()
    for (stage, count) in counts.failures.sorted(by: { $0.key < $1.key }) {
      stages.set(stage, count)
    }
    object.set("failures_by_stage", raw: stages.text)
    object.set("pending", report.pending)
    object.set("bytes", counts.bytes)
    object.set("seconds", report.wall.milliseconds / 1000, places: 6)
    object.set("pages_per_second", pagesPerSecond, places: 2)
    object.set("peak_in_flight", counts.inFlightPeak)
    object.set("width", width)
    object.set("model", settings.model.rawValue)
    if !report.limits.isEmpty {
      object.set("limits", raw: "[\(report.limits.map(Self.json).joined(separator: ","))]")
    }
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
      object.set("fetch_ms_\(name)", report.fetchTimes.percentile(share).milliseconds, places: 3)
    }
    object.set("stopped", report.isStopped)
    object.set("file", file)
    return object.text
  }

  private static func json(_ limit: LimitReport) -> String {
    var object = JSONObject()
    object.set("of", limit.name)
    object.set("limit", limit.limit)
    object.set("peak", limit.peak)
    object.set("dropped", limit.dropped)
    object.set("why", limit.reason)
    return object.text
  }
}
