internal import Bakery

/// What a sitemap lists.
struct SitemapContent: Sendable {
  /// Whether it lists sitemaps, and not pages.
  var isIndex: Bool
  /// HTTP URLs in canonical form, in their order.
  var urls: [String]
  /// Why it was not read to its end.
  var failure: FetchFailure?
}

extension PageWorker {
  /// Fetches what a job is for, a page or a sitemap; never throws, except when cancelled.
  ///
  /// > Cancellation: cancels the body and waits for it.
  @concurrent
  func work(on job: PageJob) async throws -> PageResult {
    guard job.isSitemap else { return try await fetch(job) }
    var marks = PageMarks(received: .now)
    do {
      var request = request(for: job.url)
      request.acceptsCompression = false
      let answer = try await fetcher.fetch(request)
      marks.head = .now
      let outcome =
        answer.status == 200
        ? try await sitemap(answer, job, &marks) : try await self.outcome(of: answer, job, &marks)
      return PageResult(job: job, outcome: outcome, marks: marks)
    } catch let failure as FetchFailure {
      marks.fetched = .now
      return PageResult(job: job, outcome: .failed(failure, retryAfter: nil), marks: marks)
    }
  }

  private func sitemap(
    _ answer: FetchAnswer,
    _ job: PageJob,
    _ marks: inout PageMarks
  ) async throws -> PageOutcome {
    // The URLs stay in memory, and there may be megabytes of them.
    let room = try await rooms.enterLarge()
    defer { withExtendedLifetime(room) {} }
    let reader = SitemapReader()
    let file = SitemapFile(reader: reader)
    let deadline = Deadline.after(settings.pageTimeout)
    var failure: FetchFailure?
    while !reader.isAtEnd, failure == nil {
      let isMore = try await answer.body.read(deadline: deadline) { piece in
        do throws(FetchFailure) { try file.read(piece) } catch { failure = error }
      }
      guard isMore else { break }
    }
    if let failure { throw failure }
    finishFetch(job, &marks)
    try file.finish()
    var recorded = RecordedAnswer(
      status: answer.status,
      type: ContentType(answer.headers["content-type"] ?? "").essence,
      bytes: reader.byteCount,
      fetchedAt: wallClock()
    )
    guard let kind = reader.kind else { return .sitemap(recorded, nil) }
    if recorded.type.isEmpty { recorded.type = "application/xml" }
    let urls = reader.targets.compactMap { target in
      WebURL.resolve(target, base: job.url).flatMap { $0.isHTTP ? $0.canonical.string : nil }
    }
    let excess = reader.excess.map {
      FetchFailure(.body, "the sitemap \($0); what came before was taken", isTransient: false)
    }
    marks.parsed = .now
    return .sitemap(
      recorded,
      SitemapContent(isIndex: kind == .index, urls: urls, failure: excess)
    )
  }
}

/// A sitemap as it comes, compressed or not.
private final class SitemapFile {
  private let reader: SitemapReader
  private var gunzip: Gunzip?
  /// The first bytes, until there are enough to tell.
  private var opening: [UInt8] = []
  private var isOpen = false

  init(reader: SitemapReader) {
    self.reader = reader
  }

  func read(_ piece: UnsafeRawBufferPointer) throws(FetchFailure) {
    guard !isOpen else { return try pass(piece) }
    opening.append(contentsOf: piece)
    if opening.count >= 2 { try open() }
  }

  func finish() throws(FetchFailure) {
    if !isOpen { try open() }
    if let gunzip, !gunzip.isComplete, !reader.isAtEnd {
      throw FetchFailure(.body, "the compressed sitemap is cut off", isTransient: true)
    }
    reader.finish()
  }

  private func open() throws(FetchFailure) {
    isOpen = true
    let bytes = opening
    opening = []
    if bytes.starts(with: Gunzip.signature) { gunzip = Gunzip() }
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(FetchFailure) in try pass(bytes) }
    }
    try result.get()
  }

  private func pass(_ bytes: UnsafeRawBufferPointer) throws(FetchFailure) {
    guard let gunzip else {
      _ = reader.read(bytes)
      return
    }
    try gunzip.decompress(bytes) { reader.read($0) }
  }
}
