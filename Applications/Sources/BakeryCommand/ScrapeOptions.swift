internal import ArgumentParser
internal import Scraper

/// The options of `bakery scrape` that say how to crawl.
struct ScrapeOptions: ParsableArguments {
  @Option(help: "What belongs to the crawl: host, domain, prefix or any.")
  var scope = CrawlScope.Kind.host

  @Option(help: ArgumentHelp("Crawl only URLs that match.", valueName: "regex"))
  var include: [String] = []

  @Option(help: ArgumentHelp("Do not crawl URLs that match.", valueName: "regex"))
  var exclude: [String] = []

  @Flag(
    help: "Fetch also what robots.txt and /sitemap.xml of each host list, as if it were a seed."
  )
  var sitemap = false

  @Option(help: ArgumentHelp("Stop after this many HTML pages.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("Follow links at most this far from a seed.", valueName: "n"))
  var depth: Int?

  @Option(help: ArgumentHelp("Stop after this long, such as 90s, 10m, 2h.", valueName: "time"))
  var maxTime: DurationArgument?

  @Option(
    help: ArgumentHelp(
      "How many pages to fetch at one time, or auto to find out how many each host bears.",
      valueName: "n|auto"
    )
  )
  var concurrency = "16"

  @Option(
    help: ArgumentHelp(
      "How many of them from one host, at most (default: 4; 64 with --concurrency auto).",
      valueName: "n"
    )
  )
  var perHost: Int?

  @Option(
    help: ArgumentHelp("Least time between two requests to one host.", valueName: "time")
  )
  var delay = DurationArgument(.milliseconds(50))

  @Option(help: ArgumentHelp("How much memory pages may take at one time.", valueName: "bytes"))
  var memory = BytesArgument(megabytes: 256)

  @Option(help: ArgumentHelp("How big a page may be, decompressed.", valueName: "bytes"))
  var maxSize = BytesArgument(megabytes: 10)

  @Option(help: ArgumentHelp("How long a connection may take.", valueName: "time"))
  var connectTimeout = DurationArgument(.seconds(10))

  @Option(help: ArgumentHelp("How long a server may think before it answers.", valueName: "time"))
  var headTimeout = DurationArgument(.seconds(30))

  @Option(help: ArgumentHelp("How long a page may take to arrive.", valueName: "time"))
  var pageTimeout = DurationArgument(.seconds(60))

  @Option(
    help: ArgumentHelp(
      "How often to try a URL that fails, up to 255; refusals do not count.",
      valueName: "n"
    )
  )
  var attempts = 3

  @Option(
    help: ArgumentHelp(
      "How often a URL may be refused by its host's limit, with 429, or 503 and Retry-After, up to 255; a host that only refuses, so many pauses long, is given up on.",
      valueName: "n"
    )
  )
  var refusals = 10

  @Option(help: "How pages overlap: async or sequential.")
  var model = "async"

  @Option(help: ArgumentHelp("What to send as User-Agent.", valueName: "text"))
  var userAgent: String?

  @Option(
    help: ArgumentHelp(
      "A header to send, as 'Name: value'; Authorization and Cookie go to the seeds' hosts only.",
      valueName: "field"
    )
  )
  var header: [String] = []

  /// The settings that these options ask for.
  func settings(rules: ItemRules?) throws -> CrawlSettings {
    var settings = CrawlSettings()
    settings.model = try crawlModel()
    if concurrency == "auto" {
      settings.isAutomatic = true
      (settings.width, settings.perHost) = CrawlSettings.automaticMaximum
    } else {
      settings.width = try width()
    }
    settings.perHost = perHost ?? settings.perHost
    settings.delay = delay.duration
    settings.memory = memory.count
    settings.bodyMaximum = maxSize.count
    settings.connectTimeout = connectTimeout.duration
    settings.headTimeout = headTimeout.duration
    settings.pageTimeout = pageTimeout.duration
    settings.retries.attempts = attempts
    settings.retries.refusals = refusals
    settings.userAgent = userAgent ?? settings.userAgent
    settings.headers = try header.map(Self.field)
    settings.limit = limit
    settings.duration = maxTime?.duration
    settings.rules = rules
    settings.usesSitemaps = sitemap
    try settings.check()
    return settings
  }

  /// What belongs to the crawl.
  func crawlScope(seeds: [WebURL]) throws -> CrawlScope {
    try CrawlScope(
      kind: scope,
      seeds: seeds,
      include: include,
      exclude: exclude,
      depth: depth
    )
  }

  private func crawlModel() throws -> CrawlSettings.Model {
    if let model = CrawlSettings.Model(rawValue: model) { return model }
    let text =
      ["threads", "processes"].contains(model)
      ? "--model \(model) is not there yet; use async or sequential"
      : "--model \(model) is none; use async or sequential"
    throw ValidationError(text)
  }

  private func width() throws -> Int {
    if let number = Int(concurrency) { return number }
    throw ValidationError(
      "--concurrency \(concurrency) is no number; give one, such as 16, or auto"
    )
  }

  private static func field(_ text: String) throws -> (name: String, value: String) {
    guard let colon = text.firstIndex(of: ":") else {
      throw ValidationError("--header '\(text)' has no colon; write it as 'Name: value'")
    }
    let name = text[..<colon]
    let value = text[text.index(after: colon)...].drop { $0 == " " }
    guard !name.isEmpty, name.utf8.allSatisfy(isToken), !value.utf8.contains(where: { $0 < 32 })
    else {
      throw ValidationError("--header '\(text)' is no header; write it as 'Name: value'")
    }
    return (String(name), String(value))
  }

  /// The characters of a field name (RFC 9110, section 5.6.2).
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

extension CrawlScope.Kind: ExpressibleByArgument {}
