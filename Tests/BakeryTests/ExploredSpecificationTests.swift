import BakeryTesting
import Glibc
import Testing

@testable import Bakery

/// The real primitives under the specifications of `Explored`, in many orders.
///
/// `make explore BUDGET=600` does the same for that many seconds; a failure prints a string that repeats it.
@Suite(.serialized) struct ExploredSpecificationTests {
  @Test(arguments: ExploredSpecification.ofTasks)
  func `a primitive keeps its promises at every suspension`(
    _ specification: ExploredSpecification
  ) async throws {
    try await ExplorationBudget.shared.explore(specification, mode: .jobs)
  }

  @Test(arguments: ExploredSpecification.ofTasks + ExploredSpecification.ofThreads)
  func `a primitive keeps its promises at every lock and atomic operation`(
    _ specification: ExploredSpecification
  ) async throws {
    try await ExplorationBudget.shared.explore(specification, mode: .threads)
  }
}

extension ExploredSpecification: CustomTestStringConvertible {
  var testDescription: String { name }
}

/// How much the specifications are explored.
struct ExplorationBudget {
  /// By the environment: `BAKERY_EXPLORE` is for how many seconds all of them run together.
  static let shared = ExplorationBudget(
    seconds: getenv("BAKERY_EXPLORE").flatMap { Double(String(cString: $0)) }
  )

  let seconds: Double?

  func explore(_ specification: ExploredSpecification, mode: ExplorationMode) async throws {
    let runs = 2 * ExploredSpecification.ofTasks.count + ExploredSpecification.ofThreads.count
    let share = seconds.map { Int64($0 / Double(runs) * 1e9) }
    let begin = SystemTime.shared.now
    var seed: UInt64 = 0
    repeat {
      do {
        try await BakeryTesting.explore(
          schedules: share == nil ? 400 : 1000,
          seed: seed,
          mode: mode,
          function: "specification",
          specification.body
        )
      } catch let failure as ExplorationFailure {
        Issue.record("\(specification.name), mode \(mode), seed \(seed)\n\(failure)")
        return
      }
      seed += 1
    } while SystemTime.shared.now.nanoseconds - begin.nanoseconds < share ?? 0
  }
}
