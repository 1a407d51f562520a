import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

/// Segments of tasks that touch objects: what an exploration of real tasks has to find, by counting.
private struct Kernel: Sendable, CustomStringConvertible {
  /// For each task the object that each of its segments touches.
  let tasks: [[Int]]

  var description: String { "\(tasks)" }

  /// How many orders there are that are no rearrangement of one another by independent neighbours.
  ///
  /// Each class has one normal form: the levels at which its segments could run at the earliest.
  var classes: Int {
    var forms: Set<[[Int]]> = []
    func extend(_ done: [Int], _ order: [(task: Int, segment: Int)]) {
      let open = tasks.indices.filter { done[$0] < tasks[$0].count }
      if open.isEmpty { forms.insert(form(order)) }
      for task in open {
        var next = done
        next[task] += 1
        extend(next, order + [(task, done[task])])
      }
    }
    extend(Array(repeating: 0, count: tasks.count), [])
    return forms.count
  }

  private func form(_ order: [(task: Int, segment: Int)]) -> [[Int]] {
    var levels: [[Int]] = []
    var ofTask: [Int: Int] = [:]
    var ofObject: [Int: Int] = [:]
    for (task, segment) in order {
      let object = tasks[task][segment]
      let level = max(ofTask[task] ?? 0, ofObject[object] ?? 0)
      (ofTask[task], ofObject[object]) = (level + 1, level + 1)
      while levels.count <= level { levels.append([]) }
      levels[level].append(task * 100 + segment)
    }
    return levels.map { $0.sorted() }
  }

  /// The same with real tasks and semaphores, of which each segment asks one for a permit.
  @concurrent func run() async {
    let objects = (0...(tasks.joined().max() ?? 0)).map { _ in AsyncSemaphore(limit: 1) }
    for segments in tasks {
      Task {
        for (index, object) in segments.enumerated() {
          if index > 0 { await Task.yield() }
          objects[object].tryAcquire()?.release()
        }
      }
    }
    // To await a task would be a step that depends on the task.
    await waitUntilIdle()
  }
}

@Suite struct SleepSetTests {
  @Test(arguments: [
    Kernel(tasks: [[0], [1]]), Kernel(tasks: [[0], [0]]), Kernel(tasks: [[0, 1], [0, 1]]),
    Kernel(tasks: [[0, 1], [1, 0]]), Kernel(tasks: [[0, 1, 2], [2, 1, 0]]),
    Kernel(tasks: [[0], [1], [2]]), Kernel(tasks: [[0, 0], [0, 1], [1, 1]]),
    Kernel(tasks: [[0, 1], [1, 2], [2, 0]]), Kernel(tasks: [[0], [0], [1], [1]]),
  ])
  fileprivate func `one schedule is tried for each class that an enumerator counts`(
    kernel: Kernel
  )
    async throws
  {
    let found = try await explore(schedules: 5000, strategy: .reduced) { await kernel.run() }
    #expect(found.isComplete)
    #expect(found.schedules == kernel.classes)
    #expect(found.distinctSchedules == kernel.classes)
    let all = try await explore(schedules: 5000, strategy: .exhaustive) { await kernel.run() }
    #expect(all.isComplete)
    #expect(all.distinctSchedules == kernel.classes)
    #expect(all.schedules >= found.schedules)
  }

  @Test func `the enumerator counts what can be counted by hand`() {
    #expect(Kernel(tasks: [[0], [1]]).classes == 1)
    #expect(Kernel(tasks: [[0], [0]]).classes == 2)
    #expect(Kernel(tasks: [[0, 0], [0, 0]]).classes == 6)
    #expect(Kernel(tasks: [[0, 1], [0, 1]]).classes == 4)
  }

  @Test func `every end of a race of actors is found in fewer schedules`() async throws {
    func ends(_ strategy: ExplorationStrategy) async throws -> (Set<Int>, Exploration) {
      let seen = Mutex<Set<Int>>([])
      let found = try await explore(schedules: 20_000, strategy: strategy) {
        let value = await twoIncrements()
        seen.withLock { _ = $0.insert(value) }
      }
      return (seen.withLock { $0 }, found)
    }
    let (all, exhaustive) = try await ends(.exhaustive)
    let (some, reduced) = try await ends(.reduced)
    #expect(all == [1, 2])
    #expect(some == all)
    #expect(exhaustive.isComplete && reduced.isComplete)
    #expect(reduced.schedules < exhaustive.schedules)
  }

  @Test func `philosophers who can get stuck do in a reduced exploration`() async {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 20_000, strategy: .reduced) { try await philosophers(2) }
    }
    guard case .deadlock? = failure?.reason else {
      Issue.record("another reason: \(String(describing: failure))")
      return
    }
  }
}

@Suite struct CoverageTests {
  @Test func `orders of steps that do not depend on one another count once`() async throws {
    let apart = try await explore(schedules: 200) { await Kernel(tasks: [[0, 0], [1, 1]]).run() }
    #expect(apart.schedules == 200)
    #expect(apart.distinctSchedules == 1)
    #expect(apart.unseen < 0.01)
    let together = try await explore(schedules: 200) {
      await Kernel(tasks: [[0, 0], [0, 0]]).run()
    }
    #expect(together.distinctSchedules == 6)
  }

  @Test func `what was seen once says how much is unseen`() async throws {
    let few = try await explore(schedules: 20) { try await mixture() }
    #expect(few.distinctSchedules == 20)
    #expect(few.unseen == 1)
    let many = try await explore(schedules: 500) { _ = await twoIncrements() }
    #expect(many.unseen < 0.05)
    #expect(many.schedulesPerSecond > 0)
    #expect(many.description.contains("500 schedules"), "\(many)")
  }

  @Test func `an exploration for a time ends when it is over`() async throws {
    let found = try await explore(for: .milliseconds(50)) { try await mixture() }
    #expect(found.schedules >= 1)
    let whole = try await explore(for: .seconds(3600), strategy: .reduced) {
      _ = await twoIncrements()
    }
    #expect(whole.isComplete)
  }
}
