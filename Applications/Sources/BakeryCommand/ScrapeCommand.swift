internal import ArgumentParser
internal import Bakery
internal import Scraper

#if canImport(Glibc)
internal import Glibc
#endif

/// `bakery scrape`: from the words on the command line to a crawl, and from its report to an exit code.
struct ScrapeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scrape",
    abstract: "Fetch the pages that can be reached from a URL and store them in SQLite.",
    discussion: """
      Pages, links, failures and items go into one SQLite file. Run it again with the same file and it goes on where it \
      ended: pages that are there are not fetched again, failures are. robots.txt is obeyed, and a host sees at most \
      --per-host requests at a time. With --concurrency auto the crawl watches how long pages take and what is refused, and \
      fetches from each host as many at a time as it bears; the summary says where that settled. Ctrl-C once finishes what is in flight, twice stops.

      Exit codes: 0 done, 1 failed, 2 usage, 3 finished with failures (see --fail-on), 130 interrupted.
      """
  )

  @Argument(help: ArgumentHelp("Where to begin.", valueName: "url"))
  var seeds: [String]

  @Option(help: ArgumentHelp("The SQLite file; HOST.sqlite without it.", valueName: "file"))
  var into: String?

  @Option(help: ArgumentHelp("A YAML file that says which fields to take.", valueName: "file"))
  var rules: String?

  @Option(help: ArgumentHelp("Write the pages to this .jsonl or .csv file too.", valueName: "file"))
  var export: String?

  @Option(help: ArgumentHelp("Write an HTML page that shows each fetch slot.", valueName: "file"))
  var timeline: String?

  @Option(help: "When to end with code 3: any failure, a failed seed, or never.")
  var failOn = FailOn.any

  @Flag(help: "Print the summary as JSON.")
  var json = false

  @OptionGroup var options: ScrapeOptions

  enum FailOn: String, ExpressibleByArgument, CaseIterable, Sendable {
    case any, seed, never
  }

  func run() async throws {
    let interrupts = Interrupts()
    let settings = try usage { try options.settings(rules: try loadRules()) }
    let urls = try usage { try seeds.map(Self.seed) }
    let scope = try usage { try options.crawlScope(seeds: urls) }
    if let export { _ = try usage { try ExportFormat(path: export) } }
    let path = into ?? "\(urls[0].host ?? "scrape").sqlite"
    let store = try SQLiteStore(path: path)
    let report = try await NetworkFetcher.run(settings: settings) { fetcher in
      let crawl = Crawl(
        seeds: urls,
        scope: scope,
        settings: settings,
        fetcher: fetcher,
        store: store,
        parser: ThreadPool.shared,
        wallClock: wallClock
      )
      return try await ProgressDisplay().during { show in
        try await crawl.run(stop: interrupts.stop.receiver, progress: show)
      }
    }
    if let export { try await store.export(to: export) }
    try await store.close()
    let summary = Summary(report, settings: settings, file: path)
    standardOutput(json ? summary.json : summary.text)
    if let failures = summary.failures { standardError(failures) }
    if let timeline {
      let page = report.timeline.page(report, settings: settings, seeds: urls.map(\.string))
      try writeFile(timeline, page)
    }
    if let code = exitCode(report, wasInterrupted: interrupts.wasInterrupted) { throw code }
  }

  private func exitCode(_ report: CrawlReport, wasInterrupted: Bool) -> ExitCode? {
    if wasInterrupted { return ExitCode(130) }
    let counts = report.counts
    switch failOn {
    case .any: return counts.failureCount > 0 ? ExitCode(3) : nil
    case .seed: return counts.hasFailedSeed ? ExitCode(3) : nil
    case .never: return nil
    }
  }

  private func loadRules() throws -> ItemRules? {
    guard let rules else { return nil }
    return try ItemRules(yaml: readFile(rules), file: rules)
  }

  /// What people write in an address bar is `http` too.
  private static func seed(_ text: String) throws -> WebURL {
    let url = try WebURL(hasScheme(text) ? text : "http://" + text)
    guard url.isHTTP else {
      throw SettingsError(
        "\(text): the scheme '\(url.scheme)' cannot be scraped; use http or https"
      )
    }
    guard url.username.isEmpty, url.password.isEmpty else {
      throw SettingsError(
        "a user name or password in \(url.canonical) is not sent, since URLs get stored; give the URL without it and "
          + "--header 'Authorization: Basic …', which goes to every host of the crawl: "
          + "printf '%s' NAME:PASSWORD | base64 writes what follows 'Basic'"
      )
    }
    return url.canonical
  }

  /// Whether the first colon ends a scheme, and not a host as in `localhost:8080` or `[::1]`.
  private static func hasScheme(_ text: String) -> Bool {
    guard !text.hasPrefix("["), let colon = text.firstIndex(of: ":") else { return false }
    return text[colon...].dropFirst().first?.isNumber != true
  }
}

/// Runs `body`; its errors are the user's, and end the command with code 2.
func usage<Success>(_ body: () throws -> Success) throws -> Success {
  do {
    return try body()
  } catch let error as ValidationError {
    throw error
  } catch {
    throw ValidationError("\(error)")
  }
}
