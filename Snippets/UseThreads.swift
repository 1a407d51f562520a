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

// snippet.monitor
// A thread waits for orders that tasks hand to it.
struct Orders {
  var open: [String] = []
  var isOver = false
}

let orders = Monitor(Orders(), name: "orders")

let baker = try JoinableThread.start(named: "baker") { () -> Int in
  var baked = 0
  while true {
    let batch = orders.withLock(when: { !$0.open.isEmpty || $0.isOver }) { orders in
      let batch = orders.open
      orders.open = []
      return batch
    }
    if batch.isEmpty { return baked }
    baked += batch.count
  }
}

for order in ["rye", "wheat", "spelt"] {
  orders.withLock { $0.open.append(order) }
  orders.notifyOne()
}
orders.withLock { $0.isOver = true }
orders.notifyOne()
let baked = try await baker.value
print("baked \(baked) loaves")
// snippet.end

// snippet.hide
precondition(baked == 3)
// snippet.show

// snippet.barrier
// Each step of a simulation needs the whole step before it: no thread may run ahead.
let step = ThreadBarrier(parties: 2, name: "step")
let cells = Monitor([0, 0])

func simulate(_ half: Int) -> Int {
  var steps = 0
  for _ in 0..<10 {
    cells.withLock { $0[half] += 1 }
    // The last to arrive counts the step; the others wait for it at the barrier after that.
    if step.arriveAndWait() { steps += 1 }
    step.arriveAndWait()
  }
  return steps
}

let upper = try JoinableThread.start(named: "upper half") { simulate(0) }
let lower = try JoinableThread.start(named: "lower half") { simulate(1) }
let (upperSteps, lowerSteps) = try await (upper.value, lower.value)
print("counted \(upperSteps + lowerSteps) steps")
// snippet.end

// snippet.hide
precondition(upperSteps + lowerSteps == 10)
precondition(step.snapshot()["rounds"] == 20)
// snippet.show

// snippet.blocking
// Name look-ups block. Four at a time get threads; of those that come meanwhile, a hundred wait.
let lookups = BlockingPool(threads: 4, queue: 100, name: "lookups")

func addresses(of host: String) async throws -> Int {
  try await lookups.run(deadline: .after(.seconds(5))) {
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, nil, &list) == 0 else { return 0 }
    defer { freeaddrinfo(list) }
    var (count, next) = (0, list)
    while let entry = next {
      count += 1
      next = entry.pointee.ai_next
    }
    return count
  }
}

do {
  print("localhost has \(try await addresses(of: "localhost")) addresses")
} catch let error as BlockingPoolFailure {
  // Too many at once: tell the caller to come back later.
  print(error)
}
// At the end of the program: finish what is running, and leave no thread behind.
try await lookups.shutdown()
// snippet.end

// snippet.hide
precondition(lookups.snapshot()["threads"] == 0)
// snippet.show

// snippet.watchdog
// A program that sometimes stands still: who keeps the threads of its tasks?
let watchdog = StarvationWatchdog(pools: [.shared]) { report in
  for thread in report.threads {
    print("blocked for \(thread.duration): \(thread.blockedFrame?.location ?? thread.description)")
  }
}
// Nothing blocks here, so nothing is printed. Without a closure reports go to standard error.
watchdog.stop()
// snippet.end

// snippet.hide
precondition(watchdog.snapshot()["reports"] == 0)
// snippet.show
