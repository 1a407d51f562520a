import Bakery
import HTTPServer
import SampleSite
import Testing

@testable import Scraper

/// Real sockets and servers that do everything wrong: what is recorded of each, and that the good pages are all there.
struct FaultCrawlTests {
  /// Crawls the site of faults once, with limits that end each fault soon.
  private func crawl() async throws -> (report: CrawlReport, store: MemoryStore) {
    var settings = CrawlSettings()
    settings.delay = .zero
    settings.perHost = 16
    settings.bodyMaximum = 1 << 20
    settings.memory = 16 << 20
    settings.headTimeout = .seconds(5)
    settings.pageTimeout = .seconds(6)
    settings.retries.attempts = 2
    settings.retries.base = .milliseconds(10)
    settings.retries.retryAfterMaximum = .seconds(2)
    let final = settings
    let store = MemoryStore()
    let report = try await FaultSite.serve(on: .loopback(port: 0)) { start in
      let seed = try WebURL(start)
      let fetcher = NetworkFetcher(settings: final, proxies: Proxies(environment: [:]))
      let crawl = Crawl(
        seeds: [seed],
        scope: try CrawlScope(kind: .host, seeds: [seed]),
        settings: final,
        fetcher: fetcher,
        store: store,
        wallClock: { 1_700_000_000_000 }
      )
      let result: Result<CrawlReport, any Error>
      do { result = .success(try await crawl.run()) } catch { result = .failure(error) }
      await fetcher.shutdown()
      return try result.get()
    }
    return (report, store)
  }

  /// Stage and reason of the failure of each page that cannot be stored.
  private static let expected: [String: String] = [
    "/broken-chunks":
      "body: the answer is not valid HTTP (invalid character in chunk size header)",
    "/closed": "request: the server closed the connection too early",
    "/closed-in-head": "request: the server closed the connection too early",
    "/cut-chunks": "body: the server closed the connection too early",
    "/drip": "body: the body is too slow for --page-timeout",
    "/endless": "body: the body is longer than --max-size 1 MB",
    "/garbage": "request: the answer is not valid HTTP (invalid constant string)",
    "/gzip-bomb": "body: the decompressed body is longer than --max-size 1 MB",
    "/huge-header": "request: the header is longer than 80 KB",
    "/length-too-long": "body: the server closed the connection too early",
    "/redirect-endless/1": "redirect: more than 10 redirects, the last to HOST/redirect-endless/12",
    "/redirect-file": "redirect: redirect to file:///etc/passwd, no HTTP URL",
    "/redirect-invalid": "redirect: redirect to http://[::bad/, no HTTP URL",
    "/redirect-loop": "redirect: redirects in a circle: HOST/redirect-loop",
    "/redirect-nowhere": "redirect: status 302 without Location",
    "/retry-never": "status: the server answers 503",
    "/retry-nonsense": "status: the server answers 503",
    "/silent": "request: no answer in time",
    "/status-429": "status: the server answers 429",
    "/status-500": "status: the server answers 500",
  ]

  /// Pages that look odd and are pages all the same.
  private static let odd = [
    "/", "/deep", "/empty", "/length-too-short", "/not-utf-8", "/nul", "/unclosed",
    "/wrong-charset",
  ]

  @Test func `every fault has its row, and every good page is stored`() async throws {
    let (report, store) = try await crawl()
    let stored = await store.pages.values.compactMap { try? WebURL($0.finalURL).path }
    #expect(Set(FaultSite.goodPaths + Self.odd).subtracting(stored) == [])
    var failures: [String: String] = [:]
    for failure in await store.failures.values {
      let url = try WebURL(failure.url)
      let reason = failure.reason.replacing(url.origin, with: "HOST")
      failures[url.path] = "\(failure.stage): \(reason)"
    }
    for (path, line) in Self.expected { #expect(failures[path] == line, "\(path)") }
    #expect(Set(failures.keys) == Set(Self.expected.keys))
    #expect(report.counts.failureCount == Self.expected.count)
  }
}
