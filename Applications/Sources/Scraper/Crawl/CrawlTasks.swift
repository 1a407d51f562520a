internal import Bakery
internal import HeapModule

/// Fetches and parses one page after the other.
struct Slot: Sendable {
  let worker: PageWorker
  let events: Channel<CrawlEvent>.Sender

  /// Works until there are no more jobs.
  ///
  /// > Cancellation: cancels the body and waits for it.
  @concurrent
  func run(_ jobs: Channel<Job>.Receiver) async throws {
    while let job = try await jobs.receive() {
      switch job {
      case .page(let page):
        var result = try await worker.work(on: page)
        result.marks.handed = .now
        try await events.send(.page(result))
      case .host(let host):
        let admission = try await worker.admit(host)
        try await events.send(.host(host, admission))
      }
    }
  }
}

/// Which slots are free, and since when.
///
/// The tasks behind the slots are alike, so the numbers are the books' own: the lowest that is free is taken, and a crawl that needs few
/// slots shows few.
struct FreeSlots {
  private var free: Heap<Int>
  private var since: [Deadline]

  init(_ count: Int, since begin: Deadline) {
    free = Heap(0..<count)
    since = Array(repeating: begin, count: count)
  }

  /// Takes a slot; the caller has checked that one is free.
  mutating func take() -> (number: Int, freeSince: Deadline) {
    let number = free.removeMin()
    return (number, since[number])
  }

  mutating func giveBack(_ number: Int, at time: Deadline) {
    free.insert(number)
    since[number] = time
  }
}

/// Stores what comes, as much as is there in one transaction.
struct Writer: Sendable {
  let store: any CrawlStore
  /// Records in a transaction, at most about this many: a commit holds up nobody for long.
  private let batchMaximum = 2048

  /// Works until there is nothing more to store.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  @concurrent
  func run(_ commits: Channel<Commit>.Receiver) async throws {
    while let first = try await commits.receive() {
      var batch = [first]
      var count = first.records.count
      while count < batchMaximum, let more = commits.tryReceive() {
        batch.append(more)
        count += more.records.count
      }
      try await store.commit(batch.flatMap(\.records))
    }
  }
}

/// Keeps the books, for the slots and the writer.
struct BookKeeper: Sendable {
  let jobs: Channel<Job>.Sender
  let events: Channel<CrawlEvent>.Receiver
  let commits: Channel<Commit>.Sender
  let width: Int
  let progress: @Sendable (CrawlProgress) -> Void

  /// Works until nothing is left to fetch and nothing is in flight, then ends the others.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  @concurrent
  func run(
    _ book: CrawlBook,
    until end: Deadline,
    since begin: Deadline
  ) async throws
    -> CrawlReport
  {
    var book = book
    var busy = 0
    var slots = FreeSlots(width, since: begin)
    var isStopped = false
    var ticker = ProgressTicker(begin: begin, report: progress)
    while true {
      let now = Deadline.now
      isStopped = isStopped || now >= end
      let wake = isStopped ? .never : dispatch(&book, &busy, &slots, now)
      try await commit(&book, nil)
      if busy == 0, isStopped || wake == .never { break }
      ticker.tick(book, now)
      let deadline = min(wake, min(isStopped ? .never : end, ticker.next))
      guard let event = try await receive(deadline) else { continue }
      if case .stop = event { isStopped = true } else { busy -= 1 }
      try await commit(&book, handle(event, &book, &slots))
    }
    jobs.close()
    commits.close()
    ticker.finish(book, .now)
    return CrawlReport(book, wall: Deadline.now.duration(since: begin), isStopped: isStopped)
  }

  /// Gives work to every free slot and returns when more will be possible by itself.
  private func dispatch(
    _ book: inout CrawlBook,
    _ busy: inout Int,
    _ slots: inout FreeSlots,
    _ now: Deadline
  ) -> Deadline {
    while busy < width {
      let job: Job
      switch book.next(now: now) {
      case .fetch(var page):
        (page.slot, page.freeSince) = slots.take()
        job = .page(page)
      case .admit(var host):
        host.slot = slots.take().number
        job = .host(host)
      case .wait(let time): return time
      }
      do {
        try jobs.trySend(job)
      } catch {
        // There is room for a job for each slot, and the channel is open as long as we run.
        preconditionFailure("a free slot could not be given work: \(error)")
      }
      busy += 1
    }
    return .never
  }

  private func commit(_ book: inout CrawlBook, _ room: LargeRoom?) async throws {
    let records = book.takeRecords()
    guard !records.isEmpty else { return }
    try await commits.send(Commit(records: records, room: room))
  }

  private func receive(_ deadline: Deadline) async throws -> CrawlEvent? {
    do {
      return try await events.receive(deadline: deadline)
    } catch is DeadlineExceeded {
      return nil
    }
  }

  /// Enters an event and returns the room that its records take.
  private func handle(
    _ event: CrawlEvent,
    _ book: inout CrawlBook,
    _ slots: inout FreeSlots
  ) -> LargeRoom? {
    switch event {
    case .page(let result):
      slots.giveBack(result.job.slot, at: result.marks.handed ?? .now)
      book.finish(result, now: .now)
      return result.room
    case .host(let host, let admission):
      slots.giveBack(host.slot, at: .now)
      book.finish(host, admission, now: .now)
    case .stop: break
    }
    return nil
  }
}
