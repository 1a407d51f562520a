import Bakery
import Synchronization
import Testing

@testable import Scraper

/// Where pages are parsed; on real threads, for `simulate` has no other executors.
struct ParserTests {
  @Test func `only long pages are parsed on the executor that was given`() async throws {
    // The runtime may take more than one job for the way there.
    let forLong = try await jobs(parsing: 64 << 10, pages: 10)
    #expect(forLong >= 10)
    let forShort = try await jobs(parsing: 0, pages: 10)
    #expect(forShort == 0)
  }

  /// How many jobs a crawl of pages with a text of `length` bytes gives to the executor.
  private func jobs(parsing length: Int, pages count: Int) async throws -> Int {
    let text = String(repeating: "word ", count: length / 5 + 1)
    var pages: [String: SimulatedWeb.Page] = [:]
    for number in 0..<count {
      pages[SampleWebs.url(number)] = SampleWebs.page(
        [SampleWebs.url((number + 1) % count)],
        latency: .zero,
        head: "</head><body><p>\(text)</p>"
      )
    }
    let parser = CountingExecutor()
    var fixture = CrawlFixture(pages)
    fixture.seeds = pages.keys.sorted()
    fixture.parser = parser
    let report = try await fixture.run()
    #expect(report.counts.pages == count)
    for page in await fixture.store.pages.values {
      #expect(page.text?.hasPrefix("word word") ?? false == (length > 0))
    }
    return parser.count
  }
}

/// A pool that counts what it is given.
private final class CountingExecutor: TaskExecutor {
  private let pool = ThreadPool(threads: 2)
  private let jobs = Atomic(0)

  var count: Int { jobs.load(ordering: .relaxed) }

  func enqueue(_ job: consuming ExecutorJob) {
    jobs.add(1, ordering: .relaxed)
    pool.enqueue(job)
  }
}
