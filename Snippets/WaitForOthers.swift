// Wait until something has happened, until all are done, or until all are there.

import Bakery

// snippet.hide
func loadConfiguration() async throws {
  try await sleep(until: .after(.milliseconds(5)))
}

func loadTile(_ number: Int) async throws {
  try await sleep(until: .after(.milliseconds(1)))
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
