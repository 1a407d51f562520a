// Wait until something has happened, until all are done, or until all are there.

import Bakery

// snippet.hide
func loadConfiguration() async throws {
  try await sleep(until: .after(.milliseconds(5)))
}

func loadTile(_ number: Int) async throws {
  try await sleep(until: .after(.milliseconds(1)))
}

func live(_ quarter: String) async throws {
  try await sleep(until: .after(.milliseconds(quarter.utf8.count)))
}

func serve(_ port: Int) async throws -> String { "serving on \(port)" }
// snippet.show

// snippet.event
// Nobody serves before the configuration is there; whoever comes later does not wait at all.
let configured = AsyncEvent(name: "configured")

async let servers = gather([8080, 8081, 8082], width: 3) { port in
  try await configured.wait(deadline: .after(.seconds(10)))
  return try await serve(port)
}
try await loadConfiguration()
configured.set()
print(try await servers.joined(separator: ", "))
// snippet.end

// snippet.hide
precondition(configured.isSet)
precondition(!configured.set())
// snippet.show

// snippet.latch
// The map is shown when its nine tiles are there. Whoever loads a tile says so and goes on with the next one.
let tiles = AsyncLatch(count: 9, name: "tiles")

async let shown: Void = tiles.wait(deadline: .after(.seconds(10)))
_ = try await gather(0..<20, width: 4) { number in
  try await loadTile(number)
  if number < 9 { tiles.countDown() }
}
try await shown
print("the map is there, \(tiles.remaining) tiles are missing")
// snippet.end

// snippet.hide
precondition(tiles.remaining == 0)
// snippet.show

// snippet.barrier
// Nobody begins a day before all have ended the one before.
let midnight = AsyncBarrier(parties: 3, name: "midnight")

_ = try await gather(["harbour", "market", "hill"], width: 3) { quarter in
  // One that fails or is cancelled leaves, and the others go on without it.
  defer { midnight.leave() }
  for _ in 0..<3 {
    try await live(quarter)
    let arrival = try await midnight.arriveAndWait()
    if arrival.isLeader { print("day \(arrival.phase) is over") }
  }
}
// snippet.end

// snippet.hide
precondition(midnight.parties == 0)
precondition(midnight.snapshot()["phase"] == 3)
// snippet.show
