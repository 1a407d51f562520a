import Bakery
import BakeryTesting
import Synchronization

@testable import Scraper

/// Hosts in memory, for crawls in virtual time: what a page answers, how long it takes, and what the crawler did.
final class SimulatedWeb: Fetcher {
  struct Page: Sendable {
    var status = 200
    var headers: [(name: String, value: String)] = [("Content-Type", "text/html; charset=utf-8")]
    var body = ""
    var latency = Duration.milliseconds(50)
    /// What happens instead of an answer, by the number of the request, from 0.
    var failures: [FetchFailure] = []
  }

  /// One request, as the web saw it.
  struct Request: Sendable {
    var url: String
    var headers: [String]
    var begin: Deadline
    var end: Deadline
  }

  private struct State {
    var counts: [String: Int] = [:]
    var requests: [Request] = []
    var inFlight: [String: Int] = [:]
    var inFlightPeak: [String: Int] = [:]
    var refused: [Deadline] = []
  }

  private let pages: [String: Page]
  private let privateHosts: Set<String>
  /// How many requests a host answers at one time, in general and by its origin; further ones get 429.
  private let capacity: Int
  private let capacities: [String: Int]
  /// How many requests are refused before any other answer.
  private let refusedAtFirst: Int
  private let state = Mutex(State())

  init(
    _ pages: [String: Page],
    privateHosts: Set<String> = [],
    capacity: Int = .max,
    capacities: [String: Int] = [:],
    refusedAtFirst: Int = 0
  ) {
    self.pages = pages
    self.privateHosts = privateHosts
    self.capacity = capacity
    self.capacities = capacities
    self.refusedAtFirst = refusedAtFirst
  }

  var requests: [Request] { state.withLock { $0.requests } }

  /// The most requests that one host had to answer at the same time.
  var inFlightPeak: [String: Int] { state.withLock { $0.inFlightPeak } }

  /// When requests were refused because their host was busy.
  var refused: [Deadline] { state.withLock { $0.refused } }

  func count(of url: String) -> Int { state.withLock { $0.counts[url] ?? 0 } }

  func isPrivate(_ url: WebURL) async throws -> Bool { privateHosts.contains(url.host ?? "") }

  func fetch(_ request: FetchRequest) async throws -> FetchAnswer {
    let url = request.url.string
    let origin = request.url.origin
    let begin = Deadline.now
    var page = pages[url] ?? Page(status: 404, headers: [], latency: .milliseconds(10))
    let (number, isRefused) = state.withLock { state in
      state.inFlight[origin, default: 0] += 1
      state.inFlightPeak[origin] = max(
        state.inFlightPeak[origin] ?? 0,
        state.inFlight[origin] ?? 0
      )
      state.counts[url, default: 0] += 1
      let isRefused =
        (state.inFlight[origin] ?? 0) > capacities[origin] ?? capacity
        || state.refused.count < refusedAtFirst
      if isRefused { state.refused.append(begin) }
      return ((state.counts[url] ?? 1) - 1, isRefused)
    }
    defer {
      state.withLock { state in
        state.inFlight[origin, default: 1] -= 1
        let headers = request.headers.map { "\($0.name): \($0.value)" }
        state.requests.append(Request(url: url, headers: headers, begin: begin, end: .now))
      }
    }
    if isRefused {
      page = Page(status: 429, headers: [("Retry-After", "1")], latency: .milliseconds(5))
    }
    let arrival = begin.advanced(by: page.latency)
    try await sleep(until: min(arrival, request.deadline))
    guard arrival <= request.deadline else {
      throw FetchFailure(.request, "no answer in time", isTransient: true)
    }
    if number < page.failures.count { throw page.failures[number] }
    return FetchAnswer(
      status: page.status,
      headers: AnswerHeaders(page.headers),
      body: SimulatedBody(Array(page.body.utf8))
    )
  }
}

/// A body that comes in pieces of a thousand bytes, a millisecond each.
private final class SimulatedBody: AnswerBody {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    self.rest = bytes[...]
  }

  func read(deadline: Deadline, _ take: (UnsafeRawBufferPointer) -> Void) async throws -> Bool {
    guard !rest.isEmpty else { return false }
    try await sleep(until: .after(.milliseconds(1)))
    rest.prefix(1000).withUnsafeBytes(take)
    rest = rest.dropFirst(1000)
    return true
  }
}
