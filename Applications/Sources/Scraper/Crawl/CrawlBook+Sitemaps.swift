internal import Bakery

extension CrawlBook {
  /// Enters the sitemaps of a host whose robots.txt is known: those it names, and `/sitemap.xml`.
  mutating func enterSitemaps(_ rules: RobotsRules, of robots: WebURL, now: Deadline) {
    for text in rules.sitemaps + ["/sitemap.xml"] {
      guard let url = WebURL.resolve(text, base: robots), url.isHTTP else { continue }
      enterSitemap(url.canonical, from: robots, depth: 0, now: now)
    }
  }

  /// Enters what a sitemap lists, as far from the seeds as a seed.
  ///
  /// An index leads to sitemaps, and to no further index: the protocol knows none, and it could go on for ever.
  mutating func enter(_ content: SitemapContent, of sitemap: Int64, now: Deadline) {
    guard let source = WebURL.resolve(frontier[sitemap].url, base: nil) else { return }
    if content.isIndex, frontier[sitemap].depth > 0 { return }
    for text in content.urls {
      if content.isIndex {
        guard let url = WebURL.resolve(text, base: nil) else { continue }
        enterSitemap(url, from: source, depth: 1, now: now)
      } else if let known = frontier.id(of: text) {
        if frontier[known].isNofollow { follow(known, 0, now) }
      } else {
        _ = enter(text, 0, mayFollow: true, now)
      }
    }
  }

  /// Enters a sitemap if it is on the host that names it, or within the scope.
  @discardableResult
  mutating func enterSitemap(
    _ url: WebURL,
    from source: WebURL,
    depth: Int,
    now: Deadline
  ) -> Int64 {
    if let known = frontier.id(of: url.string) {
      // A page may have linked to it, or an earlier run has not come to it.
      if frontier[known].state == .pending { frontier[known].isSitemap = true }
      return known
    }
    guard url.host == source.host || scope.decide(url, depth: 0) == .inside else {
      return add(url.string, state: .skipped, depth: depth, reason: "a sitemap on another host")
    }
    let id = add(url.string, state: .pending, depth: depth, reason: nil)
    frontier[id].isSitemap = true
    frontier.enqueue(id, url, now: now)
    return id
  }
}
