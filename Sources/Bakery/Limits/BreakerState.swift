/// The decisions of `CircuitBreaker`: pure, without a lock or a clock.
/// ```
///            too many failures                 time is up, next call
///   closed ───────────────────► open(until) ───────────────────────► half open
///     ▲                              ▲                                 │    │
///     │                              └──────── a probe fails ──────────┘    │
///     └──────────────────────── all probes succeed ─────────────────────────┘
/// ```
/// Each arrow begins a new epoch; what was admitted in an older one reports to nobody.
struct BreakerState: Sendable {
  enum Phase: Equatable, Sendable {
    case closed
    case open(until: Deadline)
    /// `out` probes are under way, the last admitted at `since`; `succeeded` came back well.
    case halfOpen(out: Int, succeeded: Int, since: Deadline)
  }

  enum Admission: Equatable {
    case admitted(epoch: UInt64)
    case refused(retryAt: Deadline)
  }

  private struct Call {
    let time: Deadline
    let failed: Bool
  }

  let settings: CircuitBreaker.Settings
  private(set) var phase = Phase.closed
  private(set) var epoch: UInt64 = 1
  /// The last calls, in a ring of `settings.calls`; `first` is the oldest one's place.
  private var recent: [Call] = []
  private var first = 0
  private(set) var failures = 0

  init(settings: CircuitBreaker.Settings) {
    self.settings = settings
  }

  /// How many calls are remembered.
  var count: Int { recent.count }

  mutating func admit(at now: Deadline) -> Admission {
    switch phase {
    case .closed:
      return .admitted(epoch: epoch)
    case .open(let until) where now < until:
      return .refused(retryAt: until)
    case .halfOpen(let out, let succeeded, _) where out + succeeded < settings.probes:
      phase = .halfOpen(out: out + 1, succeeded: succeeded, since: now)
      return .admitted(epoch: epoch)
    case .halfOpen(_, _, let since) where now < since.advanced(by: settings.openFor):
      return .refused(retryAt: since.advanced(by: settings.openFor))
    case .open, .halfOpen:
      // The time is up, or probes have not come back for as long: others are sent.
      epoch += 1
      phase = .halfOpen(out: 1, succeeded: 0, since: now)
      return .admitted(epoch: epoch)
    }
  }

  mutating func report(_ outcome: Permit.Outcome, epoch: UInt64, at now: Deadline) {
    guard epoch == self.epoch else { return }
    switch phase {
    case .open: break
    case .closed:
      guard outcome != .ignore else { return }
      remember(Call(time: now, failed: outcome == .dropped))
      forget(before: now)
      let limit = settings.failureRate * Double(recent.count)
      if recent.count >= settings.minimumCalls, Double(failures) >= limit { open(at: now) }
    case .halfOpen(let out, let succeeded, let since):
      switch outcome {
      case .ignore: phase = .halfOpen(out: out - 1, succeeded: succeeded, since: since)
      case .dropped: open(at: now)
      case .success where succeeded + 1 == settings.probes: close()
      case .success: phase = .halfOpen(out: out - 1, succeeded: succeeded + 1, since: since)
      }
    }
  }

  private mutating func open(at now: Deadline) {
    epoch += 1
    phase = .open(until: now.advanced(by: settings.openFor))
    forgetAll()
  }

  private mutating func close() {
    epoch += 1
    phase = .closed
    forgetAll()
  }

  private mutating func remember(_ call: Call) {
    if call.failed { failures += 1 }
    guard recent.count == settings.calls else { return recent.append(call) }
    if recent[first].failed { failures -= 1 }
    recent[first] = call
    first = (first + 1) % settings.calls
  }

  /// Forgets calls older than `settings.within`.
  private mutating func forget(before now: Deadline) {
    guard let within = settings.within else { return }
    guard now.duration(since: recent[first].time) > within else { return }
    // The ring is made straight again; as this takes O(calls), it happens once for what has grown old together.
    let ordered = recent[first...] + recent[..<first]
    recent = ordered.filter { now.duration(since: $0.time) <= within }
    first = 0
    failures = recent.reduce(0) { $0 + ($1.failed ? 1 : 0) }
  }

  private mutating func forgetAll() {
    recent.removeAll(keepingCapacity: true)
    (first, failures) = (0, 0)
  }
}
