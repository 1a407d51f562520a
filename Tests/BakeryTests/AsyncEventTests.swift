import Bakery
import BakeryTesting
import Testing

private actor Log {
  private(set) var lines: [String] = []
  func add(_ line: String) { lines.append(line) }
}

@Suite struct AsyncEventTests {
  @Test func `setting lets everybody go on who waits`() async throws {
    try await underBoth(seeds: 0..<50) { _ in
      let event = AsyncEvent()
      let woken = Log()
      try await withThrowingTaskGroup { group in
        for name in ["a", "b", "c"] {
          group.addTask {
            try await event.wait()
            #expect(event.isSet)
            await woken.add(name)
          }
          await waitUntilIdle()
        }
        #expect(!event.isSet)
        let operations = event.snapshot().waiters.map(\.operation.description)
        #expect(operations == ["wait", "wait", "wait"])
        #expect(event.set())
        try await group.waitForAll()
      }
      // Who runs first among those who were woken is the executor's choice.
      #expect(Set(await woken.lines) == ["a", "b", "c"])
      #expect(event.snapshot()["waiting"] == 0)
      #expect(event.snapshot()["set"] == 1)
    }
  }

  @Test func `once set it stays set, and no wait waits`() async throws {
    let event = AsyncEvent(name: "once")
    #expect(event.set())
    #expect(!event.set())
    #expect(event.isSet)
    try await event.wait()
    try await event.wait(deadline: Deadline(nanoseconds: 0))
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await event.wait()
    }
    try await cancelled.value
  }

  @Test func `a deadline ends the wait at its instant`() async throws {
    try await underBoth { clock in
      let event = AsyncEvent(name: "ready")
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await event.wait(deadline: .after(.seconds(5)))
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("wait on AsyncEvent \"ready\"") == true)
      #expect(event.snapshot()["waiting"] == 0)
      async let waits: Void = event.wait(deadline: .after(.seconds(5)))
      await waitUntilIdle()
      event.set()
      try await waits
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `a named event is in the dump with its waiters`() async throws {
    try await underBoth { _ in
      let event = AsyncEvent(name: "an event in a dump")
      #expect(Trace.dump().contains("AsyncEvent \"an event in a dump\""))
      async let waits: Void = event.wait()
      await waitUntilIdle()
      let picture = Trace.snapshots().first { $0.identity.number == event.identity.number }
      #expect(picture?.waiters.count == 1)
      event.set()
      try await waits
    }
  }

  @Test func `cancelled at every suspension, the others go on`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let event = AsyncEvent()
      async let others: [Void] = gather(0..<3, width: 3) { _ in try await event.wait() }
      async let sets: Void = {
        await Task.yield()
        event.set()
      }()
      do {
        try await victim.run {
          await Task.yield()
          try await event.wait()
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      await sets
      #expect(event.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 40)
  }

  @Test func `on real threads nobody sleeps through it and writes before it are seen`() async throws
  {
    for round in 0..<200 {
      let event = AsyncEvent()
      let cell = Cell()
      try await withThrowingTaskGroup { group in
        for index in 0..<6 {
          group.addTask {
            let task = Task {
              try await event.wait()
              return cell.value
            }
            if index.isMultiple(of: 3) { task.cancel() }
            if case .success(let value) = await task.result { #expect(value == round) }
          }
        }
        group.addTask {
          cell.value = round
          #expect(event.set())
        }
        try await group.waitForAll()
      }
      #expect(event.snapshot()["waiting"] == 0)
    }
  }
}

/// A plain variable, so that the thread sanitizer sees whether the event orders its accesses.
// Safe because each test orders the accesses by the primitive that it tests.
final class Cell: @unchecked Sendable {
  var value = -1
}
