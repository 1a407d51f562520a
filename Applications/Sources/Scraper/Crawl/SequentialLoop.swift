internal import Bakery

/// The model `sequential`: every page is fetched, parsed and stored before the next is asked for.
struct SequentialLoop: Sendable {
  let worker: PageWorker
  let store: any CrawlStore
  let stop: Channel<Void>.Receiver?
  let progress: @Sendable (CrawlProgress) -> Void

  /// Works until nothing is left to fetch.
  ///
  /// > Cancellation: cancels the body and waits for it.
  func run(
    _ book: inout CrawlBook,
    until end: Deadline,
    since begin: Deadline
  ) async throws
    -> CrawlReport
  {
    var ticker = ProgressTicker(begin: begin, report: progress)
    var freeSince = begin
    var isStopped = false
    loop: while true {
      let now = Deadline.now
      ticker.tick(book, now)
      isStopped = now >= end || stop?.tryReceive() != nil
      if isStopped { break }
      switch book.next(now: now) {
      case .fetch(var job):
        job.freeSince = freeSince
        book.finish(try await worker.work(on: job), now: .now)
      case .admit(let host):
        book.finish(host, try await worker.admit(host), now: .now)
      case .wait(.never): break loop
      case .wait(let time): try await sleep(until: min(time, end))
      }
      try await commit(&book)
      freeSince = .now
    }
    try await commit(&book)
    ticker.finish(book, .now)
    return CrawlReport(book, wall: Deadline.now.duration(since: begin), isStopped: isStopped)
  }

  private func commit(_ book: inout CrawlBook) async throws {
    let records = book.takeRecords()
    guard !records.isEmpty else { return }
    try await store.commit(records)
  }
}
