// Receive results while the work goes on, with back pressure on where the inputs come from.

import Bakery

// snippet.hide
struct Unreachable: Error {}

let links = (1...200).map { "https://example.org/\($0)" }

func size(of link: String) async throws -> Int {
  try await sleep(until: .after(.milliseconds(1)))
  if link.hasSuffix("/13") { throw Unreachable() }
  return link.utf8.count
}
// snippet.show

// snippet.stream
// Eight requests at a time. At most sixteen sizes are in flight, however slow the report is.
let total = try await gatherStream(links.dropFirst(13), width: 8) { link in
  try await size(of: link)
} consume: { sizes in
  var total = 0
  for try await size in sizes { total += size }
  return total
}
print("\(total) bytes")
// snippet.end

// snippet.hide
precondition(total == links.dropFirst(13).reduce(0) { $0 + $1.utf8.count })
// snippet.show

// snippet.async
// From a channel, as fast as it delivers; one dead link does not end the stream.
let found = Channel<String>(capacity: 4)

let failures = try await withThrowingTaskGroup { group in
  let sender = found.sender
  group.addTask {
    defer { sender.close() }
    for link in links { try await sender.send(link) }
  }
  return try await gatherStream(found.receiver, width: 8, order: .completion, policy: .collect) {
    try await size(of: $0)
  } consume: { results in
    var failures = 0
    for try await case .failure in results { failures += 1 }
    return failures
  }
}
print("\(failures) links are dead")
// snippet.end

// snippet.hide
precondition(failures == 1)
// snippet.show

// snippet.items
// However many other calls share the limit: sixteen tasks, of which four run. Who takes too long is a failure.
let limit = AsyncSemaphore(limit: 4, name: "requests")

let slow = try await gatherStream(
  links,
  width: 16,
  limiter: limit,
  policy: .collect,
  itemTimeout: .seconds(5),
  itemName: { "size of \($0)" }
) {
  try await size(of: $0)
} consume: { results in
  var slow = 0
  for try await case .failure(let error) in results where error is DeadlineExceeded { slow += 1 }
  return slow
}
print("\(slow) links are slow")
// snippet.end

// snippet.hide
precondition(slow == 0)
// snippet.show
