import Bakery

/// Clients that always want more than a server can do, each kept back by a limiter of its own.
///
/// One event after another in virtual time: a request is granted, arrives, is queued or rejected, is served, and returns.
struct ServerRun {
  /// What one client saw.
  struct Client {
    var done = 0
    /// Those done in the last third.
    var doneLate = 0
    var rejected = 0
    /// Seconds of all that were done.
    var latencies = 0.0

    var latency: Double { latencies / Double(max(1, done)) }
  }

  private final class Call {
    let client: Int
    let start: Deadline
    var permit: Permit?
    var isRejected = false

    init(_ client: Int, _ start: Deadline, _ permit: consuming Permit) {
      self.client = client
      self.start = start
      self.permit = consume permit
    }
  }

  private(set) var clients: [Client]
  /// How many requests were done in each second.
  private(set) var seconds: [Int]

  private let server: SimulatedServer
  private let limiters: [any ConcurrencyLimiter]
  private let time = SimulatedTime()
  private var random: RandomSourceGenerator
  private var nextClient = 0
  private var (busy, step) = (0, 0)
  private var arriving = Line<Call>()
  private var waiting = Line<Call>()
  private var served = Heap<Call>()
  private var returning = Line<Call>()

  /// Runs `count` clients, with the limiters that `makeLimiter` makes, through all of the server's time.
  init(
    _ server: SimulatedServer,
    clients count: Int = 1,
    _ makeLimiter: () -> any ConcurrencyLimiter
  ) {
    self.server = server
    limiters = Seams.$time.withValue(time) { (0..<count).map { _ in makeLimiter() } }
    clients = Array(repeating: Client(), count: count)
    seconds = Array(repeating: 0, count: Int(server.duration) + 1)
    random = SeededRandom(seed: server.seed &+ 1_000_000).generator
    let end = Deadline(nanoseconds: nanoseconds(server.duration))
    repeat { send() } while advance(until: end)
  }

  private func nanoseconds(_ seconds: Double) -> Int64 { Int64(seconds * 1e9) }

  private var oneWay: Duration { .nanoseconds(nanoseconds(server.network / 2)) }

  /// Sends all that the limiters let pass, in turns.
  private mutating func send() {
    var refused = 0
    while refused < limiters.count {
      let client = nextClient
      nextClient = (client + 1) % limiters.count
      guard let permit = limiters[client].tryAcquire(1) else {
        refused += 1
        continue
      }
      refused = 0
      arriving.append(Call(client, time.now, permit), at: time.now.advanced(by: oneWay))
    }
  }

  /// Goes to the next event; false when it comes too late.
  private mutating func advance(until end: Deadline) -> Bool {
    let stepTime =
      step + 1 < server.capacities.count
      ? Deadline(nanoseconds: nanoseconds(server.capacities[step + 1].time)) : .never
    let next = min(min(arriving.next, served.next, returning.next), min(stepTime, time.next))
    guard next < end else { return false }
    time.now = max(time.now, next)
    if returning.next == next {
      finish(returning.removeFirst())
    } else if served.next == next {
      busy -= 1
      returning.append(served.removeFirst(), at: time.now.advanced(by: oneWay))
    } else if arriving.next == next {
      arrive(arriving.removeFirst())
    } else if stepTime == next {
      step += 1
    } else {
      time.fireFirst()
    }
    serve()
    return true
  }

  private mutating func arrive(_ call: Call) {
    if busy < server.capacities[step].workers || waiting.count < server.queue {
      waiting.append(call, at: time.now)
    } else {
      call.isRejected = true
      returning.append(call, at: time.now.advanced(by: oneWay))
    }
  }

  private mutating func serve() {
    let capacity = server.capacities[step]
    while busy < capacity.workers, waiting.count > 0 {
      busy += 1
      let duration = max(1, nanoseconds(server.service.draw(&random) * capacity.mean))
      served.insert(waiting.removeFirst(), at: time.now.advanced(by: .nanoseconds(duration)))
    }
  }

  private mutating func finish(_ call: Call) {
    if call.isRejected {
      clients[call.client].rejected += 1
    } else {
      clients[call.client].done += 1
      clients[call.client].latencies += time.now.duration(since: call.start) / .seconds(1)
      let second = Int(time.now.nanoseconds / 1_000_000_000)
      seconds[second] += 1
      if Double(second) >= server.duration * 2 / 3 { clients[call.client].doneLate += 1 }
    }
    call.permit.take()?.release(call.isRejected ? .dropped : .success)
  }

  var done: Int { clients.reduce(0) { $0 + $1.done } }
  var latency: Double { clients.reduce(0) { $0 + $1.latencies } / Double(max(1, done)) }

  /// The longest time, in seconds, that throughput over 5 s was below half of what the server can do.
  var longestBelowHalf: Int {
    var (longest, now) = (0, 0)
    for second in 0..<(Int(server.duration) - 5) {
      let span = second..<(second + 5)
      let can = span.reduce(0.0) { $0 + server.throughput(at: Double($1)) }
      now = Double(seconds[span].reduce(0, +)) < can / 2 ? now + 1 : 0
      longest = max(longest, now)
    }
    return longest
  }
}

/// Events in the order of their coming, which is that of their times.
private struct Line<Element> {
  private var entries: [(time: Deadline, element: Element)] = []
  private var head = 0

  var count: Int { entries.count - head }
  var next: Deadline { count > 0 ? entries[head].time : .never }

  mutating func append(_ element: Element, at time: Deadline) {
    if head > 1000, head * 2 > entries.count {
      entries.removeFirst(head)
      head = 0
    }
    entries.append((time, element))
  }

  mutating func removeFirst() -> Element {
    head += 1
    return entries[head - 1].element
  }
}

/// Events by their times.
private struct Heap<Element> {
  private var entries: [(time: Deadline, element: Element)] = []

  var next: Deadline { entries.first?.time ?? .never }

  mutating func insert(_ element: Element, at time: Deadline) {
    entries.append((time, element))
    var index = entries.count - 1
    while index > 0, entries[index].time < entries[(index - 1) / 2].time {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func removeFirst() -> Element {
    entries.swapAt(0, entries.count - 1)
    let first = entries.removeLast()
    var index = 0
    while 2 * index + 1 < entries.count {
      var child = 2 * index + 1
      if child + 1 < entries.count, entries[child + 1].time < entries[child].time { child += 1 }
      guard entries[child].time < entries[index].time else { break }
      entries.swapAt(index, child)
      index = child
    }
    return first.element
  }
}
