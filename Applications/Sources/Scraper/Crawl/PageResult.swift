internal import Bakery

/// A page to fetch.
struct PageJob: Sendable {
  var id: Int64
  var url: WebURL
  var host: Int
  /// When the URL came to its host's queue.
  var queuedAt: Deadline
  /// Why the slot was free.
  var waited: WaitReason
  /// Whether it is a sitemap and not a page.
  var isSitemap = false
  /// The fetch slot, from 0, and since when it was free.
  var slot = 0
  var freeSince = Deadline(nanoseconds: 0)
  /// What the job holds of its host's limiter, and of that of the whole crawl.
  let permit: JobPermit
  var place: JobPermit?

  init(
    id: Int64,
    url: WebURL,
    host: Int,
    queuedAt: Deadline,
    waited: WaitReason,
    permit: JobPermit
  ) {
    self.id = id
    self.url = url
    self.host = host
    self.queuedAt = queuedAt
    self.waited = waited
    self.permit = permit
  }
}

/// What came of a page.
struct PageResult: Sendable {
  var job: PageJob
  var outcome: PageOutcome
  var marks: PageMarks

  /// How long the URL waited in its host's queue.
  var queueTime: Duration { marks.received.duration(since: job.queuedAt) }

  /// From the request to the last byte.
  var fetchTime: Duration { (marks.fetched ?? marks.received).duration(since: marks.received) }

  var parseTime: Duration {
    guard let parsed = marks.parsed, let fetched = marks.fetched else { return .zero }
    return parsed.duration(since: fetched)
  }

  /// What it says about the load of its host.
  var paceOutcome: HostPace.Outcome {
    switch outcome {
    case .page, .recorded, .sitemap, .unindexed, .redirect: .success
    case .failed(let failure, let retryAfter):
      switch failure.status {
      case 429: .overload(retryAfter: retryAfter)
      case 503: .unavailable(retryAfter: retryAfter)
      default: failure.isTimeout ? .timeout : .failure
      }
    }
  }

  /// The room in memory that the page still takes.
  var room: LargeRoom? {
    guard case .page(_, _, _, let room) = outcome else { return nil }
    return room
  }
}

/// When the parts of the work on a page ended.
struct PageMarks: Sendable {
  /// When a slot took the job.
  var received: Deadline
  /// When the head of the answer was there.
  var head: Deadline?
  /// When the last byte was there, or it was clear that it would not come.
  var fetched: Deadline?
  var parsed: Deadline?
  /// When the result was handed over.
  var handed: Deadline?

  init(received: Deadline) {
    self.received = received
  }
}

enum PageOutcome: Sendable {
  /// An HTML page with status 2xx, and the room that its text still takes.
  case page(RecordedAnswer, [FoundLink], follows: Bool, LargeRoom?)
  /// A page that asks not to be recorded, and the links that may be followed.
  case unindexed([FoundLink])
  /// Another answer that is recorded as it is: not HTML, or a status such as 404.
  case recorded(RecordedAnswer)
  /// A sitemap, which is recorded as what it is, and what it lists; `nil` if it is none.
  case sitemap(RecordedAnswer, SitemapContent?)
  case redirect(WebURL)
  case failed(FetchFailure, retryAfter: Duration?)
}

/// What is kept of an answer.
struct RecordedAnswer: Sendable {
  var status: Int
  var type: String
  var bytes: Int
  var fetchedAt: Int64
  var hash = ""
  var title: String?
  var text: String?
  var items: [ItemRecord] = []
  /// Items that were dropped because something required was missing.
  var problems: [String] = []

  init(status: Int, type: String, bytes: Int, fetchedAt: Int64) {
    self.status = status
    self.type = type
    self.bytes = bytes
    self.fetchedAt = fetchedAt
  }
}

/// A link of a page to an HTTP URL, in canonical form.
struct FoundLink: Sendable {
  var url: String
  var kind: LinkKind
  var isNofollow: Bool
}

/// Makes URLs of what is written in a page.
struct LinkResolver {
  /// Each target once, in order of first appearance; a target is `nofollow` if all its links are.
  private(set) var links: [FoundLink] = []

  init(page: WebURL, content: PageContent) {
    let base = content.base.flatMap { WebURL.resolve($0, base: page) } ?? page
    var places: [String: Int] = [:]
    places.reserveCapacity(content.links.count)
    links.reserveCapacity(content.links.count)
    for link in content.links {
      guard let url = WebURL.resolve(link.target, base: base), url.isHTTP else { continue }
      let text = url.canonical.string
      if let place = places[text] {
        links[place].isNofollow = links[place].isNofollow && link.isNofollow
      } else {
        places[text] = links.count
        links.append(FoundLink(url: text, kind: link.kind, isNofollow: link.isNofollow))
      }
    }
  }
}
