/// Reads a robots.txt line by line and keeps what concerns one crawler.
struct RobotsReader {
  /// The rules of one or more groups.
  struct Group {
    var rules: [RobotsRule] = []
    var crawlDelay: Duration?
  }

  /// The groups that name the crawler, together; `nil` if none does.
  private(set) var own: Group?
  /// The groups for `*`, together.
  private(set) var common = Group()
  private(set) var sitemaps: [String] = []

  private let product: ProductToken
  /// Whether the crawler and `*` are among the user agents of the current group.
  private var isForOwn = false
  private var isForAll = false
  /// Whether the current group has a rule, so that the next user agent begins another group.
  private var hasRule = false

  init(product: ProductToken) {
    self.product = product
  }

  /// Reads a file, up to the size that is read.
  ///
  /// Lines end in LF, CR or CR LF, and a byte order mark is skipped. A line that the maximum may
  /// have cut off is left out, because half a path matches more than the whole.
  mutating func read(_ bytes: some Collection<UInt8>) {
    var rest = Array(bytes.prefix(RobotsRules.sizeMaximum))[...]
    if rest.count == RobotsRules.sizeMaximum {
      while let last = rest.last, !Self.isLineEnd(last) { rest.removeLast() }
    }
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    var number = 0
    while !rest.isEmpty {
      number += 1
      let line = rest.prefix { !Self.isLineEnd($0) }
      rest = rest[line.endIndex...]
      rest = rest.dropFirst(rest.starts(with: [0x0D, 0x0A]) ? 2 : 1)
      if let line = RobotsLine(line, number: number) { read(line) }
    }
  }

  private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private mutating func read(_ line: RobotsLine) {
    switch line.key {
    case "user-agent": enterGroup(of: line.value)
    case "allow": add(line, isAllowing: true)
    case "disallow": add(line, isAllowing: false)
    case "crawl-delay":
      // Like any line that RFC 9309 does not know, it leaves the list of user agents open (2.2.4).
      guard let delay = line.duration else { return }
      if isForOwn, own?.crawlDelay == nil { own?.crawlDelay = delay }
      if isForAll, common.crawlDelay == nil { common.crawlDelay = delay }
    case "sitemap" where !line.value.isEmpty:
      sitemaps.append(String(decoding: line.value, as: UTF8.self))
    default: return
    }
  }

  private mutating func enterGroup(of userAgent: ArraySlice<UInt8>) {
    if hasRule { (isForOwn, isForAll, hasRule) = (false, false, false) }
    if userAgent.elementsEqual("*".utf8) {
      isForAll = true
    } else if product.isNamed(by: userAgent) {
      isForOwn = true
      own = own ?? Group()
    }
  }

  private mutating func add(_ line: RobotsLine, isAllowing: Bool) {
    hasRule = true
    guard isForOwn || isForAll, !line.value.isEmpty else { return }
    let rule = RobotsRule(
      pattern: RobotsPattern(line.value),
      isAllowing: isAllowing,
      line: line.number,
      text: line.text
    )
    if isForOwn { own?.rules.append(rule) }
    if isForAll { common.rules.append(rule) }
  }
}
