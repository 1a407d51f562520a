import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

/// Tasks of some segments each that fail in some orders of them.
private struct Kernel: Sendable, CustomStringConvertible {
  let name: String
  let tasks: Int
  let segments: Int
  /// Whether an order, which names the task of each segment, is a failure.
  let fails: @Sendable ([Int]) -> Bool

  var description: String { name }

  struct Failed: Error {
    let order: [Int]
  }

  @concurrent func run() async throws {
    let order = Journal()
    for task in 0..<tasks {
      Task {
        for segment in 0..<segments {
          if segment > 0 { await Task.yield() }
          order.add(task)
        }
      }
    }
    await waitUntilIdle()
    if fails(order.all) { throw Failed(order: order.all) }
  }

  private final class Journal: Sendable {
    private let tasks = Mutex<[Int]>([])
    func add(_ task: Int) { tasks.withLock { $0.append(task) } }
    var all: [Int] { tasks.withLock { $0 } }
  }
}

/// The place of a task's segment in an order.
private func place(_ order: [Int], _ task: Int, _ segment: Int) -> Int {
  order.indices.filter { order[$0] == task }[segment]
}

private func switches(_ order: [Int]) -> Int {
  zip(order, order.dropFirst()).count { $0 != $1 }
}

private func isBetween(
  _ order: [Int],
  _ task: Int,
  _ segment: Int,
  _ other: Int,
  _ first: Int
) -> Bool {
  let middle = place(order, task, segment)
  return place(order, other, first) < middle && middle < place(order, other, first + 1)
}

private let kernels: [Kernel] = [
  Kernel(name: "second first", tasks: 2, segments: 1) { $0 == [1, 0] },
  Kernel(name: "last before first", tasks: 2, segments: 2) { place($0, 1, 1) < place($0, 0, 0) },
  Kernel(name: "lost update", tasks: 2, segments: 2) {
    isBetween($0, 1, 0, 0, 0) || isBetween($0, 0, 0, 1, 0)
  },
  Kernel(name: "write between reads", tasks: 2, segments: 2) { isBetween($0, 1, 1, 0, 0) },
  Kernel(name: "both inside one", tasks: 2, segments: 2) { $0 == [0, 1, 1, 0] },
  Kernel(name: "both inside the other", tasks: 2, segments: 2) { $0 == [1, 0, 0, 1] },
  Kernel(name: "in turn", tasks: 2, segments: 2) { $0 == [1, 0, 1, 0] },
  Kernel(name: "two windows", tasks: 2, segments: 3) {
    isBetween($0, 1, 0, 0, 0) && isBetween($0, 1, 1, 0, 1)
  },
  Kernel(name: "late window", tasks: 2, segments: 3) { isBetween($0, 1, 2, 0, 1) },
  Kernel(name: "early window", tasks: 2, segments: 3) { isBetween($0, 0, 0, 1, 0) },
  Kernel(name: "one after all", tasks: 3, segments: 1) { $0.last == 0 },
  Kernel(name: "backwards", tasks: 3, segments: 1) { $0 == [2, 1, 0] },
  Kernel(name: "starved", tasks: 3, segments: 2) { Array($0.suffix(2)) == [0, 0] },
  Kernel(name: "third inside first", tasks: 3, segments: 2) { isBetween($0, 2, 0, 0, 0) },
  Kernel(name: "chain", tasks: 3, segments: 2) {
    isBetween($0, 2, 0, 1, 0) && isBetween($0, 1, 0, 0, 0)
  },
  Kernel(name: "two inside", tasks: 3, segments: 2) {
    isBetween($0, 2, 1, 0, 0) && isBetween($0, 1, 1, 0, 0)
  },
  Kernel(name: "long window", tasks: 2, segments: 4) {
    isBetween($0, 1, 0, 0, 2) && isBetween($0, 1, 3, 0, 2)
  },
  Kernel(name: "three windows", tasks: 2, segments: 4) {
    isBetween($0, 1, 0, 0, 0) && isBetween($0, 1, 2, 0, 2)
  },
  Kernel(name: "four tasks backwards", tasks: 4, segments: 1) { $0 == [3, 2, 1, 0] },
  Kernel(name: "last of four first", tasks: 4, segments: 1) { $0.first == 3 && $0.last == 0 },
]

@Suite struct SimplificationTests {
  @Test func `there are 20 kernels`() { #expect(kernels.count == 20) }

  /// The best there is, by trying all orders.
  private func fewest(_ kernel: Kernel) async throws -> Int {
    let fewest = Mutex(Int.max)
    let all = Kernel(name: kernel.name, tasks: kernel.tasks, segments: kernel.segments) { order in
      if kernel.fails(order) { fewest.withLock { $0 = min($0, switches(order)) } }
      return false
    }
    let found = try await explore(schedules: 5000, strategy: .exhaustive) { try await all.run() }
    try #require(found.isComplete)
    return fewest.withLock { $0 }
  }

  @Test(arguments: kernels)
  fileprivate func `a failure is told with at most 1.5 times the switches of the best`(
    kernel: Kernel
  ) async throws {
    let best = try await fewest(kernel)
    for seed in 0..<3 as Range<UInt64> {
      let failure = await #expect(throws: ExplorationFailure.self) {
        try await explore(schedules: 5000, seed: seed) { try await kernel.run() }
      }
      guard case .threw(let error as Kernel.Failed)? = failure?.reason else {
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
  if await cell.value != 2 { throw Kernel.Failed(order: []) }
}
