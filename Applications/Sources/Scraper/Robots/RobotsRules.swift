/// What a robots.txt allows one crawler (RFC 9309).
///
/// The groups that name the crawler apply, all together; those for `*` only if there are none.
/// Keys may be in any case but not misspelt: RFC 9309 has no other spellings.
package struct RobotsRules: Sendable {
  /// How many bytes of a robots.txt are read: 500 KiB, the least that RFC 9309 asks for (2.5).
  package static let sizeMaximum = 512_000

  /// No rules, as of a robots.txt that does not exist.
  package static let allowAll = RobotsRules()

  /// How much time to leave between requests; the first `Crawl-delay` that applies.
  ///
  /// RFC 9309 does not have it; there may be a fraction, and no bound.
  package private(set) var crawlDelay: Duration?
  /// The URLs of all `Sitemap` lines, as written: they are for every crawler.
  package private(set) var sitemaps: [String] = []
  /// Sorted, so that the first one that matches decides.
  private var rules: [RobotsRule] = []

  private init() {}

  /// Reads a robots.txt for the crawler that sends `userAgent`, such as `bakery/1.0`.
  ///
  /// Lines that make no sense say nothing.
  package init(_ bytes: some Collection<UInt8>, userAgent: String) {
    var reader = RobotsReader(product: ProductToken(userAgent: userAgent))
    reader.read(bytes)
    let group = reader.own ?? reader.common
    crawlDelay = group.crawlDelay
    sitemaps = reader.sitemaps
    rules = group.rules.sorted()
  }

  /// Whether a URL may be fetched, by its path and query.
  ///
  /// The longest pattern that matches decides, and `Allow` where two are as long. What no pattern
  /// matches is allowed, and so is `/robots.txt` itself (RFC 9309, section 2.2.2).
  package func allows(_ target: String) -> Decision {
    guard target != "/robots.txt", !rules.isEmpty else { return Decision(rule: nil) }
    let target = RobotsTarget(target)
    return Decision(rule: rules.first { $0.pattern.matches(target) })
  }

  /// What was decided, and by which line.
  package struct Decision: Hashable, Sendable, CustomStringConvertible {
    package let isAllowed: Bool
    /// The number of the line that decided, from 1; `nil` if none did.
    package let line: Int?
    /// That line without its comment; empty if none decided.
    package let text: String

    fileprivate init(rule: RobotsRule?) {
      isAllowed = rule?.isAllowing ?? true
      line = rule?.line
      text = rule?.text ?? ""
    }

    /// For example `line 2: Disallow: /private/`.
    package var description: String {
      line.map { "line \($0): \(text)" } ?? "has no rule for it"
    }
  }
}
