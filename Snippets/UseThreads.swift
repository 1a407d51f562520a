// Use threads of the operating system, for what must not block the threads of tasks.

import Bakery

// snippet.hide
#if canImport(Glibc)
import Glibc
#endif

final class Parser {
  private(set) var parsed = 0
  func parse(_ text: String) -> Int {
    parsed += 1
    return text.utf8.count
  }
}

func nextLine() -> String? { nil }
// snippet.show

// snippet.thread
// A loop around a blocking call lasts as long as the program: it gets a thread of its own.
let reader = try JoinableThread.start(named: "reader") { () -> Int in
  var count = 0
  while nextLine() != nil { count += 1 }
  return count
}

// Tasks await its end without blocking; threads call the same `join` without `await`.
let lines = try await reader.join(deadline: .after(.seconds(30)))
print("read \(lines) lines")
// snippet.end

// snippet.hide
precondition(lines == 0 && reader.isFinished)
// snippet.show

// snippet.local
// A parser is dear to make and not thread-safe: every thread makes its own, once.
let parsers = ThreadLocal(name: "parsers") { Parser() }

func length(of text: String) -> Int {
  parsers.withValue { $0.parse(text) }
}
// snippet.end

// snippet.hide
let measuring = try JoinableThread.start(named: "measure") { length(of: "bread") + length(of: "") }
let measured = try await measuring.value
precondition(measured == 5)
precondition(parsers.snapshot()["threads"] == 0)
print("measured \(measured) bytes")
// snippet.show
