/// Which URLs belong to a crawl.
package struct CrawlScope: Sendable {
  /// How far from its seeds a crawl goes.
  package enum Kind: String, CaseIterable, Sendable {
    /// Host and port of a seed. `http` and `https` on their default ports are the same.
    case host
    /// The domain of a seed without a leading `www.`, and its subdomains, on any port.
    case domain
    /// Scheme, host and port of a seed, and its path up to the last slash.
    case prefix
    /// The whole web.
    case any
  }

  package enum Decision: Hashable, Sendable {
    case inside
    /// - Parameter reason: For people; begins in lower case.
    case outside(reason: String)
  }

  /// The longest URL that is fetched, in bytes.
  ///
  /// Servers need not support more (RFC 9110, section 4.1). And what is longer is seldom a page,
  /// but often a trap that adds something to the URL with every step.
  package static let maximumLength = 8_000

  private let kind: Kind
  private let includes: [URLPattern]
  private let excludes: [URLPattern]
  private let depth: Int?
  private var seeds: Set<WebURL> = []
  /// Names of hosts, of domains, or beginnings of URLs, as `kind` says.
  private var names: Set<String> = []

  /// - Parameters:
  ///   - kind: How far from a seed a URL may be.
  ///   - seeds: Where the crawl begins.
  ///   - include: Regular expressions; if there are any, a URL has to match one of them somewhere.
  ///   - exclude: Regular expressions that no URL may match; they are stronger than `include`.
  ///   - depth: The most links that lead from a seed to a URL; `nil` for any number.
  /// - Throws: `InvalidPattern`, for the first expression that is none.
  package init(
    kind: Kind,
    seeds: [WebURL],
    include: [String] = [],
    exclude: [String] = [],
    depth: Int? = nil
  ) throws(InvalidPattern) {
    self.kind = kind
    self.depth = depth
    self.includes = try Self.patterns(include)
    self.excludes = try Self.patterns(exclude)
    for seed in seeds { add(seed: seed) }
  }

  private static func patterns(_ texts: [String]) throws(InvalidPattern) -> [URLPattern] {
    var patterns: [URLPattern] = []
    for text in texts { patterns.append(try URLPattern(text)) }
    return patterns
  }

  /// Adds a seed, or what a seed redirects to.
  package mutating func add(seed: WebURL) {
    let seed = seed.canonical
    seeds.insert(seed)
    names.insert(name(for: seed))
  }

  /// Decides whether a URL that is `depth` links away from a seed belongs to the crawl.
  ///
  /// What counts is its canonical form. Seeds always belong to it, if they are HTTP URLs.
  package func decide(_ url: WebURL, depth: Int) -> Decision {
    guard url.isHTTP else { return .outside(reason: "the scheme is \(url.scheme)") }
    let url = url.canonical
    let length = url.string.utf8.count
    guard length <= Self.maximumLength else {
      return .outside(reason: "longer than \(Self.maximumLength) bytes: \(length)")
    }
    if seeds.contains(url) { return .inside }
    if let limit = self.depth, depth > limit { return .outside(reason: "deeper than \(limit)") }
    guard isNear(url) else { return .outside(reason: "outside the \(kind) of every seed") }
    if let pattern = excludes.first(where: { $0.matches(url) }) {
      return .outside(reason: "excluded by \(pattern.text)")
    }
    guard includes.isEmpty || includes.contains(where: { $0.matches(url) }) else {
      return .outside(reason: "not included")
    }
    return .inside
  }

  /// What is remembered of a seed.
  private func name(for seed: WebURL) -> String {
    switch kind {
    case .host: return Self.hostAndPort(of: seed)
    case .domain:
      let host = seed.host ?? ""
      // Without the dot, `www.example` would let in all of `.example`.
      let domain = host.hasPrefix("www.") ? host.dropFirst(4) : host[...]
      return domain.contains(".") ? String(domain) : host
    case .prefix:
      let directory = seed.path.lastIndex(of: "/").map { seed.path[...$0] } ?? ""
      return seed.origin + directory
    case .any: return ""
    }
  }

  private func isNear(_ url: WebURL) -> Bool {
    switch kind {
    case .host: names.contains(Self.hostAndPort(of: url))
    case .domain: Self.domains(of: url.host ?? "").contains { names.contains($0) }
    case .prefix: names.contains { url.string.hasPrefix($0) }
    case .any: true
    }
  }

  private static func hostAndPort(of url: WebURL) -> String {
    let host = url.host ?? ""
    return url.port.map { "\(host):\($0)" } ?? host
  }

  /// A host, and what is left of it after each of its dots.
  private static func domains(of host: String) -> some Sequence<String> {
    sequence(first: host) { name in
      name.firstIndex(of: ".").map { String(name[name.index(after: $0)...]) }
    }
  }
}
