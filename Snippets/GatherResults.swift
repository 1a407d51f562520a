// Do the same to many things, a few at a time.

import Bakery

// snippet.hide
struct Unreachable: Error {}

let links = (1...30).map { "https://example.org/\($0)" }
let images = (1...10).map { "https://example.org/\($0).png" }

func status(of link: String) async throws -> Int {
  try await sleep(until: .after(.milliseconds(2)))
  if link.hasSuffix("/13") { throw Unreachable() }
  return 200
}
// snippet.show

// snippet.gather
// Eight requests at a time; the answers come in the order of the links.
let statuses = try await gather(links.prefix(10), width: 8) { link in
  try await status(of: link)
}
print("first ten: \(statuses)")
// snippet.end

// snippet.hide
precondition(statuses == Array(repeating: 200, count: 10))
// snippet.show

// snippet.policy
// One dead link must not end the run: each link has its own result.
let results = try await gather(links, width: 8, policy: .collect) { link in
  try await status(of: link)
}
for case (let link, .failure(let error)) in zip(links, results) {
  print("\(link): \(error)")
}
// snippet.end

// snippet.hide
precondition(results.count == 30)
precondition(results.indices.filter { (try? results[$0].get()) == nil } == [12])
// snippet.show

// snippet.limiter
// Two jobs share one limit, which may change while they run.
let requests = AsyncSemaphore(limit: 4, name: "requests")

func checkAll() async throws -> [Int] {
  async let pages = gather(links.prefix(10), limiter: requests) { try await status(of: $0) }
  async let pictures = gather(images, limiter: requests) { try await status(of: $0) }
  requests.resize(to: 2)
  return try await pages + pictures
}
print("\(try await checkAll().count) links are fine")
// snippet.end

// snippet.hide
precondition(requests.snapshot()["available"] == 2)
