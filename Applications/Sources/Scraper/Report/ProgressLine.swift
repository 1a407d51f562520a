/// The line that shows on a terminal how a crawl goes.
package struct ProgressLine: Sendable {
  package let text: String

  /// Fits what matters most into `width` characters.
  package init(_ progress: CrawlProgress, width: Int) {
    let counts = progress.counts
    var fields = [
      countText(counts.pages, "page"),
      "\(threeDigits(progress.pagesPerSecond))/s",
      progress.wait.map(Self.text)
        ?? "\(countText(counts.inFlight))\(progress.limit.map { " of \(countText($0))" } ?? "") in flight",
      "\(countText(progress.pending)) queued",
    ]
    if counts.failureCount > 0 { fields.append(countText(counts.failureCount, "failure")) }
    fields.append(durationText(progress.elapsed))
    fields.append(byteText(counts.bytes))
    if let slowest = progress.slowestHost {
      fields.append("slowest \(Self.name(slowest.name)) \(durationText(slowest.average))")
    }
    var line = ""
    for field in fields {
      let longer = line.isEmpty ? field : "\(line) · \(field)"
      guard longer.count < width else { break }
      line = longer
    }
    text = line
  }

  /// Counts in tenths of seconds: whoever watches wants to see that it goes on.
  private static func text(_ wait: CrawlWait) -> String {
    let tenths = Int((wait.time.milliseconds / 100).rounded(.up))
    let time = tenths < 100 ? "\(tenths / 10).\(tenths % 10) s" : durationText(wait.time)
    return "waiting \(time) for \(name(wait.host))\(wait.isRefused ? ", which refuses" : "")"
  }

  /// An origin without its scheme.
  private static func name(_ origin: String) -> Substring {
    origin.firstRange(of: "://").map { origin[$0.upperBound...] } ?? origin[...]
  }
}
