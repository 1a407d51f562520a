import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

private func switches(_ order: [Int]) -> Int {
  zip(order, order.dropFirst()).count { $0 != $1 }
}

@Suite struct SimplificationTests {
  @Test func `there are 20 kernels`() { #expect(failingKernels.count == 20) }

  /// The best there is, by trying all orders.
  private func fewest(_ kernel: FailingKernel) async throws -> Int {
    let fewest = Mutex(Int.max)
    let all = FailingKernel(name: kernel.name, tasks: kernel.tasks, segments: kernel.segments) {
      order in
      if kernel.fails(order) { fewest.withLock { $0 = min($0, switches(order)) } }
      return false
    }
    let found = try await explore(schedules: 5000, strategy: .exhaustive) { try await all.run() }
    try #require(found.isComplete)
    return fewest.withLock { $0 }
  }

  @Test(arguments: failingKernels)
  func `a failure is told with at most 1.5 times the switches of the best`(
    kernel: FailingKernel
  ) async throws {
    let best = try await fewest(kernel)
    for seed in 0..<3 as Range<UInt64> {
      let failure = await #expect(throws: ExplorationFailure.self) {
        try await explore(schedules: 5000, seed: seed) { try await kernel.run() }
      }
      guard case .threw(let error as FailingKernel.Failed)? = failure?.reason else {
        Issue.record("another reason: \(String(describing: failure))")
        return
      }
      #expect(Double(switches(error.order)) <= 1.5 * Double(best), "\(error.order)")
      #expect(failure?.uncontrolled == nil)
    }
  }

  @Test func `the decision that makes it fail is told`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(lostUpdateOfNamed)
    }
    let turn = try #require(failure?.turn)
    #expect(turn.contains("step "), "\(turn)")
    #expect(turn.contains("the schedule passes"), "\(turn)")
    #expect(turn.contains("\"first\"") || turn.contains("\"second\""), "\(turn)")
    #expect(failure?.description.contains("what decides: \(turn)") == true)
  }
}

@concurrent private func lostUpdateOfNamed() async throws {
  let cell = Cell()
  let first = Task(name: "first") { await cell.set(await cell.get() + 1) }
  let second = Task(name: "second") { await cell.set(await cell.get() + 1) }
  _ = await (first.value, second.value)
  if await cell.value != 2 { throw FailingKernel.Failed(order: []) }
}
