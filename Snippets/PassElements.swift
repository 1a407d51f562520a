// Pass elements from those who produce to those who consume, with back pressure.

import Bakery

// snippet.hide
let accessLog = (1...1000).map { "GET /page/\($0) \($0.isMultiple(of: 50) ? 500 : 200)" }
// snippet.show

// snippet.channel
// One task reads the log, another looks for failures; at most 64 lines are between them.
let lines = Channel<String>(capacity: 64, name: "log lines")

let failures = try await withThrowingTaskGroup { group in
  let sender = lines.sender
  group.addTask {
    // Also when reading fails: nobody waits for lines that do not come.
    defer { sender.close() }
    for line in accessLog { try await sender.send(line) }
  }
  var failures: [String] = []
  for try await line in lines.receiver where line.hasSuffix(" 500") { failures.append(line) }
  try await group.waitForAll()
  return failures
}
print("\(failures.count) failures, the first is \(failures[0])")
// snippet.end

// snippet.hide
precondition(failures.count == 20)
precondition(failures[0] == "GET /page/50 500")
precondition(lines.receiver.isFinished)
// snippet.show

// snippet.batch
let records = Channel<Int>(capacity: 256)
for record in 0..<100 { try records.sender.trySend(record) }
records.sender.close()

var batches: [[Int]] = []
while case let batch = try await records.receiver.receive(upTo: 64), !batch.isEmpty {
  batches.append(batch)
}
// snippet.end

// snippet.hide
precondition(batches.map(\.count) == [64, 36])
// snippet.show

// snippet.newest
let positions = Channel<Int>(capacity: 1)
for position in 0..<10 { try positions.sender.sendDroppingOldest(position) }
let newest = positions.receiver.tryReceive()
// snippet.end

// snippet.hide
precondition(newest == 9)
// snippet.show

// snippet.reserve
// Fetch a page only when there is room for it; once it is fetched, no wait and no cancellation stands between.
let pages = Channel<String>(capacity: 2, name: "pages")

func fetchNext(_ path: String) async throws -> Bool {
  guard let place = try await pages.sender.reserve() else { return false }
  try place.send("the page \(path)")
  return true
}
// snippet.end

// snippet.hide
let hasRoom = try await fetchNext("/a")
precondition(hasRoom)
pages.receiver.close()
let isOpen = try await fetchNext("/b")
precondition(!isOpen)
let page = pages.receiver.tryReceive()
precondition(page == "the page /a")
print("the first page is \(page ?? "")")
// snippet.show
