import Bakery
import BakeryTesting

/// Something that fails in some orders, to compare how soon strategies find one.
struct HuntedKernel: Sendable {
  let name: String
  let body: @concurrent @Sendable () async throws -> Void
}

struct Found: Error {}

actor Cell {
  var value = 0
  func set(_ new: Int) { value = new }
}

/// The kernels of the tests, and some of the field that are larger.
let kernels =
  failingKernels.map { kernel in HuntedKernel(name: kernel.name) { try await kernel.run() } } + [
    HuntedKernel(name: "lost update of an actor") {
      let cell = Cell()
      let tasks = (0..<2).map { _ in Task { await cell.set(await cell.value + 1) } }
      for task in tasks { await task.value }
      if await cell.value != 2 { throw Found() }
    },
    HuntedKernel(name: "reorder 3") { try await reorder(3) },
    HuntedKernel(name: "reorder 10") { try await reorder(10) },
    HuntedKernel(name: "philosophers 5") { try await philosophers(5) },
    HuntedKernel(name: "philosophers 7") { try await philosophers(7) },
    HuntedKernel(name: "late start 10") { try await lateStart(10) },
    HuntedKernel(name: "late start 40") { try await lateStart(40) },
  ]

/// Many write two actors in turn; the reader must not see the second written and the first not.
@concurrent private func reorder(_ count: Int) async throws {
  let (left, right) = (Cell(), Cell())
  var tasks: [Task<Bool, Never>] = []
  for _ in 0..<count {
    tasks.append(
      Task {
        await left.set(1)
        await right.set(-1)
        return true
      }
    )
  }
  tasks.append(
    Task {
      let seen = (await left.value, await right.value)
      return seen == (0, 0) || seen == (1, -1)
    }
  )
  for task in tasks where await !task.value { throw Found() }
}

/// One task must be left waiting while all others go through all their steps.
@concurrent private func lateStart(_ steps: Int) async throws {
  let cell = Cell()
  let load = Task { await cell.set(1) }
  let serve = Task {
    for _ in 0..<steps { await Task.yield() }
    return await cell.value == 1
  }
  await load.value
  if await !serve.value { throw Found() }
}
