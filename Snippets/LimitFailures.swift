// Keep one failing or slow part from taking the rest with it.

import Bakery

// snippet.hide
struct Refused: Error {}

struct Page: Sendable, Equatable { let text: String }

let misses = AsyncLatch(count: 1, name: "misses")

func fetch(_ path: String, from host: String) async throws -> Page {
  if host == "down.example" { throw Refused() }
  return Page(text: "\(path) of \(host)")
}

func render(_ text: String) async throws -> Int { text.utf8.count }

func load(_ path: String) async throws -> Page {
  misses.countDown()
  try await sleep(until: .after(.milliseconds(20)))
  return Page(text: path)
}
// snippet.show

// snippet.breaker
// Opens when half of the last calls, but at least five, have failed; then tries one call every 30 s.
var settings = CircuitBreaker.Settings()
settings.minimumCalls = 5
settings.openFor = .seconds(30)
let breaker = CircuitBreaker(settings, name: "prices")

func price(of item: String) async -> Page? {
  do {
    return try await breaker.withPermit { try await fetch(item, from: "down.example") }
  } catch let open as CircuitOpen {
    print("without a price: \(open)")
    return nil
  } catch {
    return nil
  }
}
// snippet.end

// snippet.hide
for _ in 0..<6 { _ = await price(of: "rye") }
precondition(breaker.phase == .open)
// snippet.show

// snippet.keyed
// A breaker for each host, made when the host first comes; at most a thousand are kept.
let breakers = KeyedLimiters(capacity: 1000) { host in CircuitBreaker(name: host) }

func page(_ path: String, of host: String) async throws -> Page {
  try await breakers[host].withPermit { try await fetch(path, from: host) }
}
// snippet.end

// snippet.hide
let front = try await page("/", of: "up.example")
precondition(front == Page(text: "/ of up.example") && breakers.count == 1)
// snippet.show

// snippet.bulkhead
// Four pages are rendered at once and eight may wait; whoever comes beyond that hears so at once.
let rendering = Bulkhead(limit: 4, queue: 8, name: "rendering")

func thumbnail(_ text: String) async throws -> Int? {
  do {
    return try await rendering.withPermit { try await render(text) }
  } catch is BulkheadFull {
    return nil
  }
}
// snippet.end

// snippet.hide
let size = try await thumbnail("rye")
precondition(size == 3)
// snippet.show

// snippet.flight
// A hundred requests for a page that is not in the cache load it once.
let loads = SingleFlight<String, Page>(name: "loads")

let pages = try await gather(0..<100, width: 100) { _ in
  try await loads.value(for: "/index.html") { try await load("/index.html") }
}
// snippet.end

// snippet.hide
precondition(pages.count == 100 && Set(pages.map(\.text)) == ["/index.html"])
precondition(misses.remaining == 0)
// snippet.show

// snippet.hedge
// A lookup that takes longer than 95 of 100 do is sent again; the answer that comes first counts.
let usual = LatencyTracker(quantile: 0.95, initial: .milliseconds(50))
let extra = RetryBudget(reserve: 10, ratio: 0.05, name: "hedges")

func lookUp(_ word: String) async throws -> Page {
  try await hedge(after: .quantile(usual), budget: extra) { _ in
    try await fetch(word, from: "dictionary.example")
  }
}
// snippet.end

// snippet.hide
let found = try await lookUp("rye")
precondition(found == Page(text: "rye of dictionary.example"))
// snippet.show

// snippet.order
// From the outside in. One permit serves all attempts, so retries do not multiply the load. An open circuit costs no attempt,
// and counts one failure when all attempts have failed. The deadline is each attempt's; one around all would go outside.
let dishes = AsyncSemaphore(limit: 8, name: "kitchen")

func dish(_ name: String, of host: String) async throws -> Page {
  try await dishes.withPermit {
    try await breakers[host].withPermit {
      try await retry(.exponential(from: .milliseconds(50), upTo: .seconds(1)).attempts(3)) {
        try await withDeadline(.after(.seconds(2))) { try await fetch(name, from: host) }
      }
    }
  }
}
// snippet.end

// snippet.hide
let soup = try await dish("soup", of: "up.example")
precondition(soup == Page(text: "soup of up.example"))
// snippet.show
