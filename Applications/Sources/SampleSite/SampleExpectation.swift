/// What a polite crawl of a sample site that begins at its front page must find.
///
/// Polite means: `robots.txt` is obeyed, links with `rel=nofollow` are not followed, all others are, also those of
/// frames, refreshes and canonical addresses, and what answers 503 is asked once more.
package struct SampleExpectation: Sendable {
  /// An address that has to be requested.
  package struct Entry: Sendable {
    package let url: String
    /// Which host answers.
    package let host: Int
    package let status: Int
    /// The media type without parameters.
    package let type: String
    /// How many bytes the body has.
    package let bytes: Int
    /// How long the server waits before it answers.
    package let latency: Duration
    /// Over what time the body then comes.
    package let drip: Duration
    /// Whether the first request gets 503, to be repeated after a second.
    package let isBusyAtFirst: Bool
    /// How many links have to be followed to get here; redirects do not count.
    package let depth: Int
    /// Where a redirect leads.
    package let location: String?
    /// The addresses that the page links to, without fragments, each once, those marked nofollow left out.
    package let links: [String]

    /// How long one request at a time would be busy with it.
    package var cost: Duration {
      isBusyAtFirst ? latency + .seconds(1) + latency + drip : latency + drip
    }
  }

  /// What is stored: pages and files that answer 200.
  package private(set) var stored: [Entry] = []
  /// What redirects, a loop of two included.
  package private(set) var redirects: [Entry] = []
  /// What answers 404 or 500.
  package private(set) var failures: [Entry] = []
  /// Addresses that are linked and that `robots.txt` forbids.
  package private(set) var disallowed: [String] = []
  /// Addresses that only links with `rel=nofollow` lead to.
  package private(set) var nofollow: [String] = []
  /// How long the `robots.txt` of every host takes.
  package private(set) var robots: [Duration] = []

  /// The site that this is about.
  package let site: SampleWebsite

  init(of site: SampleWebsite) {
    self.site = site
    robots = (0..<site.hosts).map { site.latency(host: $0, path: "/robots.txt") }
    walk()
  }

  /// All that has to be requested beside `robots.txt`.
  package var requested: [Entry] { stored + redirects + failures }

  /// How long a crawl with one request at a time would wait for answers.
  package var total: Duration {
    requested.reduce(robots.reduce(.zero, +)) { $0 + $1.cost }
  }

  /// How long the fastest crawl takes, whatever it does at once: no page can be asked for before a page that links
  /// to it is there, and none of a host before its `robots.txt`.
  ///
  /// Algorithm: Dial's, shortest paths with a bucket for every millisecond (Dial, *Algorithm 360*, 1969).
  package var criticalPath: Duration {
    let entries = Dictionary(uniqueKeysWithValues: requested.map { ($0.url, $0) })
    var robotsReady: [Int?] = Array(repeating: nil, count: site.hosts)
    var asked: Set<String> = []
    var buckets = [[site.start]]
    var now = 0
    while now < buckets.count {
      for url in buckets[now] where asked.insert(url).inserted {
        guard let entry = entries[url] else { continue }
        let ready = robotsReady[entry.host] ?? now + robots[entry.host].milliseconds
        robotsReady[entry.host] = ready
        let end = max(now, ready) + entry.cost.milliseconds
        while buckets.count <= end { buckets.append([]) }
        buckets[end] += entry.links + [entry.location].compactMap(\.self)
      }
      now += 1
    }
    return .milliseconds(buckets.count - 1)
  }

  private mutating func walk() {
    var marked: [Target] = []
    var seen: Set<Target> = [Target(host: 0, path: "/")]
    var queue = seen.map { (target: $0, depth: 0) }
    var next = 0
    while next < queue.count {
      let (target, depth) = queue[next]
      next += 1
      guard SampleWebsite.isAllowed(path: target.path) else {
        disallowed.append(url(target))
        continue
      }
      let page = site.page(host: target.host, path: target.path)
      let links = page.links.map { (kind: $0.kind, target: Target(host: $0.host, path: $0.path)) }
      let followed = unique(links.filter { $0.kind != .nofollow }.map(\.target))
      let location = page.header("location").map { Target(host: target.host, path: $0) }
      let entry = entry(of: page, at: target, depth, location.map(url), followed.map(url))
      switch page.status {
      case 200: stored.append(entry)
      case 301: redirects.append(entry)
      default: failures.append(entry)
      }
      for target in followed where seen.insert(target).inserted {
        queue.append((target, depth + 1))
      }
      if let location, seen.insert(location).inserted { queue.append((location, depth)) }
      marked += links.filter { $0.kind == .nofollow }.map(\.target)
    }
    nofollow = unique(marked.filter { !seen.contains($0) }).map(url)
  }

  private func entry(
    of page: SamplePage,
    at target: Target,
    _ depth: Int,
    _ location: String?,
    _ links: [String]
  ) -> Entry {
    Entry(
      url: url(target),
      host: target.host,
      status: page.status,
      type: (page.header("content-type") ?? "").split(separator: ";").first.map(String.init) ?? "",
      bytes: page.body.count,
      latency: page.latency,
      drip: page.drip,
      isBusyAtFirst: page.isBusyAtFirst,
      depth: depth,
      location: location,
      links: links
    )
  }

  private struct Target: Hashable {
    let host: Int
    let path: String
  }

  private func url(_ target: Target) -> String { site.url(host: target.host, path: target.path) }

  private func unique(_ targets: [Target]) -> [Target] {
    var seen: Set<Target> = []
    return targets.filter { seen.insert($0).inserted }
  }
}

extension SampleWebsite {
  /// What a polite crawl that begins at `start` must find; makes every page once.
  package var expectation: SampleExpectation { SampleExpectation(of: self) }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int { Int(self / .milliseconds(1)) }
}
