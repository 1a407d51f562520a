internal import Bakery

/// Where the concurrency of an automatic crawl settled, in all or at one host, and why.
package struct LimitReport: Sendable {
  /// The host's origin, or `in all`.
  package let name: String
  /// How many requests might be under way at one time in the end.
  package let limit: Int
  /// How many were, at most.
  package let peak: Int
  /// Requests that were refused with 429 or 503, or not answered in time.
  package let dropped: Int
  /// Why the limit is what it is.
  package let reason: String

  init(overall: AdaptiveLimiter.Measures, peak: Int, timeouts: Int) {
    name = "in all"
    limit = overall.limit
    self.peak = peak
    dropped = timeouts
    reason =
      timeouts > 0
      ? "\(countText(timeouts, "request")) timed out"
      : peak < overall.limit ? "never needed more than \(peak)" : "the most there may be"
  }

  /// The report on a host; `nil` before its first page.
  init?(_ host: Host, limitMaximum: Int) {
    guard let measures = host.measures, host.fetchCount > 0 else { return nil }
    name = host.origin
    peak = host.inFlightPeak
    dropped = host.dropped
    if let delay = host.pace.crawlDelay {
      limit = 1
      reason = "robots.txt asks for \(durationText(delay)) between requests"
      return
    }
    limit = measures.limit
    reason = Self.reason(measures, limit, limitMaximum, peak: peak, dropped: dropped)
  }

  private static func reason(
    _ measures: AdaptiveLimiter.Measures,
    _ limit: Int,
    _ limitMaximum: Int,
    peak: Int,
    dropped: Int
  ) -> String {
    let refused =
      dropped == 0 ? "" : "\(countText(dropped, "request")) refused or not answered in time"
    if peak < limit { return refused.isEmpty ? "never needed more than \(peak)" : refused }
    let latencies =
      if let latency = measures.latency, let baseline = measures.baseline {
        "pages take \(durationText(latency)), and \(durationText(baseline)) when it has few to do"
      } else { "pages do not take longer for being more" }
    switch measures.lastChange.reason {
    case .dropped: return refused
    case .start: return limit == limitMaximum ? "the most there may be" : "as it began"
    case .room where limit == limitMaximum: return "the most there may be; \(latencies)"
    case .room, .slower:
      return refused.isEmpty ? latencies : "\(latencies); \(refused)"
    }
  }
}

extension Frontier {
  /// The hosts with the lowest limits, those first that had use for more, in one pass over the hosts.
  func limitReports(_ count: Int) -> [LimitReport] {
    var lowest: [LimitReport] = []
    for host in hosts {
      guard let report = LimitReport(host, limitMaximum: limitMaximum) else { continue }
      let place = lowest.firstIndex { report.isMoreLimited(than: $0) } ?? lowest.count
      guard place < count else { continue }
      lowest.insert(report, at: place)
      if lowest.count > count { lowest.removeLast() }
    }
    return lowest
  }

  /// How many requests the hosts that have work left may get at one time, together.
  var limitOfHosts: Int {
    hosts.reduce(0) { sum, host in
      guard !host.queue.isEmpty || host.inFlight > 0 else { return sum }
      return sum + (host.pace.crawlDelay == nil ? host.measures?.limit ?? 1 : 1)
    }
  }
}

extension LimitReport {
  fileprivate func isMoreLimited(than other: LimitReport) -> Bool {
    let (mine, others) = (peak >= limit, other.peak >= other.limit)
    return mine == others ? limit < other.limit : mine
  }
}
