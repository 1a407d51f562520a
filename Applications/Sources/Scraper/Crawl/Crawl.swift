package import Bakery

/// A crawl: fetches what can be reached from its seeds and records it in a store.
///
/// In the model `async`, one task keeps the books, `width` tasks fetch and parse, and one task stores. They hand work to one another through
/// bounded channels, so a slow store slows the fetching, and a URL costs no task. What the store had pending from an earlier
/// run is fetched too.
package struct Crawl: Sendable {
  private let seeds: [WebURL]
  private let scope: CrawlScope
  private let settings: CrawlSettings
  private let fetcher: any Fetcher
  private let store: any CrawlStore
  private let parser: (any TaskExecutor)?
  private let wallClock: @Sendable () -> Int64

  /// Makes a crawl, which does nothing yet.
  ///
  /// - Parameters:
  ///   - seeds: Where to begin, in canonical form.
  ///   - scope: Which URLs belong to it.
  ///   - settings: How it goes about its work.
  ///   - fetcher: Its way to the network.
  ///   - store: Where it is kept.
  ///   - parser: Where long pages are parsed, so that they keep no other task waiting; `nil` under `simulate`.
  ///   - wallClock: Milliseconds since 1970, for `fetched_at` and dates in headers.
  package init(
    seeds: [WebURL],
    scope: CrawlScope,
    settings: CrawlSettings,
    fetcher: any Fetcher,
    store: any CrawlStore,
    parser: (any TaskExecutor)? = nil,
    wallClock: @escaping @Sendable () -> Int64
  ) {
    self.seeds = seeds
    self.scope = scope
    self.settings = settings
    self.fetcher = fetcher
    self.store = store
    self.parser = parser
    self.wallClock = wallClock
  }

  /// Crawls until nothing is left, a limit is reached or `stop` says so; what is in flight is finished and stored first.
  ///
  /// > Cancellation: cancels the body and waits for it. What was committed stays.
  ///
  /// - Parameters:
  ///   - stop: Ends the crawl early when it receives an element.
  ///   - progress: Called about ten times a second from the task that keeps the books.
  /// - Returns: What it has come to.
  /// - Throws: `SettingsError`, what the store throws, or `CancellationError`.
  @concurrent
  package func run(
    stop: Channel<Void>.Receiver? = nil,
    progress: @escaping @Sendable (CrawlProgress) -> Void = { _ in }
  ) async throws -> CrawlReport {
    try settings.check()
    let rooms = try BodyRooms(
      memory: settings.memory,
      slots: settings.model == .sequential ? 1 : settings.width,
      bodyMaximum: settings.bodyMaximum
    )
    let begin = Deadline.now
    let worker = PageWorker(
      fetcher: fetcher,
      settings: settings,
      rooms: rooms,
      parser: parser,
      allowsPrivate: await hasPrivateSeed(),
      trustedOrigins: trustedOrigins,
      wallClock: wallClock
    )
    let timeline = Timeline(begin: begin)
    var book = CrawlBook(
      settings: settings,
      scope: scope,
      random: Seams.random,
      timeline: timeline
    )
    book.restore(try await store.load(), now: begin)
    for seed in seeds { book.addSeed(seed, now: begin) }
    let end = settings.duration.map { begin.advanced(by: $0) } ?? .never
    switch settings.model {
    case .sequential:
      let loop = SequentialLoop(worker: worker, store: store, stop: stop, progress: progress)
      return try await loop.run(&book, until: end, since: begin)
    case .async:
      return try await runSlots(book, worker, stop, progress, until: end, since: begin)
    }
  }

  private func hasPrivateSeed() async -> Bool {
    for seed in seeds where (try? await fetcher.isPrivate(seed)) == true { return true }
    return false
  }

  /// The seeds' origins, and the same under TLS, to which many redirect.
  private var trustedOrigins: Set<String> {
    let origins = Set(seeds.map(\.origin))
    return origins.union(origins.map { $0.replacing(/^http:/, with: "https:") })
  }

  private func runSlots(
    _ book: CrawlBook,
    _ worker: PageWorker,
    _ stop: Channel<Void>.Receiver?,
    _ progress: @escaping @Sendable (CrawlProgress) -> Void,
    until end: Deadline,
    since begin: Deadline
  ) async throws -> CrawlReport {
    let jobs = Channel<Job>(capacity: settings.width, name: "jobs")
    let events = Channel<CrawlEvent>(capacity: settings.width, name: "results")
    let commits = Channel<Commit>(capacity: settings.width, name: "records")
    let width = settings.width
    let keeper = BookKeeper(
      jobs: jobs.sender,
      events: events.receiver,
      commits: commits.sender,
      width: width,
      progress: progress
    )
    return try await withThrowingTaskGroup(of: CrawlReport?.self) { group in
      for slot in 0..<width {
        group.addTask(name: "fetch slot \(slot)") {
          try await Slot(worker: worker, events: events.sender).run(jobs.receiver)
          return nil
        }
      }
      group.addTask(name: "writer") {
        try await Writer(store: store).run(commits.receiver)
        return nil
      }
      group.addTask(name: "books") { try await keeper.run(book, until: end, since: begin) }
      if let stop {
        group.addTask(name: "stop") {
          if try await stop.receive() != nil { try? await events.sender.send(.stop) }
          return nil
        }
      }
      return try await Self.report(of: &group, childCount: width + 2)
    }
  }

  /// Waits for the slots, the writer and the books, and throws the first error; the task that waits for `stop` may stay.
  private static func report(
    of group: inout ThrowingTaskGroup<CrawlReport?, any Error>,
    childCount: Int
  ) async throws -> CrawlReport {
    var report: CrawlReport?
    var left = childCount
    while left > 0, let result = try await group.next() {
      report = report ?? result
      left -= 1
    }
    group.cancelAll()
    guard let report else { throw CancellationError() }
    return report
  }
}

/// Work for a slot.
enum Job: Sendable {
  case page(PageJob)
  case host(HostJob)
}

/// What the task that keeps the books waits for.
enum CrawlEvent: Sendable {
  case page(PageResult)
  case host(HostJob, Admission)
  case stop
}

/// Records to be stored together, and the room that they take in memory until then.
struct Commit: Sendable {
  var records: [CrawlRecord]
  var room: LargeRoom?
}
