internal import Bakery

/// Fetches and parses one page, or finds out what a host allows.
///
/// It decides nothing about the crawl: what it returns says what happened.
struct PageWorker: Sendable {
  let fetcher: any Fetcher
  let settings: CrawlSettings
  let rooms: BodyRooms
  /// Where long pages are parsed; `nil` for wherever the worker runs.
  let parser: (any TaskExecutor)?
  /// Whether hosts on private networks may be asked, because a seed is on one.
  let allowsPrivate: Bool
  /// The origins that are sent fields with secrets.
  let trustedOrigins: Set<String>
  /// Milliseconds since 1970.
  let wallClock: @Sendable () -> Int64

  /// Fields that are meant for the seeds' hosts, and not for whom their pages link to.
  private static let secretFields: Set = ["authorization", "cookie", "proxy-authorization"]

  private let extractor = PageExtractor()
  /// Shorter pages take less than half a millisecond, and are not worth a change of threads.
  private let parserMinimum = 65_536

  /// Fetches a page and takes out what is asked for; never throws, except when cancelled.
  ///
  /// > Cancellation: cancels the body and waits for it.
  @concurrent
  func fetch(_ job: PageJob) async throws -> PageResult {
    var marks = PageMarks(received: .now)
    do {
      let answer = try await fetcher.fetch(request(for: job.url))
      marks.head = .now
      let outcome = try await self.outcome(of: answer, job, &marks)
      return PageResult(job: job, outcome: outcome, marks: marks)
    } catch let failure as FetchFailure {
      marks.fetched = .now
      return PageResult(job: job, outcome: .failed(failure, retryAfter: nil), marks: marks)
    }
  }

  func request(for url: WebURL) -> FetchRequest {
    let isTrusted = trustedOrigins.contains(url.origin)
    let headers = settings.headers.filter {
      isTrusted || !Self.secretFields.contains($0.name.lowercased())
    }
    return FetchRequest(
      url: url,
      headers: [("User-Agent", settings.userAgent)] + headers,
      deadline: .after(settings.headTimeout)
    )
  }

  func outcome(
    of answer: FetchAnswer,
    _ job: PageJob,
    _ marks: inout PageMarks
  ) async throws -> PageOutcome {
    let status = answer.status
    let type = ContentType(answer.headers["content-type"] ?? "")
    switch status {
    case 301, 302, 303, 307, 308:
      await drain(answer)
      finishFetch(job, &marks)
      return try .redirect(redirectTarget(of: answer, from: job.url))
    case _ where settings.retries.isRetried(status: status) || status >= 500:
      await drain(answer)
      marks.fetched = .now
      let failure = FetchFailure(
        .status,
        "the server answers \(status)",
        isTransient: settings.retries.isRetried(status: status),
        status: status
      )
      let retryAfter = answer.headers["retry-after"].flatMap {
        RetryAfter.parse($0, now: wallClock() / 1000)
      }
      return .failed(failure, retryAfter: retryAfter)
    case 200..<300 where type.isHTML || type.isEmpty:
      return try await page(answer, type, job, &marks)
    default:
      await drain(answer)
      finishFetch(job, &marks)
      let recorded = RecordedAnswer(
        status: status,
        type: type.essence,
        bytes: answer.headers.contentLength ?? 0,
        fetchedAt: wallClock()
      )
      return .recorded(recorded)
    }
  }

  /// Notes that a good answer is there; what follows is our own work and says nothing about the host.
  func finishFetch(_ job: PageJob, _ marks: inout PageMarks) {
    job.permit.end(.success)
    marks.fetched = .now
  }

  private func redirectTarget(
    of answer: FetchAnswer,
    from url: WebURL
  ) throws(FetchFailure)
    -> WebURL
  {
    guard let location = answer.headers["location"] else {
      throw FetchFailure(.redirect, "status \(answer.status) without Location", isTransient: false)
    }
    guard let target = WebURL.resolve(location, base: url), target.isHTTP else {
      throw FetchFailure(.redirect, "redirect to \(location), no HTTP URL", isTransient: false)
    }
    return target.canonical
  }

  /// Reads what is left of a short body, so that its connection can serve the next request; a long one
  /// costs more than a new connection.
  private func drain(_ answer: FetchAnswer) async {
    guard let length = answer.headers.contentLength, length <= 65_536 else { return }
    let deadline = Deadline.after(.seconds(1))
    while (try? await answer.body.read(deadline: deadline) { _ in }) == true {}
  }

  private func page(
    _ answer: FetchAnswer,
    _ type: ContentType,
    _ job: PageJob,
    _ marks: inout PageMarks
  ) async throws -> PageOutcome {
    let body = try await readBody(answer)
    finishFetch(job, &marks)
    defer { marks.parsed = .now }
    guard body.bytes.count >= parserMinimum else { return parse(body, answer, type, job.url) }
    return await withTaskExecutorPreference(parser) { parse(body, answer, type, job.url) }
  }

  private func parse(
    _ body: Body,
    _ answer: FetchAnswer,
    _ type: ContentType,
    _ url: WebURL
  ) -> PageOutcome {
    var recorded = RecordedAnswer(
      status: answer.status,
      type: type.essence,
      bytes: body.bytes.count,
      fetchedAt: wallClock()
    )
    let isHTML = type.isHTML || body.bytes.withUnsafeBytes(ContentType.sniffsAsHTML)
    recorded.hash = body.bytes.withUnsafeBytes(bodyHash)
    guard isHTML else { return .recorded(recorded) }
    if type.isEmpty { recorded.type = "text/html" }
    var robots: MetaRobots = []
    for value in answer.headers.all("x-robots-tag") {
      robots.formUnion(MetaRobots(header: value, userAgent: "bakery"))
    }
    let content = body.bytes.withUnsafeBytes { body in
      PageDecoder.withText(of: body, charset: type.charset) { text, encoding in
        let content = extractor.extract(text, encoding: encoding)
        robots.formUnion(MetaRobots(content.robots ?? ""))
        if !robots.contains(.noindex), let found = settings.rules?.items(in: text, url: url.string)
        {
          recorded.items = found.items
          recorded.problems = found.problems
        }
        return content
      }
    }
    let links = LinkResolver(page: url, content: content).links
    guard !robots.contains(.noindex) else {
      return .unindexed(robots.contains(.nofollow) ? [] : links)
    }
    recorded.title = content.title
    recorded.text = content.text
    return .page(recorded, links, follows: !robots.contains(.nofollow), body.room)
  }
}

/// The body of a page, and the room it takes.
private struct Body {
  var bytes: [UInt8] = []
  var room: LargeRoom?
}

extension PageWorker {
  /// Reads a whole body.
  ///
  /// Waiting for a large room does not count against the server: it is our memory that is short, not its speed.
  private func readBody(_ answer: FetchAnswer) async throws -> Body {
    let promised = answer.headers["content-encoding"] == nil ? answer.headers.contentLength : nil
    var deadline = Deadline.after(settings.pageTimeout)
    var body = Body()
    if let promised {
      try checkSize(promised)
      if promised > rooms.share { body.room = try await enterLarge(&deadline) }
      body.bytes.reserveCapacity(promised)
    }
    while try await answer.body.read(deadline: deadline, { body.bytes.append(contentsOf: $0) }) {
      try checkSize(body.bytes.count)
      guard body.bytes.count > rooms.share, body.room == nil else { continue }
      body.room = try await enterLarge(&deadline)
      body.bytes.reserveCapacity(rooms.bodyMaximum)
    }
    return body
  }

  /// Waits for a large room and moves `deadline` by the time that took.
  private func enterLarge(_ deadline: inout Deadline) async throws -> LargeRoom {
    let begin = Deadline.now
    let room = try await rooms.enterLarge()
    deadline = deadline.advanced(by: Deadline.now.duration(since: begin))
    return room
  }

  private func checkSize(_ count: Int) throws(FetchFailure) {
    guard count > settings.bodyMaximum else { return }
    throw FetchFailure(
      .body,
      "the body is longer than --max-size \(byteText(settings.bodyMaximum))",
      isTransient: false
    )
  }
}
