import BakeryTesting
import XCTest

private actor Cell {
  private(set) var value = 0
  func set(_ new: Int) { value = new }
}

private struct Lost: Error {}

@concurrent private func lostUpdate() async throws {
  let cell = Cell()
  let first = Task { await cell.set(await cell.value + 1) }
  let second = Task { await cell.set(await cell.value + 1) }
  _ = await (first.value, second.value)
  guard await cell.value == 2 else { throw Lost() }
}

@MainActor private var total = 0
@MainActor private func count() { total += 1 }

/// What the tests of the other target find, where the older test library runs the test.
final class ExploreXCTests: XCTestCase {
  func testAFailureIsFoundAndReplayed() async throws {
    do {
      try await explore(schedules: 50, lostUpdate)
      XCTFail("the lost update was not found")
    } catch let failure as ExplorationFailure {
      XCTAssertNil(failure.uncontrolled)
      do {
        try await explore(replaying: failure.replay, lostUpdate)
        XCTFail("the failure was not repeated")
      } catch let again as ExplorationFailure {
        XCTAssertEqual(again.replay, failure.replay)
      }
    }
  }

  @MainActor func testTheMainActorIsLent() async throws {
    total = 0
    let found = try await explore(schedules: 50) {
      async let one: Void = count()
      async let two: Void = count()
      _ = await (one, two)
    }
    XCTAssertNil(found.uncontrolled)
    XCTAssertEqual(total, 100)
  }
}
