import Bakery
import BakeryTesting
import Testing

/// Runs a test of behaviour under `simulate`, once for each seed, and then under `explore` in a few schedules: what holds in one
/// world has to hold in the other.
func underBoth(
  seeds: Range<UInt64> = 0..<1,
  file: StaticString = #fileID,
  function: StaticString = #function,
  _ body: @escaping @concurrent @Sendable (ManualClock) async throws -> Void
) async throws {
  try await simulate(seeds: seeds, body)
  let found = try await explore(schedules: 20, file: file, function: function) {
    try await body(try #require(Seams.time as? ManualClock))
  }
  #expect(found.schedules == 20)
}
