// Test what takes hours in milliseconds, in many orders, and cancelled at every moment.

import Bakery
import BakeryTesting

// snippet.hide
struct Login: Sendable {
  let expiry: Deadline
  init(lifetime: Duration) { expiry = .after(lifetime) }
  var isValid: Bool { .now < expiry }
}

final class Shop: Sendable {
  let seats = AsyncSemaphore(limit: 1, name: "seats")

  func book() async throws {
    try await seats.withPermit { try await sleep(until: .after(.seconds(2))) }
  }
}
// snippet.show

// snippet.clock
// A login that expires after an hour, tested without waiting for it.
let clock = ManualClock()
Seams.$time.withValue(clock) {
  let login = Login(lifetime: .seconds(3600))
  clock.advance(by: .seconds(3599))
  precondition(login.isValid)
  clock.advance(by: .seconds(1))
  precondition(!login.isValid)
}
// snippet.end
print("an hour went by on the clock: it stands at \(clock.now)")

// snippet.random
// A retry with a random delay: chance comes from the seam, so that a test can repeat it.
func delay(beforeRetry retry: Int) -> Duration {
  var generator = Seams.random.generator
  return .milliseconds(Int.random(in: 0...(100 << retry), using: &generator))
}

let first = Seams.$random.withValue(SeededRandom(seed: 7)) { (1...4).map(delay) }
let second = Seams.$random.withValue(SeededRandom(seed: 7)) { (1...4).map(delay) }
precondition(first == second)
// snippet.end
print("delays of seed 7: \(first)")

// snippet.simulate
// Six jobs of ten minutes, two at a time, take thirty minutes in whatever order they run.
try await simulate(seeds: 0..<100) { clock in
  let start = clock.now
  let workers = AsyncSemaphore(limit: 2)
  _ = try await gather(0..<6, width: 6) { _ in
    try await workers.withPermit { try await sleep(until: .after(.seconds(600))) }
  }
  precondition(clock.now.duration(since: start) == .seconds(1800))
}
// snippet.end
print("100 orders of six jobs, 50 hours of virtual time")

// snippet.cancel
// A customer may give up at any moment: the seat must be free for the next one.
let moments = try await cancelAtEverySuspension { customer in
  let shop = Shop()
  do {
    try await customer.run { try await shop.book() }
  } catch is CancellationError {
    precondition(customer.wasCancelled)
  }
  precondition(shop.seats.snapshot()["available"] == 1)
}
print("cancelled at \(moments) moments, no seat lost")
// snippet.end

// snippet.hide
precondition(moments >= 10)
