internal import Bakery

/// The books of a crawl: decides what follows from each result, and what is recorded of it.
///
/// A pure value that one task owns; times are passed in, records come out in the order in which they have to be stored.
struct CrawlBook {
  var frontier: Frontier
  private(set) var counts = CrawlCounts()
  private(set) var timeline: Timeline
  private(set) var fetchTimes = LatencyHistogram()
  /// The first URLs that were given up on, for the report.
  private(set) var firstFailures: [FailureRecord] = []
  private(set) var scope: CrawlScope
  private let settings: CrawlSettings
  private let random: any RandomSource
  /// How many pages may be fetched at one time, in all; `nil` where the number of slots alone says it.
  let overall: AdaptiveLimiter?
  /// For a URL that a redirect led to: the URLs before it, the first asked for first.
  private var chains: [Int64: [Int64]] = [:]
  private var seeds: Set<Int64> = []
  private var records: [CrawlRecord] = []
  /// HTML pages stored or being fetched, for `--limit`.
  private var claimed = 0
  /// Why slots that are free now have nothing to do.
  private var waited = WaitReason.noURL

  init(settings: CrawlSettings, scope: CrawlScope, random: any RandomSource, timeline: Timeline) {
    self.frontier = Frontier(settings: settings)
    // It begins with all there may be, since each host has a limiter of its own.
    overall =
      settings.isAutomatic
      ? AdaptiveLimiter(
        .aimd(),
        limits: 1...settings.width,
        initial: settings.width,
        name: "whole crawl"
      )
      : nil
    self.settings = settings
    self.scope = scope
    self.random = random
    self.timeline = timeline
  }

  /// The records made since the last call.
  mutating func takeRecords() -> [CrawlRecord] {
    defer { records.removeAll() }
    return records
  }

  /// Enters what earlier runs knew: what was pending or failed is fetched again.
  mutating func restore(_ stored: [StoredURL], now: Deadline) {
    for entry in stored {
      frontier.restore(entry)
      counts.known(entry.state)
      guard entry.state == .pending || entry.state == .failed else { continue }
      guard let url = WebURL.resolve(entry.url, base: nil) else { continue }
      frontier.enqueue(entry.id, url, now: now)
    }
  }

  mutating func addSeed(_ url: WebURL, now: Deadline) {
    let text = url.string
    if let id = frontier.id(of: text) {
      seeds.insert(id)
      guard frontier[id].state == .skipped else { return }
      frontier.enqueue(id, url, now: now)
    } else {
      let id = add(text, state: .pending, depth: 0, reason: nil)
      seeds.insert(id)
      frontier.enqueue(id, url, now: now)
    }
  }

  mutating func add(_ url: String, state: URLState, depth: Int, reason: String?) -> Int64 {
    let id = frontier.add(url, state: state, depth: depth)
    let stored = StoredURL(id: id, url: url, state: state, depth: depth)
    records.append(.found(stored, reason: reason))
    return id
  }

  /// What to do now.
  mutating func next(now: Deadline) -> BookStep {
    var place: JobPermit?
    if let overall {
      guard let permit = overall.tryAcquire() else {
        waited = .limit
        return .wait(until: .never)
      }
      place = JobPermit(permit)
    }
    while true {
      if let limit = settings.limit, claimed >= limit { return .wait(until: .never) }
      switch frontier.next(now: now) {
      case .fetch(let id, let url, let host, let permit):
        return .fetch(pageJob(id, url, host, permit, place))
      case .admit(let host, let permit):
        let (origin, name) = (frontier.hosts[host].origin, frontier.hosts[host].name)
        guard let robots = try? WebURL(origin + "/robots.txt") else { continue }
        return .admit(
          HostJob(host: host, name: name, robotsURL: robots, permit: permit, place: place)
        )
      case .skip(let id, let reason): settle(id, .skipped, reason)
      case .refuse(let ids, let failure): for id in ids { fail(id, failure) }
      case .wait(let time, let reason):
        waited = reason
        return .wait(until: time)
      }
    }
  }

  private mutating func pageJob(
    _ id: Int64,
    _ url: WebURL,
    _ host: Int,
    _ permit: JobPermit,
    _ place: JobPermit?
  ) -> PageJob {
    claimed += 1
    counts.start()
    let queuedAt = frontier[id].queuedAt
    var job = PageJob(
      id: id,
      url: url,
      host: host,
      queuedAt: queuedAt,
      waited: waited,
      permit: permit
    )
    job.isSitemap = frontier[id].isSitemap
    job.place = place
    return job
  }

  /// Enters what a host said about itself.
  mutating func finish(_ host: HostJob, _ admission: Admission, now: Deadline) {
    frontier.admit(host: host.host, admission, host.permit, now: now)
    host.place?.end(.ignore)
    if settings.usesSitemaps, case .open(let rules, _) = admission {
      enterSitemaps(rules, of: host.robotsURL, now: now)
    }
  }

  /// Enters what came of a page.
  mutating func finish(_ result: PageResult, now: Deadline) {
    let id = result.job.id
    counts.inFlight -= 1
    claimed -= 1
    fetchTimes.record(result.fetchTime)
    timeline.record(result, url: frontier[id].url)
    let outcome = result.paceOutcome
    frontier.finish(host: result.job.host, outcome, result.job.permit, now: now)
    result.job.place?.end(outcome.ofCrawl)
    if case .timeout = outcome { counts.timeouts += 1 }
    frontier.noteFetch(host: result.job.host, result.fetchTime)
    switch result.outcome {
    case .page(let answer, let links, let follows, _):
      claimed += 1
      recordPage(result, answer, link(links, from: id, follows: follows, now: now))
      counts.pages += 1
    case .recorded(let answer):
      recordPage(result, answer, [])
      counts.others += 1
    case .sitemap(let answer, let content):
      guard let content else { return settle(id, .skipped, "no sitemap, though one was expected") }
      enter(content, of: id, now: now)
      if let failure = content.failure { return fail(id, failure) }
      recordPage(result, answer, [])
      counts.others += 1
    case .unindexed(let links):
      _ = link(links, from: id, follows: true, now: now)
      settle(id, .skipped, "the page asks not to be recorded (noindex)")
    case .redirect(let target):
      redirect(id, to: target, now: now)
    case .failed(let failure, let retryAfter):
      retryOrFail(id, failure, retryAfter, now)
    }
  }

  private mutating func recordPage(
    _ result: PageResult,
    _ answer: RecordedAnswer,
    _ links: [LinkRecord]
  ) {
    let id = result.job.id
    let first = chains.removeValue(forKey: id)?.first ?? id
    frontier[id].state = .done
    counts.bytes += answer.bytes
    counts.links += links.count
    counts.items += answer.items.count
    counts.itemProblems += answer.problems.count
    records.append(
      .page(
        PageRecord(
          id: id,
          url: frontier[first].url,
          finalURL: frontier[id].url,
          status: answer.status,
          type: answer.type,
          title: answer.title,
          text: answer.text,
          fetchedAt: answer.fetchedAt,
          millisecondsQueued: result.queueTime.milliseconds,
          millisecondsFetching: result.fetchTime.milliseconds,
          millisecondsParsing: result.parseTime.milliseconds,
          bytes: answer.bytes,
          hash: answer.hash,
          links: links,
          items: answer.items
        )
      )
    )
  }

  /// Enters the targets of a page's links that are new, and returns the links by number.
  private mutating func link(
    _ links: [FoundLink],
    from source: Int64,
    follows: Bool,
    now: Deadline
  ) -> [LinkRecord] {
    let depth = Int(frontier[source].depth) + 1
    return links.map { link in
      let mayFollow = follows && !link.isNofollow
      let target: Int64
      if let known = frontier.id(of: link.url) {
        target = known
        if mayFollow, frontier[known].isNofollow { follow(known, depth, now) }
      } else {
        target = enter(link.url, depth, mayFollow: mayFollow, now)
      }
      return LinkRecord(target: target, kind: link.kind, isNofollow: link.isNofollow)
    }
  }

  mutating func enter(
    _ text: String,
    _ depth: Int,
    mayFollow: Bool,
    _ now: Deadline
  ) -> Int64 {
    guard let url = WebURL.resolve(text, base: nil) else {
      return add(text, state: .skipped, depth: depth, reason: "not a URL")
    }
    if case .outside(let reason) = scope.decide(url, depth: depth) {
      return add(text, state: .skipped, depth: depth, reason: reason)
    }
    guard mayFollow else {
      let id = add(text, state: .skipped, depth: depth, reason: "nofollow")
      frontier[id].isNofollow = true
      return id
    }
    let id = add(text, state: .pending, depth: depth, reason: nil)
    frontier.enqueue(id, url, now: now)
    return id
  }

  /// Follows a URL that only links with nofollow had led to so far.
  mutating func follow(_ id: Int64, _ depth: Int, _ now: Deadline) {
    guard let url = WebURL.resolve(frontier[id].url, base: nil) else { return }
    frontier[id].isNofollow = false
    frontier[id].depth = Int32(clamping: depth)
    records.append(.settled(id: id, state: .pending, reason: ""))
    frontier.enqueue(id, url, now: now)
  }

  private mutating func redirect(_ id: Int64, to target: WebURL, now: Deadline) {
    let chain = (chains.removeValue(forKey: id) ?? []) + [id]
    if let known = frontier.id(of: target.string), chain.contains(known) {
      let failure = FetchFailure(.redirect, "redirects in a circle: \(target)", isTransient: false)
      return fail(id, failure, first: chain[0])
    }
    guard chain.count <= settings.redirectMaximum else {
      let reason = "more than \(settings.redirectMaximum) redirects, the last to \(target)"
      return fail(id, FetchFailure(.redirect, reason, isTransient: false), first: chain[0])
    }
    let isSeed = seeds.contains(chain[0])
    if isSeed { scope.add(seed: target) }
    settle(id, .redirected, "to \(target)")
    guard frontier.id(of: target.string) == nil else { return }
    let depth = Int(frontier[id].depth)
    let next: Int64
    if frontier[id].isSitemap, let source = WebURL.resolve(frontier[id].url, base: nil) {
      next = enterSitemap(target, from: source, depth: depth, now: now)
    } else {
      next = enter(target.string, depth, mayFollow: true, now)
    }
    if frontier[next].state == .pending { chains[next] = chain }
    if isSeed { seeds.insert(next) }
  }

  private mutating func retryOrFail(
    _ id: Int64,
    _ failure: FetchFailure,
    _ retryAfter: Duration?,
    _ now: Deadline
  ) {
    let retries = settings.retries
    let isRefusal = retries.isRefusal(status: failure.status, retryAfter: retryAfter)
    if isRefusal {
      frontier[id].noteRefusal()
      counts.refusals += 1
    }
    // The queue is where it waits, not a task.
    guard retries.decide(isTransient: failure.isTransient, retryAfter: retryAfter) != .stop,
      let pause = (isRefusal ? retries.refusalSchedule : retries.schedule).delay(
        afterAttempt: Int(isRefusal ? frontier[id].refusals : frontier[id].attempts),
        retryAfter: retryAfter,
        random: random
      )
    else { return fail(id, failure) }
    counts.retries += 1
    frontier.retry(id, at: now.advanced(by: pause))
  }

  private mutating func fail(_ id: Int64, _ failure: FetchFailure, first: Int64? = nil) {
    let chain = chains.removeValue(forKey: id)
    let first = first ?? chain?.first ?? id
    frontier[id].state = .failed
    counts.fail(at: failure.stage, isSeed: seeds.contains(first))
    let stage =
      failure.stage == .resolve && chain != nil ? FetchFailure.Stage.redirect : failure.stage
    let record = FailureRecord(
      id: id,
      url: frontier[first].url,
      stage: stage.rawValue,
      reason: failure.reason,
      attempts: frontier[id].requestCount
    )
    records.append(.failure(record))
    if firstFailures.count < 10 { firstFailures.append(record) }
  }

  private mutating func settle(_ id: Int64, _ state: URLState, _ reason: String) {
    chains.removeValue(forKey: id)
    frontier[id].state = state
    counts.settle(state)
    records.append(.settled(id: id, state: state, reason: reason))
  }
}

/// What a crawl is to do next.
enum BookStep {
  case fetch(PageJob)
  case admit(HostJob)
  /// Nothing before this time, or before something in flight ends.
  case wait(until: Deadline)
}

extension HostPace.Outcome {
  /// What it says about the load of our own side: what a host refuses is no sign of it, and what times out may be.
  fileprivate var ofCrawl: Permit.Outcome {
    switch self {
    case .success: .success
    case .timeout: .dropped
    case .failure, .overload, .unavailable: .ignore
    }
  }
}
