/// Where a crawl is kept: what it has found, fetched and failed at.
///
/// The engine has one writer, so calls of `commit` never overlap.
package protocol CrawlStore: Sendable {
  /// Every URL known from earlier runs, by rising `id`; empty for a new store.
  func load() async throws -> [StoredURL]

  /// Records all of `batch` in its order, or nothing of it.
  ///
  /// > Cancellation: does not observe cancellation.
  func commit(_ batch: [CrawlRecord]) async throws
}

/// What has become of a URL.
package enum URLState: String, Sendable, CaseIterable {
  /// To be fetched.
  case pending
  /// Fetched and recorded as a page.
  case done
  /// Given up on; `failures` says why.
  case failed
  /// Answered with a redirect to another URL, which has its own row.
  case redirected
  /// Not to be fetched; the reason says why: out of scope, excluded, robots.txt, too deep.
  case skipped
}

package struct StoredURL: Hashable, Sendable {
  package var id: Int64
  package var url: String
  package var state: URLState
  package var depth: Int

  package init(id: Int64, url: String, state: URLState, depth: Int) {
    self.id = id
    self.url = url
    self.state = state
    self.depth = depth
  }
}

/// One change of a store.
package enum CrawlRecord: Sendable {
  /// A URL seen for the first time.
  case found(StoredURL, reason: String?)
  /// A page, its links and its items; its URL is done.
  case page(PageRecord)
  /// A URL that ended as something else than a page or a failure.
  case settled(id: Int64, state: URLState, reason: String)
  /// A URL that was given up on.
  case failure(FailureRecord)
}

/// A recorded response.
package struct PageRecord: Sendable {
  /// The row in `urls` of the URL that answered, after redirects.
  package var id: Int64
  /// The URL that was asked for first.
  package var url: String
  package var finalURL: String
  package var status: Int
  /// The media type, in lower case and without parameters; empty when the server named none.
  package var type: String
  /// `nil` for what is not HTML, like `text`.
  package var title: String?
  package var text: String?
  /// Milliseconds since 1970 when the answer was complete.
  package var fetchedAt: Int64
  package var millisecondsQueued: Double
  package var millisecondsFetching: Double
  package var millisecondsParsing: Double
  /// Of the body, decompressed.
  package var bytes: Int
  /// XXH3 (64 bits) of the body in 16 hexadecimal digits.
  package var hash: String
  /// Each target once, in order of first appearance.
  package var links: [LinkRecord]
  package var items: [ItemRecord]

  package init(
    id: Int64,
    url: String,
    finalURL: String,
    status: Int,
    type: String,
    title: String? = nil,
    text: String? = nil,
    fetchedAt: Int64 = 0,
    millisecondsQueued: Double = 0,
    millisecondsFetching: Double = 0,
    millisecondsParsing: Double = 0,
    bytes: Int = 0,
    hash: String = "",
    links: [LinkRecord] = [],
    items: [ItemRecord] = []
  ) {
    self.id = id
    self.url = url
    self.finalURL = finalURL
    self.status = status
    self.type = type
    self.title = title
    self.text = text
    self.fetchedAt = fetchedAt
    self.millisecondsQueued = millisecondsQueued
    self.millisecondsFetching = millisecondsFetching
    self.millisecondsParsing = millisecondsParsing
    self.bytes = bytes
    self.hash = hash
    self.links = links
    self.items = items
  }
}

/// A link of a page to a row in `urls`.
package struct LinkRecord: Hashable, Sendable {
  package var target: Int64
  package var kind: LinkKind
  package var isNofollow: Bool

  package init(target: Int64, kind: LinkKind, isNofollow: Bool) {
    self.target = target
    self.kind = kind
    self.isNofollow = isNofollow
  }
}

/// What a rule took from a page.
package struct ItemRecord: Hashable, Sendable {
  /// The name of the rule.
  package var name: String
  /// The fields as a JSON object, in the order of the rules file.
  package var json: String

  package init(name: String, json: String) {
    self.name = name
    self.json = json
  }
}

package struct FailureRecord: Hashable, Sendable {
  package var id: Int64
  package var url: String
  /// What was being done: `resolve`, `connect`, `request`, `body`, `redirect`, `status`, `parse`, `rules`.
  package var stage: String
  package var reason: String
  package var attempts: Int

  package init(id: Int64, url: String, stage: String, reason: String, attempts: Int) {
    self.id = id
    self.url = url
    self.stage = stage
    self.reason = reason
    self.attempts = attempts
  }
}
