internal import Bakery

/// What a crawl has done so far.
package struct CrawlCounts: Sendable {
  /// HTML pages recorded with a status 2xx.
  package internal(set) var pages = 0
  /// Other answers that were recorded: not HTML, or a status such as 404.
  package internal(set) var others = 0
  package internal(set) var skipped = 0
  package internal(set) var redirects = 0
  package internal(set) var retries = 0
  /// Answers that spoke of a server's limit: 429, and 503 with Retry-After.
  package internal(set) var refusals = 0
  /// Requests that were not answered in time.
  package internal(set) var timeouts = 0
  package internal(set) var links = 0
  package internal(set) var items = 0
  /// Items that were dropped because something required was missing.
  package internal(set) var itemProblems = 0
  /// Bytes of recorded bodies.
  package internal(set) var bytes = 0
  package internal(set) var inFlight = 0
  package internal(set) var inFlightPeak = 0
  package internal(set) var failures: [String: Int] = [:]
  package internal(set) var hasFailedSeed = false
  /// Pages of earlier runs, which were not fetched again.
  package internal(set) var pagesBefore = 0

  package var failureCount: Int { failures.values.reduce(0, +) }

  mutating func known(_ state: URLState) {
    if state == .done { pagesBefore += 1 }
  }

  mutating func start() {
    inFlight += 1
    inFlightPeak = max(inFlightPeak, inFlight)
  }

  mutating func fail(at stage: FetchFailure.Stage, isSeed: Bool) {
    failures[stage.rawValue, default: 0] += 1
    if isSeed { hasFailedSeed = true }
  }

  mutating func settle(_ state: URLState) {
    if state == .redirected { redirects += 1 } else { skipped += 1 }
  }
}
