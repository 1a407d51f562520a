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

// snippet.async
// The links are found while the first ones are asked. `found` is held back when the work does not keep up.
let found = Channel<String>(capacity: 4)

func search() async throws {
  let sender = found.sender
  defer { sender.close() }
  for link in links where !link.hasSuffix("/13") { try await sender.send(link) }
}

async let searched: Void = search()
let answered = try await gather(found.receiver, width: 8) { link in
  try await status(of: link)
}
try await searched
print("\(answered.count) links were found")
// snippet.end

// snippet.hide
precondition(answered.count == 29)
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
// snippet.show

// snippet.enough
// Three mirrors that answer are enough; whoever is under way then is cancelled. None may take more than a second.
let answers = try await gather(
  links,
  width: 8,
  policy: .successes(3),
  itemTimeout: .seconds(1),
  itemName: { "ask \($0)" }
) { link in
  try await status(of: link)
}
print("\(answers.count) have answered")
// snippet.end

// snippet.hide
precondition(answers.count == 3)
// snippet.show

// snippet.race
// Whoever answers first; a mirror that fails does not end the race.
let mirrors = ["https://a.example.org/13", "https://b.example.org/1"]
let fastest = try await race(mirrors, to: .success) { mirror in
  try await status(of: mirror)
}
print("the fastest says \(fastest)")
// snippet.end

// snippet.hide
precondition(fastest == 200)
