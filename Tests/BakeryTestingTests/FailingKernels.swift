import Bakery
import BakeryTesting
import Synchronization

/// Tasks of some segments each that fail in some orders of them.
struct FailingKernel: Sendable, CustomStringConvertible {
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

/// Twenty for which the fewest turns that fail can be found by trying all orders.
let failingKernels: [FailingKernel] = [
  FailingKernel(name: "second first", tasks: 2, segments: 1) { $0 == [1, 0] },
  FailingKernel(name: "last before first", tasks: 2, segments: 2) {
    place($0, 1, 1) < place($0, 0, 0)
  },
  FailingKernel(name: "lost update", tasks: 2, segments: 2) {
    isBetween($0, 1, 0, 0, 0) || isBetween($0, 0, 0, 1, 0)
  },
  FailingKernel(name: "write between reads", tasks: 2, segments: 2) { isBetween($0, 1, 1, 0, 0) },
  FailingKernel(name: "both inside one", tasks: 2, segments: 2) { $0 == [0, 1, 1, 0] },
  FailingKernel(name: "both inside the other", tasks: 2, segments: 2) { $0 == [1, 0, 0, 1] },
  FailingKernel(name: "in turn", tasks: 2, segments: 2) { $0 == [1, 0, 1, 0] },
  FailingKernel(name: "two windows", tasks: 2, segments: 3) {
    isBetween($0, 1, 0, 0, 0) && isBetween($0, 1, 1, 0, 1)
  },
  FailingKernel(name: "late window", tasks: 2, segments: 3) { isBetween($0, 1, 2, 0, 1) },
  FailingKernel(name: "early window", tasks: 2, segments: 3) { isBetween($0, 0, 0, 1, 0) },
  FailingKernel(name: "one after all", tasks: 3, segments: 1) { $0.last == 0 },
  FailingKernel(name: "backwards", tasks: 3, segments: 1) { $0 == [2, 1, 0] },
  FailingKernel(name: "starved", tasks: 3, segments: 2) { Array($0.suffix(2)) == [0, 0] },
  FailingKernel(name: "third inside first", tasks: 3, segments: 2) { isBetween($0, 2, 0, 0, 0) },
  FailingKernel(name: "chain", tasks: 3, segments: 2) {
    isBetween($0, 2, 0, 1, 0) && isBetween($0, 1, 0, 0, 0)
  },
  FailingKernel(name: "two inside", tasks: 3, segments: 2) {
    isBetween($0, 2, 1, 0, 0) && isBetween($0, 1, 1, 0, 0)
  },
  FailingKernel(name: "long window", tasks: 2, segments: 4) {
    isBetween($0, 1, 0, 0, 2) && isBetween($0, 1, 3, 0, 2)
  },
  FailingKernel(name: "three windows", tasks: 2, segments: 4) {
    isBetween($0, 1, 0, 0, 0) && isBetween($0, 1, 2, 0, 2)
  },
  FailingKernel(name: "four tasks backwards", tasks: 4, segments: 1) { $0 == [3, 2, 1, 0] },
  FailingKernel(name: "last of four first", tasks: 4, segments: 1) {
    $0.first == 3 && $0.last == 0
  },
]

/// Each takes the fork at the left and then the one at the right.
@concurrent func philosophers(_ count: Int) async throws {
  let forks = (0..<count).map { AsyncSemaphore(limit: 1, name: "fork \($0)") }
  try await withThrowingTaskGroup { group in
    for place in 0..<count {
      group.addTask {
        try await forks[place].withPermit {
          await Task.yield()
          try await forks[(place + 1) % count].withPermit {}
        }
      }
    }
    try await group.waitForAll()
  }
}
