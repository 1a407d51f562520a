internal import Bakery

/// How far a crawl has come.
package struct CrawlProgress: Sendable {
  package var counts: CrawlCounts
  /// URLs that wait to be fetched.
  package var pending: Int
  package var elapsed: Duration
  /// HTML pages a second over the last second or so.
  package var pagesPerSecond: Double
  /// The host with the longest average fetch, and that average.
  package var slowestHost: (name: String, average: Duration)?
  /// How many requests may be in flight now, in an automatic crawl.
  package var limit: Int?
  /// What is waited for while no page is in flight.
  package var wait: CrawlWait?
}

/// The wait of a crawl for a host that is to be left alone for a while.
package struct CrawlWait: Sendable {
  /// Scheme, name and port.
  package var host: String
  /// How much longer, at least.
  package var time: Duration
  /// Whether the host has refused the last request that said something of its limit.
  package var isRefused: Bool
}

/// Reports progress ten times a second.
struct ProgressTicker {
  private(set) var next: Deadline
  private let begin: Deadline
  private let report: @Sendable (CrawlProgress) -> Void
  /// Times and page counts of the last ticks, about a second of them.
  private var marks: [(time: Deadline, pages: Int)]
  private let interval = Duration.milliseconds(100)

  init(begin: Deadline, report: @escaping @Sendable (CrawlProgress) -> Void) {
    self.begin = begin
    self.next = begin
    self.report = report
    self.marks = [(begin, 0)]
  }

  /// Reports if it is time to.
  mutating func tick(_ book: CrawlBook, _ now: Deadline) {
    guard now >= next else { return }
    next = now.advanced(by: interval)
    report(progress(book, now))
  }

  /// Reports the end.
  mutating func finish(_ book: CrawlBook, _ now: Deadline) {
    report(progress(book, now))
  }

  private mutating func progress(_ book: CrawlBook, _ now: Deadline) -> CrawlProgress {
    marks.append((now, book.counts.pages))
    if marks.count > 11 { marks.removeFirst() }
    let first = marks[0]
    let seconds = now.duration(since: first.time).milliseconds / 1000
    let pages = Double(book.counts.pages - first.pages)
    return CrawlProgress(
      counts: book.counts,
      pending: book.frontier.pendingCount,
      elapsed: now.duration(since: begin),
      pagesPerSecond: seconds > 0 ? pages / seconds : 0,
      slowestHost: book.frontier.slowestHosts(1).first,
      limit: book.overall.map { min($0.limit, book.frontier.limitOfHosts) },
      wait: book.counts.inFlight == 0 ? book.frontier.nextWait(now) : nil
    )
  }
}

/// What a crawl has come to.
package struct CrawlReport: Sendable {
  package let counts: CrawlCounts
  package let wall: Duration
  /// URLs that are still to be fetched.
  package let pending: Int
  /// Whether it was stopped before its end.
  package let isStopped: Bool
  package let timeline: Timeline
  /// How long pages took to fetch.
  package let fetchTimes: LatencyHistogram
  /// The hosts with the longest average fetch.
  package let slowestHosts: [(name: String, average: Duration)]
  /// The first ten URLs that were given up on.
  package let firstFailures: [FailureRecord]
  /// Where an automatic crawl settled: in all, and then the hosts with the lowest limits.
  package let limits: [LimitReport]

  init(_ book: CrawlBook, wall: Duration, isStopped: Bool) {
    self.counts = book.counts
    self.wall = wall
    self.pending = book.frontier.pendingCount
    self.isStopped = isStopped
    self.timeline = book.timeline
    self.fetchTimes = book.fetchTimes
    self.slowestHosts = book.frontier.slowestHosts(3)
    self.firstFailures = book.firstFailures
    if let overall = book.overall {
      let all = LimitReport(
        overall: overall.measures,
        peak: book.counts.inFlightPeak,
        timeouts: book.counts.timeouts
      )
      limits = [all] + book.frontier.limitReports(3)
    } else {
      limits = []
    }
  }
}

extension Duration {
  package var milliseconds: Double {
    Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
  }
}
