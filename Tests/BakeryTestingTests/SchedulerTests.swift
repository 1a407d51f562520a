@testable import BakeryTesting
import Testing

/// Tasks of a fixed number of segments each: what a scheduler sees of a program, without one.
private struct Model {
  /// The order of all segments under `scheduler`, by task.
  static func order(
    segments: [Int],
    object: UInt64 = 0,
    seed: UInt64,
    _ scheduler: inout any Scheduler
  ) -> [Int]? {
    guard scheduler.begin(seed: seed) else { return nil }
    var left = segments
    var sequence: UInt32 = 0
    func candidate(_ task: Int) -> Candidate {
      sequence += 1
      return Candidate(
        sequence: sequence,
        owner: UInt64(task),
        isMain: false,
        task: UInt64(task) + 1,
        object: object
      )
    }
    var ready = left.indices.map(candidate)
    var order: [Int] = []
    var last: UInt64 = 0
    while !ready.isEmpty {
      let index = ready.count == 1 ? 0 : scheduler.choose(from: ready, after: last)
      let chosen = ready.remove(at: index)
      last = chosen.task
      let task = Int(chosen.owner)
      order.append(task)
      left[task] -= 1
      if left[task] > 0 { ready.append(candidate(task)) }
    }
    return order
  }

  static func orders(
    segments: [Int],
    object: UInt64 = 0,
    count: Int = .max,
    _ scheduler: any Scheduler
  ) -> [[Int]] {
    var scheduler = scheduler
    var orders: [[Int]] = []
    while orders.count < count,
      let order = order(segments: segments, object: object, seed: UInt64(orders.count), &scheduler)
    {
      orders.append(order)
    }
    return orders
  }
}

@Suite struct SchedulerTests {
  /// n tasks of k segments have (nk)! / (k!)ⁿ orders.
  private static let kernels: [(tasks: Int, segments: Int, orders: Int)] = [
    (2, 1, 2), (2, 2, 6), (2, 4, 70), (3, 1, 6), (3, 2, 90), (4, 2, 2520),
  ]

  @Test(arguments: kernels)
  func `depth first finds each order once`(tasks: Int, segments: Int, count: Int) {
    let orders = Model.orders(segments: Array(repeating: segments, count: tasks), DepthFirst())
    #expect(orders.count == count)
    #expect(Set(orders).count == count)
  }

  @Test func `without delays only the order of readiness is tried`() {
    #expect(Model.orders(segments: [2, 2, 2], DepthFirst(delays: 0)) == [[0, 1, 2, 0, 1, 2]])
  }

  @Test func `orders with few delays are those of all orders that take few`() {
    let all = Model.orders(segments: [2, 2, 2], DepthFirst())
    var last = 0
    for delays in 0...8 {
      let some = Model.orders(segments: [2, 2, 2], DepthFirst(delays: delays))
      #expect(Set(some).count == some.count)
      #expect(Set(some).isSubset(of: all))
      #expect(some.count >= last)
      last = some.count
    }
    #expect(last == all.count)
  }

  @Test func `in order is in order`() {
    #expect(Model.orders(segments: [3, 1, 2], count: 1, FIFO()) == [[0, 1, 2, 0, 2, 0]])
  }

  @Test func `a random walk finds all orders and favours none`() {
    var counts: [[Int]: Int] = [:]
    for order in Model.orders(segments: [1, 1, 1], count: 6000, RandomWalk()) {
      counts[order, default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { $0 > 800 && $0 < 1200 })
  }

  @Test func `job priorities let one task wait until all others have ended`() {
    let orders = Model.orders(segments: [1, 5, 5], count: 2000, JobPriorities())
    #expect(orders.contains { $0.last == 0 })
    #expect(Set(orders).count > 50)
  }

  @Test
  func `partial order sampling lets wait who races with nobody, and draws again for those who do`()
  {
    func late(_ object: UInt64, _ scheduler: any Scheduler) -> Int {
      Model.orders(segments: [1, 5, 5], object: object, count: 2000, scheduler).count {
        $0.last == 0
      }
    }
    #expect(late(0, PartialOrderSampling()) > 100)
    // One in 11 by priorities of jobs; one in 8 · 30 when each step draws again.
    #expect(late(7, JobPriorities()) > 100)
    #expect((1...50).contains(late(7, PartialOrderSampling())))
    #expect((1...50).contains(late(Candidate.anything, PartialOrderSampling())))
  }

  @Test func `steps race that use the same object, or one that may be any`() {
    func uses(_ object: UInt64) -> Candidate {
      Candidate(sequence: 1, owner: 1, isMain: false, object: object)
    }
    #expect(uses(3).races(with: uses(3)))
    #expect(uses(3).races(with: uses(Candidate.anything)))
    #expect(uses(Candidate.anything).races(with: uses(3)))
    #expect(!uses(3).races(with: uses(4)))
    #expect(!uses(0).races(with: uses(0)))
    #expect(!uses(0).races(with: uses(Candidate.anything)))
  }

  @Test func `task priorities of depth 1 let each task run to its end`() {
    let orders = Model.orders(segments: [3, 3], count: 100, TaskPriorities(depth: 1))
    #expect(Set(orders) == [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]])
  }

  @Test func `task priorities of depth 2 change the leader once`() {
    let orders = Model.orders(segments: [3, 3], count: 1000, TaskPriorities(depth: 2))
    func changes(_ order: [Int]) -> Int { zip(order, order.dropFirst()).count { $0 != $1 } }
    #expect(orders.allSatisfy { changes($0) <= 2 })
    #expect(orders.contains([0, 1, 1, 1, 0, 0]))
  }

  @Test func `given choices are taken, and then the order of readiness`() {
    #expect(Model.orders(segments: [2, 2], count: 1, Prescribed([1, 1])) == [[1, 1, 0, 0]])
    #expect(Model.orders(segments: [2, 2], count: 1, Prescribed([1, 9])) == [[1, 1, 0, 0]])
  }

  @Test func `after given choices whoever ran last goes on`() {
    #expect(Model.orders(segments: [3, 3], count: 1, Persistent([1])) == [[1, 1, 1, 0, 0, 0]])
    #expect(Model.orders(segments: [3, 3], count: 1, Persistent([0, 0])) == [[0, 1, 1, 1, 0, 0]])
  }

  @Test(
    arguments: [
      RandomWalk(), JobPriorities(), PartialOrderSampling(), TaskPriorities(depth: 3), Mixture(),
    ] as [any Scheduler]
  )
  func `the same seeds give the same orders`(scheduler: any Scheduler) {
    let first = Model.orders(segments: [3, 2, 4], count: 200, scheduler)
    #expect(first == Model.orders(segments: [3, 2, 4], count: 200, scheduler))
    #expect(Set(first).count > 20)
  }
}
