internal import Bakery

extension PageWorker {
  /// Finds out whether a host may be asked: its robots.txt, after up to five redirects (RFC 9309, section 2.3.1.2).
  ///
  /// > Cancellation: cancels the body and waits for it.
  @concurrent
  func admit(_ host: HostJob) async throws -> Admission {
    do {
      if !allowsPrivate, try await fetcher.isPrivate(host.robotsURL) {
        let reason = "\(host.name) is on a private network and no seed is; give it as a seed"
        return .closed(FetchFailure(.resolve, reason, isTransient: false), until: .never)
      }
    } catch let failure as FetchFailure {
      return .closed(failure, until: .after(RobotsAnswer.unreachableLifetime))
    }
    do {
      let answer = try await retry(settings.retries.schedule, onFailure: decide(isRefusal: false)) {
        try await retry(settings.retries.refusalSchedule, onFailure: decide(isRefusal: true)) {
          try await askRobots(host)
        }
      }
      return .open(answer.rules, until: .after(answer.lifetime))
    } catch let refusal as RobotsRefusal {
      try Task.checkCancellation()
      return .closed(refusal.failure, until: .after(RobotsAnswer.unreachableLifetime))
    }
  }

  /// Decides on refusals by the host's limit, or on everything else: each has a number of its own.
  private func decide(isRefusal: Bool) -> @Sendable (any Error) -> RetryDecision {
    let retries = settings.retries
    return { error in
      guard let refusal = error as? RobotsRefusal else { return .stop }
      let (failure, retryAfter) = (refusal.failure, refusal.retryAfter)
      guard retries.isRefusal(status: failure.status, retryAfter: retryAfter) == isRefusal else {
        return .stop
      }
      return retries.decide(isTransient: failure.isTransient, retryAfter: retryAfter)
    }
  }

  private func askRobots(_ host: HostJob) async throws -> (rules: RobotsRules, lifetime: Duration) {
    var url = host.robotsURL
    for _ in 0...5 {
      let answer: FetchAnswer
      do {
        answer = try await fetcher.fetch(request(for: url))
        if (301...308).contains(answer.status), let location = answer.headers["location"],
          let target = WebURL.resolve(location, base: url), target.isHTTP
        {
          url = target
          continue
        }
        return try await reply(answer)
      } catch let failure as FetchFailure {
        throw RobotsRefusal(failure: failure.ofRobots)
      }
    }
    return (.allowAll, RobotsAnswer.lifetime)
  }

  private func reply(_ answer: FetchAnswer) async throws -> (rules: RobotsRules, lifetime: Duration)
  {
    var body: [UInt8] = []
    let deadline = Deadline.after(settings.pageTimeout)
    while answer.status < 300, body.count < RobotsRules.sizeMaximum {
      guard try await answer.body.read(deadline: deadline, { body.append(contentsOf: $0) }) else {
        break
      }
    }
    let answered = RobotsAnswer.rules(
      status: answer.status,
      body: body,
      cacheControl: answer.headers["cache-control"],
      userAgent: settings.userAgent
    )
    switch answered {
    case .known(let rules, let lifetime): return (rules, lifetime)
    case .unreachable:
      let failure = FetchFailure(
        .robots,
        "robots.txt answers \(answer.status), so nothing may be fetched for now",
        isTransient: true,
        status: answer.status
      )
      let retryAfter = answer.headers["retry-after"].flatMap {
        RetryAfter.parse($0, now: wallClock() / 1000)
      }
      throw RobotsRefusal(failure: failure, retryAfter: retryAfter)
    }
  }
}

extension FetchFailure {
  /// The same of robots.txt; a host that cannot be reached says nothing of any file.
  fileprivate var ofRobots: FetchFailure {
    var failure = self
    if ![.resolve, .connect].contains(stage) {
      failure.reason = "robots.txt could not be fetched: \(reason)"
    }
    return failure
  }
}

/// A host to ask for its robots.txt.
struct HostJob: Sendable {
  var host: Int
  var name: String
  var robotsURL: WebURL
  /// What the job holds of its host's limiter, and of that of the whole crawl.
  let permit: JobPermit
  var place: JobPermit?
  /// The fetch slot, from 0.
  var slot = 0

  init(host: Int, name: String, robotsURL: WebURL, permit: JobPermit, place: JobPermit?) {
    self.host = host
    self.name = name
    self.robotsURL = robotsURL
    self.permit = permit
    self.place = place
  }
}

/// Why a robots.txt could not be had, and when to ask again.
private struct RobotsRefusal: Error {
  var failure: FetchFailure
  var retryAfter: Duration?
}
