internal import Bakery
internal import DequeModule
internal import HeapModule

/// Which URL is fetched next, and when: every URL of a crawl, and a queue for each host.
///
/// A host stands in the heap of ready hosts by its next allowed time, at most once, and only while it has something to fetch.
/// One that has no room for another request leaves it until one ends. So finding the next URL is O(log hosts), whatever the number of URLs, and
/// hosts that are ready together take turns. Within a host, URLs go in the order in which they were found.
///
/// A value: the time is passed in, and what is to be stored comes out. Only the limiters of the hosts are objects.
struct Frontier {
  private(set) var urls: [KnownURL] = []
  private(set) var hosts: [Host] = []
  /// How many URLs wait to be fetched.
  private(set) var pendingCount = 0

  private var idsByURL: [String: Int64] = [:]
  private var hostsByOrigin: [String: Int] = [:]
  private var ready = Heap<Ready>()
  private var delayed = Heap<Delayed>()
  private var order: UInt64 = 0
  private let limiters: HostLimiters
  private let isAutomatic: Bool
  /// How many pauses in a row a host gets without a good answer.
  private let pauseMaximum: Int

  init(settings: CrawlSettings) {
    limiters = HostLimiters(settings: settings)
    pauseMaximum = settings.retries.refusals
    isAutomatic = settings.isAutomatic
  }

  subscript(id: Int64) -> KnownURL {
    get { urls[Int(id) - 1] }
    set { urls[Int(id) - 1] = newValue }
  }

  /// How many requests one host may get at a time, at most.
  var limitMaximum: Int { limiters.limitMaximum }

  func id(of url: String) -> Int64? { idsByURL[url] }

  /// Enters a URL that is not known yet and returns its number.
  mutating func add(_ url: String, state: URLState, depth: Int) -> Int64 {
    urls.append(KnownURL(url: url, state: state, depth: Int32(clamping: depth)))
    let id = Int64(urls.count)
    idsByURL[url] = id
    return id
  }

  /// Enters what an earlier run knew; numbers that are missing stay unused.
  mutating func restore(_ stored: StoredURL) {
    while urls.count < stored.id - 1 {
      urls.append(KnownURL(url: "", state: .skipped, depth: 0))
    }
    _ = add(stored.url, state: stored.state, depth: stored.depth)
  }

  /// Puts a URL at the end of its host's queue.
  mutating func enqueue(_ id: Int64, _ url: WebURL, now: Deadline) {
    let host = hostIndex(of: url)
    self[id].state = .pending
    self[id].host = Int32(host)
    self[id].queuedAt = now
    hosts[host].queue.append(id)
    pendingCount += 1
    schedule(host, now)
  }

  /// Puts a URL back to be fetched again, not before `time`.
  mutating func retry(_ id: Int64, at time: Deadline) {
    delayed.insert(Delayed(time: time, id: id))
    pendingCount += 1
  }

  private mutating func hostIndex(of url: WebURL) -> Int {
    let origin = url.origin
    if let index = hostsByOrigin[origin] { return index }
    hosts.append(Host(origin: origin, name: url.host ?? ""))
    hostsByOrigin[origin] = hosts.count - 1
    return hosts.count - 1
  }

  /// What to do now; a step that starts a request occupies its host until `finish`.
  mutating func next(now: Deadline) -> FrontierStep {
    promoteDelayed(now)
    while let top = ready.min, top.time <= now {
      ready.removeMin()
      hosts[top.host].isScheduled = false
      if let step = step(for: top.host, now) { return step }
    }
    return .wait(until: nextTime, waitReason)
  }

  /// When something becomes possible by itself.
  private var nextTime: Deadline {
    min(ready.min?.time ?? .never, delayed.min?.time ?? .never)
  }

  /// The host that gets the next request, if none before it ends, and when that is at the earliest.
  func nextWait(_ now: Deadline) -> CrawlWait? {
    var next = ready.min.map { ($0.time, $0.host) }
    if let first = delayed.min {
      let host = Int(self[first.id].host)
      let time = max(first.time, hosts[host].pace.notBefore)
      if time < next?.0 ?? .never { next = (time, host) }
    }
    guard let (time, index) = next, time > now else { return nil }
    let host = hosts[index]
    let isRefused = host.pace.pausesInRow > 0
    return CrawlWait(host: host.origin, time: time.duration(since: now), isRefused: isRefused)
  }

  private var waitReason: WaitReason {
    if ready.min != nil { return .hostDelay }
    if pendingCount > delayed.count { return .hostBusy }
    return delayed.isEmpty ? .noURL : .hostDelay
  }

  private mutating func step(for host: Int, _ now: Deadline) -> FrontierStep? {
    if hosts[host].admission.isExpired(now) { hosts[host].admission = .unknown }
    switch hosts[host].admission {
    case .asking: return nil
    case .unknown:
      guard let permit = startRequest(to: host, now) else { return nil }
      hosts[host].admission = .asking
      return .admit(host: host, permit)
    case .closed(let failure, _):
      return .refuse(takeAll(of: host), failure)
    case .open(let rules, _):
      guard let id = hosts[host].queue.first else { return nil }
      return start(id, host, rules, now)
    }
  }

  private mutating func start(
    _ id: Int64,
    _ host: Int,
    _ rules: RobotsRules,
    _ now: Deadline
  ) -> FrontierStep? {
    guard let url = WebURL.resolve(self[id].url, base: nil) else {
      takeFirst(of: host, now)
      return nil
    }
    let decision = rules.allows(url.requestTarget)
    guard decision.isAllowed else {
      takeFirst(of: host, now)
      return .skip(id, "robots.txt \(decision)")
    }
    guard let permit = startRequest(to: host, now) else { return nil }
    takeFirst(of: host, now)
    self[id].attempts += 1
    return .fetch(id, url, host: host, permit)
  }

  private mutating func takeFirst(of host: Int, _ now: Deadline) {
    hosts[host].queue.removeFirst()
    pendingCount -= 1
    schedule(host, now)
  }

  /// Takes what a request needs; a host that gets none is looked at again when the time has come or a request has ended.
  private mutating func startRequest(to host: Int, _ now: Deadline) -> JobPermit? {
    if let permit = hosts[host].pace.start(limiters, now: now) {
      hosts[host].inFlight += 1
      hosts[host].inFlightPeak = max(hosts[host].inFlightPeak, hosts[host].inFlight)
      return permit
    }
    if hosts[host].pace.notBefore > now { schedule(host, now) }
    return nil
  }

  private mutating func takeAll(of host: Int) -> [Int64] {
    let ids = Array(hosts[host].queue)
    hosts[host].queue.removeAll()
    pendingCount -= ids.count
    return ids
  }

  /// Says that a request to `host` has ended.
  mutating func finish(
    host: Int,
    _ outcome: HostPace.Outcome,
    _ permit: JobPermit,
    now: Deadline
  ) {
    hosts[host].pace.finish(outcome, permit, now: now)
    hosts[host].inFlight -= 1
    switch outcome {
    case .overload, .unavailable, .timeout: hosts[host].dropped += 1
    case .success, .failure: break
    }
    if hosts[host].pace.pausesInRow >= pauseMaximum { giveUp(host, now) }
    if isAutomatic {
      hosts[host].measures = limiters.limiter(of: hosts[host].origin).measures
    }
    schedule(host, now)
  }

  /// Closes a host that does nothing but refuse, for as long as one that gives no robots.txt.
  private mutating func giveUp(_ host: Int, _ now: Deadline) {
    guard case .open = hosts[host].admission else { return }
    let failure = FetchFailure(
      .status,
      "its host refused requests \(pauseMaximum) times in a row",
      isTransient: true
    )
    let until = now.advanced(by: RobotsAnswer.unreachableLifetime)
    hosts[host].admission = .closed(failure, until: until)
  }

  /// Notes how long a fetch took, for the report.
  mutating func noteFetch(host: Int, _ time: Duration) {
    hosts[host].fetchCount += 1
    hosts[host].fetchTime += time
  }

  /// The hosts with the longest average fetch, slowest first, in one pass over the hosts.
  func slowestHosts(_ count: Int) -> [(name: String, average: Duration)] {
    var slowest: [(name: String, average: Duration)] = []
    for host in hosts where host.fetchCount > 0 {
      let place = slowest.firstIndex { $0.average < host.averageFetch } ?? slowest.count
      guard place < count else { continue }
      slowest.insert((host.origin, host.averageFetch), at: place)
      if slowest.count > count { slowest.removeLast() }
    }
    return slowest
  }

  /// Says what robots.txt of `host` allows; a request for it must have been started by `admit`.
  mutating func admit(host: Int, _ admission: Admission, _ permit: JobPermit, now: Deadline) {
    hosts[host].admission = admission
    if case .open(let rules, _) = admission, let delay = rules.crawlDelay {
      hosts[host].pace.slowDown(to: delay)
    }
    // How long robots.txt took, with its redirects and retries, says nothing about pages.
    finish(host: host, .failure, permit, now: now)
  }

  private mutating func promoteDelayed(_ now: Deadline) {
    while let first = delayed.min, first.time <= now {
      delayed.removeMin()
      let host = Int(self[first.id].host)
      self[first.id].queuedAt = now
      // What was refused goes behind the others, so that one that is always refused holds up nobody.
      if self[first.id].refusals > 0 {
        hosts[host].queue.append(first.id)
      } else {
        hosts[host].queue.prepend(first.id)
      }
      schedule(host, now)
    }
  }

  private mutating func schedule(_ host: Int, _ now: Deadline) {
    guard !hosts[host].isScheduled, !hosts[host].queue.isEmpty else { return }
    if case .asking = hosts[host].admission { return }
    hosts[host].isScheduled = true
    order += 1
    var time = max(now, hosts[host].pace.notBefore)
    // What waits for a host that is not asked any more does not wait for it.
    if case .closed = hosts[host].admission { time = now }
    ready.insert(Ready(time: time, order: order, host: host))
  }
}

/// What the frontier asks for.
enum FrontierStep {
  /// Fetch this URL.
  case fetch(Int64, WebURL, host: Int, JobPermit)
  /// Find out whether this host may be asked, and what.
  case admit(host: Int, JobPermit)
  /// Record that a URL is not to be fetched.
  case skip(Int64, String)
  /// Record that URLs failed together with their host.
  case refuse([Int64], FetchFailure)
  /// Nothing before this time, or before another request ends.
  case wait(until: Deadline, WaitReason)
}

/// Why a slot has nothing to do.
enum WaitReason: String, Sendable {
  case noURL = "no URL"
  case hostBusy = "host busy"
  case hostDelay = "host delay"
  case limit = "concurrency limit"
}

/// A URL of the crawl, in 56 bytes and its text.
struct KnownURL {
  var url: String
  var state: URLState
  /// Requests that were sent, without those that were refused.
  var attempts: UInt8 = 0
  /// Requests that were refused by the limit of its server.
  var refusals: UInt8 = 0
  /// Whether only links with `nofollow` lead to it.
  var isNofollow = false
  /// Whether it is to be read as a sitemap.
  var isSitemap = false
  var depth: Int32
  var host: Int32 = -1
  var queuedAt = Deadline(nanoseconds: 0)

  /// How many requests were sent.
  var requestCount: Int { Int(attempts) + Int(refusals) }

  init(url: String, state: URLState, depth: Int32) {
    self.url = url
    self.state = state
    self.depth = depth
  }

  /// Takes the last request for a refusal, not for an attempt.
  mutating func noteRefusal() {
    attempts -= 1
    refusals += 1
  }
}

/// A host and what waits for it.
struct Host {
  /// Scheme, name and port: what politeness counts as one host.
  let origin: String
  let name: String
  var pace: HostPace
  var admission = Admission.unknown
  var queue = Deque<Int64>()
  var isScheduled = false
  /// For the report.
  var fetchCount = 0
  var fetchTime = Duration.zero
  var inFlight = 0
  var inFlightPeak = 0
  /// Requests that the host refused with 429 or 503 or did not answer in time.
  var dropped = 0
  /// What its limiter has found out, in an automatic crawl.
  var measures: AdaptiveLimiter.Measures?

  var averageFetch: Duration { fetchTime / max(fetchCount, 1) }

  init(origin: String, name: String) {
    self.origin = origin
    self.name = name
    self.pace = HostPace(origin: origin)
  }
}

/// Whether a host may be asked.
enum Admission: Sendable {
  case unknown
  case asking
  case open(RobotsRules, until: Deadline)
  case closed(FetchFailure, until: Deadline)

  func isExpired(_ now: Deadline) -> Bool {
    switch self {
    case .open(_, let until), .closed(_, let until): until <= now
    case .unknown, .asking: false
    }
  }
}

private struct Ready: Comparable {
  let time: Deadline
  let order: UInt64
  let host: Int

  static func < (left: Ready, right: Ready) -> Bool {
    (left.time, left.order) < (right.time, right.order)
  }
}

private struct Delayed: Comparable {
  let time: Deadline
  let id: Int64

  static func < (left: Delayed, right: Delayed) -> Bool {
    (left.time, left.id) < (right.time, right.id)
  }
}
