internal import ArgumentParser
internal import Bakery
internal import HTTPServer
internal import SampleSite
internal import Scraper

#if canImport(Glibc)
internal import Glibc
#endif

/// `bakery demo`: scrapes the sample site one page at a time and then at growing widths, and shows what that buys.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Scrape the sample site sequentially and concurrently, and compare.",
    discussion: """
      Leaves in the folder: sequential.sqlite, async.sqlite (of the largest width), timeline.html, report.json and plot.svg.
      """
  )

  @OptionGroup var options: SiteOptions

  @Option(help: ArgumentHelp("Where to leave the results.", valueName: "folder"))
  var out = "demo/out"

  static let widths = [1, 4, 16, 64]

  func run() async throws {
    let site = try usage { try options.site(at: .loopback(port: 0)) }
    try makeFolder(out)
    // Silent, unless a call keeps tasks from their threads: then it says on standard error which one.
    let watchdog = StarvationWatchdog(pools: [.shared], name: "demo")
    defer { watchdog.stop() }
    var demo = DemoReport(expected: try await site.serve { $0.expectation })
    standardOutput(demo.opening)
    try await scrape(&demo, "sequential", .sequential, width: 1)
    for width in Self.widths { try await scrape(&demo, "width \(width)", .async, width: width) }
    standardOutput(demo.closing)
    try writeFile("\(out)/report.json", demo.json + "\n")
    try writeFile("\(out)/plot.svg", DemoPlot(demo.runs).svg)
    if let problem = demo.problem { throw SettingsError(problem) }
  }

  /// Serves the site anew, so that what is busy at first is so each time, and crawls it into a new file.
  private func scrape(
    _ demo: inout DemoReport,
    _ label: String,
    _ model: CrawlSettings.Model,
    width: Int
  ) async throws {
    var settings = CrawlSettings()
    settings.model = model
    settings.width = width
    settings.perHost = 64
    settings.delay = .zero
    // The site is ours and its errors are meant, so there is nobody to be patient with.
    settings.retries.base = .milliseconds(100)
    let path = "\(out)/\(model).sqlite"
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    let crawl = DemoCrawl(settings: settings, path: path)
    let (report, stored) = try await demo.expected.site.serve { site in
      try await crawl.run(from: site.start)
    }
    demo.runs.append(DemoRun(label: label, width: width, report: report, stored: stored))
    standardOutput(DemoTable.line(demo.runs[demo.runs.count - 1], of: demo.runs[0]))
    guard model == .async else { return }
    let seeds = [demo.expected.site.start]
    try writeFile(
      "\(out)/timeline.html",
      report.timeline.page(report, settings: settings, seeds: seeds)
    )
  }
}

/// A crawl into a file.
private struct DemoCrawl: Sendable {
  let settings: CrawlSettings
  let path: String

  /// Crawls from `start` and returns the report and the URLs of what was stored with status 200.
  func run(from start: String) async throws -> (CrawlReport, stored: Set<String>) {
    let seed = try WebURL(start)
    let store = try SQLiteStore(path: path)
    let scope = try CrawlScope(kind: .any, seeds: [seed])
    let report = try await NetworkFetcher.run(settings: settings) { fetcher in
      let crawl = Crawl(
        seeds: [seed],
        scope: scope,
        settings: settings,
        fetcher: fetcher,
        store: store,
        parser: ThreadPool.shared,
        wallClock: wallClock
      )
      return try await ProgressDisplay().during { try await crawl.run(progress: $0) }
    }
    let stored = try await store.goodURLs()
    try await store.close()
    return (report, Set(stored))
  }
}
