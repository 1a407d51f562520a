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
