// Say until when, once, for everything that is done inside.

import Bakery

// snippet.hide
func fetch(_ page: String) async throws -> Int {
  try await sleep(until: .after(page == "slow" ? .seconds(60) : .milliseconds(1)))
  return page.utf8.count * 100
}
// snippet.show

// snippet.deadline
// All pages together have 50 ms; then what is under way is cancelled and awaited.
func total(of pages: [String]) async throws -> Int {
  try await withDeadline(in: .milliseconds(50), name: "report") {
    var total = 0
    for page in pages { total += try await fetch(page) }
    return total
  }
}

do {
  print("\(try await total(of: ["index", "news"])) bytes")
  print("\(try await total(of: ["index", "slow"])) bytes")
} catch let error as DeadlineExceeded {
  print("no report: \(error)")
  // snippet.hide
  precondition(error.operation.contains("report"))
  // snippet.show
}
// snippet.end

// snippet.current
// A long pause is not begun when the deadline around it would cut it short.
func hasTime(for pause: Duration) -> Bool { Deadline.after(pause) < .current }

try await withDeadline(in: .seconds(1)) {
  print("time for half a second: \(hasTime(for: .milliseconds(500)))")
  print("time for a minute: \(hasTime(for: .seconds(60)))")
}
// snippet.end

// snippet.hide
precondition(hasTime(for: .seconds(60)))

let log = AsyncMutex<[String]>([])
// snippet.show

// snippet.shield
// Whatever ends the transfer, the last line of its log is written, within a time of its own.
func transfer(_ page: String) async throws {
  do {
    _ = try await fetch(page)
  } catch {
    try await withCancellationShield {
      try await withDeadline(in: .seconds(5)) {
        try await log.withLock { $0.append("\(page) was not fetched") }
      }
    }
    throw error
  }
}

try? await withDeadline(in: .milliseconds(10)) { try await transfer("slow") }
let lines = try await log.withLock { $0 }
print(lines)
// snippet.end

// snippet.hide
precondition(lines == ["slow was not fetched"])
// snippet.show

// snippet.scope
// One scope for everything that belongs to a session; whoever ends the session says why.
let session = CancelScope(name: "session 7")

async let page: Int = session.run { try await fetch("slow") }
session.cancel(reason: "the user has left")
do {
  print("\(try await page) bytes")
} catch let error as ScopeCancelled {
  print(error)
  // snippet.hide
  precondition(error.reason == "the user has left")
  // snippet.show
}
// snippet.end

// snippet.hide
let stuck = AsyncEvent()
func oldLibraryCall() async -> Int {
  try? await withCancellationShield { try await stuck.wait() }
  return 0
}
var wasAbandoned = false
// snippet.show

// snippet.abandon
// This call cannot be cancelled. Its caller goes on after 10 ms; the dump shows what it left behind.
do {
  print(try await abandon(after: .milliseconds(10), name: "old library") { await oldLibraryCall() })
} catch let error as WorkAbandoned {
  print(error)
  // snippet.hide
  wasAbandoned = true
  // snippet.show
}
// snippet.end

// snippet.hide
precondition(wasAbandoned)
precondition(Trace.dump().contains("old library"))
stuck.set()
// snippet.show

// snippet.overlap
// Two different things at once need no more than the language: count words while the next page loads.
func countWords(in text: String) -> Int { text.split(separator: " ").count }

func download(_ page: Int) async throws -> String {
  try await sleep(until: .after(.milliseconds(2)))
  return Array(repeating: "word", count: page).joined(separator: " ")
}

func countWords(pages: ClosedRange<Int>) async throws -> Int {
  var total = 0
  var text = try await download(pages.lowerBound)
  for page in pages.dropFirst() {
    async let next = download(page)
    total += countWords(in: text)
    text = try await next
  }
  return total + countWords(in: text)
}
let words = try await countWords(pages: 1...4)
print("\(words) words")
// snippet.end

// snippet.hide
precondition(words == 10)
