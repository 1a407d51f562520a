import Bakery
import BakeryTesting
import Testing

@Suite struct ScopedBodyTests {
  @Test(arguments: [nil, "named"])
  func `the body keeps the executor of its task, whatever that is called`(
    name: String?
  ) async throws {
    try await underBoth { clock in
      try await withThrowingTaskGroup { group in
        group.addTask(name: name) {
          for second in 1...3 {
            try await withDeadline(in: .seconds(60)) {
              #expect(withUnsafeCurrentTask { $0?.unownedTaskExecutor != nil })
              #expect(Task.name == name)
              try await sleep(until: .after(.seconds(1)))
            }
            #expect(clock.now.nanoseconds == Int64(second) * 1_000_000_000)
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
