/// The line that shows on a terminal how a crawl goes.
package struct ProgressLine: Sendable {
  package let text: String

  /// Fits what matters most into `width` characters.
  package init(_ progress: CrawlProgress, width: Int) {
    let counts = progress.counts
    var fields = [
      countText(counts.pages, "page"),
      "\(threeDigits(progress.pagesPerSecond))/s",
      "\(countText(counts.inFlight))\(progress.limit.map { " of \(countText($0))" } ?? "") in flight",
      "\(countText(progress.pending)) queued",
    ]
    if counts.failureCount > 0 { fields.append(countText(counts.failureCount, "failure")) }
    fields.append(durationText(progress.elapsed))
    fields.append(byteText(counts.bytes))
    if let slowest = progress.slowestHost {
      let name = slowest.name.firstRange(of: "://").map { slowest.name[$0.upperBound...] }
      fields.append("slowest \(name ?? slowest.name[...]) \(durationText(slowest.average))")
    }
    var line = ""
    for field in fields {
      let longer = line.isEmpty ? field : "\(line) · \(field)"
      guard longer.count < width else { break }
      line = longer
    }
    text = line
  }
}
