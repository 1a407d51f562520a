import Bakery
import BakeryTesting
import Testing

@testable import Scraper

/// A crawl of a simulated web into memory.
struct CrawlFixture: Sendable {
  var web: SimulatedWeb
  var store = MemoryStore()
  var settings = CrawlSettings()
  var parser: (any TaskExecutor)?
  var seeds = [SampleWebs.url(0)]
  var scopeKind = CrawlScope.Kind.any
  var depth: Int?

  init(_ web: SimulatedWeb) {
    self.web = web
    settings.delay = .zero
    settings.perHost = 64
  }

  init(_ pages: [String: SimulatedWeb.Page], privateHosts: Set<String> = []) {
    self.init(SimulatedWeb(pages, privateHosts: privateHosts))
  }

  /// Runs the crawl to its end.
  @discardableResult
  func run(
    into store: (any CrawlStore)? = nil,
    stop: Channel<Void>.Receiver? = nil
  ) async throws -> CrawlReport {
    let urls = try seeds.map { try WebURL($0).canonical }
    let scope = try CrawlScope(kind: scopeKind, seeds: urls, depth: depth)
    let crawl = Crawl(
      seeds: urls,
      scope: scope,
      settings: settings,
      fetcher: web,
      store: store ?? self.store,
      parser: parser,
      wallClock: { 1_700_000_000_000 }
    )
    return try await crawl.run(stop: stop)
  }

  /// The URLs of the HTML pages in the store, sorted.
  var pageURLs: [String] {
    get async {
      await store.pages.values.filter { $0.type == "text/html" && $0.status == 200 }.map(\.finalURL)
        .sorted()
    }
  }

  /// What became of a URL; `nil` if it was never found.
  func state(of url: String) async -> URLState? {
    await store.urls.first { $0.url == url }?.state
  }

  /// What was given up on, by URL.
  var failures: [String: FailureRecord] {
    get async {
      Dictionary(
        await store.failures.values.map { ($0.url, $0) },
        uniquingKeysWith: { first, _ in first }
      )
    }
  }
}

/// A store that fails after some commits, as a full disk does.
actor FailingStore: CrawlStore {
  struct Failure: Error {}

  private var commitsLeft: Int

  init(commits: Int) {
    commitsLeft = commits
  }

  func load() -> [StoredURL] { [] }

  func commit(_ batch: [CrawlRecord]) throws {
    commitsLeft -= 1
    if commitsLeft < 0 { throw Failure() }
  }
}
