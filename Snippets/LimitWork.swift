// Limit how much happens at once, and how long it may take.

import Bakery

// snippet.hide
struct Response: Sendable { let status: Int }

let packages = (1...40).map { "package-\($0)" }

func download(_ package: String) async throws -> Int {
  try await sleep(until: .after(.milliseconds(2)))
  return package.utf8.count * 1000
}

func decode(_ photo: String) async throws -> String {
  try await sleep(until: .after(.milliseconds(2)))
  return "small \(photo)"
}

func upload(_ thumbnail: String) async throws {
  precondition(memory.snapshot()["available"] == 512)
  try await sleep(until: .after(.milliseconds(2)))
}

func send(_ path: String) async throws -> Response {
  try await sleep(until: .after(.milliseconds(2)))
  return Response(status: path == "/busy" ? 503 : 200)
}

func query(_ text: String) async throws -> String { "42 rows" }
// snippet.show

// snippet.semaphore
// Sixteen downloads at a time, but no more than two of them from the mirror.
let mirror = AsyncSemaphore(limit: 2, name: "mirror")

let sizes = try await gather(packages, width: 16) { package in
  try await mirror.withPermit(deadline: .after(.seconds(30))) {
    try await download(package)
  }
}
print("downloaded \(sizes.reduce(0, +)) bytes in \(sizes.count) packages")
// snippet.end

// snippet.hide
precondition(sizes.count == 40)
precondition(mirror.snapshot()["available"] == 2)
// snippet.show

// snippet.permit
// One permit is one megabyte. Whatever throws, the end of the scope gives them back.
let memory = AsyncSemaphore(limit: 512, name: "megabytes")

func publish(_ photo: String, megabytes: Int) async throws {
  let permit = try await memory.acquire(megabytes)
  let thumbnail = try await decode(photo)
  // Only the thumbnail is left in memory: let the next photo in before the slow upload.
  permit.release()
  try await upload(thumbnail)
}
// snippet.end

// snippet.hide
try await publish("beach.raw", megabytes: 300)
precondition(memory.snapshot()["available"] == 512)
print("published with \(memory.snapshot()["available"] ?? 0) MB free again")
// snippet.show

// snippet.limiter
// A client leaves its limit to whoever makes it, and says how each request went.
struct Client: Sendable {
  let limiter: any ConcurrencyLimiter

  func get(_ path: String, deadline: Deadline) async throws -> Response {
    let permit = try await limiter.acquire(1, deadline: deadline)
    let response = try await send(path)
    permit.release(response.status == 503 ? .dropped : .success)
    return response
  }
}

let client = Client(limiter: AsyncSemaphore(limit: 8, name: "search service"))
// snippet.end

// snippet.hide
let busy = try await client.get("/busy", deadline: .after(.seconds(1)))
precondition(busy.status == 503)
print("the search service answered \(busy.status)")

let database = AsyncSemaphore(limit: 1, name: "database")
let held = database.tryAcquire()
var refused = false
// snippet.show

// snippet.deadline
// The report has 50 ms in all, however many steps it takes and wherever it waits.
func report(by deadline: Deadline) async throws -> String {
  let today = try await database.withPermit(deadline: deadline) {
    try await query("SELECT … today")
  }
  // Never more than 20 ms for the second step, even if there is time left.
  let total = try await database.withPermit(deadline: min(deadline, .after(.milliseconds(20)))) {
    try await query("SELECT … total")
  }
  return "\(today) of \(total)"
}

do {
  print(try await report(by: .after(.milliseconds(50))))
} catch let error as DeadlineExceeded {
  print("no report: \(error)")
  // snippet.hide
  refused = true
  // snippet.show
}
// snippet.end

// snippet.hide
precondition(refused)
let begin = Deadline.now
// snippet.show

// snippet.sleep
// A heartbeat every 10 ms: an absolute deadline does not drift by the time that the work takes.
var next = Deadline.now
for beat in 1...3 {
  next = next.advanced(by: .milliseconds(10))
  try await sleep(until: next)
  print("beat \(beat)")
}
// snippet.end

// snippet.hide
precondition(Deadline.now.duration(since: begin) >= .milliseconds(30))
