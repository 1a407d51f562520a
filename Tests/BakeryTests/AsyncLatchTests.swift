import Bakery
import BakeryTesting
import Testing

@Suite struct AsyncLatchTests {
  @Test func `nobody goes on before the count is zero, and everybody then`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let latch = AsyncLatch(count: 5)
      let through = Gauge()
      try await withThrowingTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            try await latch.wait()
            #expect(latch.remaining == 0)
            through.enter()
          }
        }
        await waitUntilIdle()
        #expect(latch.snapshot()["waiting"] == 3)
        for seconds in 1...5 {
          group.addTask {
            try await sleep(until: .after(.seconds(seconds)))
            #expect(through.now == 0)
            latch.countDown()
          }
        }
        try await group.waitForAll()
      }
      #expect(through.now == 3)
      #expect(clock.now.nanoseconds == 5_000_000_000)
      try await latch.wait()
    }
  }

  @Test func `a count of zero is open, and counting by zero changes nothing`() async throws {
    let latch = AsyncLatch(count: 0)
    try await latch.wait()
    latch.countDown(by: 0)
    let other = AsyncLatch(count: 7)
    other.countDown(by: 0)
    other.countDown(by: 4)
    #expect(other.remaining == 3)
    #expect(other.snapshot()["count"] == 7)
  }

  @Test func `tasks that arrive and wait all go on when the last one arrives`() async throws {
    try await underBoth(seeds: 0..<50) { clock in
      let latch = AsyncLatch(count: 4)
      _ = try await gather(1...4, width: 4) { seconds in
        try await sleep(until: .after(.seconds(seconds)))
        try await latch.arriveAndWait()
        #expect(clock.now.nanoseconds == 4_000_000_000)
      }
      #expect(latch.snapshot()["waiting"] == 0)
    }
  }

  @Test func `an arrival that gives up waiting stays counted`() async throws {
    try await underBoth { clock in
      let latch = AsyncLatch(count: 2, name: "both")
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await latch.arriveAndWait(deadline: .after(.seconds(5)))
      }
      #expect(clock.now.nanoseconds == 5_000_000_000)
      #expect(error?.description.contains("arriveAndWait on AsyncLatch \"both\"") == true)
      #expect(latch.remaining == 1)
      // The last one does not wait, so it needs no time.
      try await latch.arriveAndWait(deadline: Deadline(nanoseconds: 0))
      #expect(clock.nextDeadline == nil)
    }
  }

  @Test func `cancelled at every suspension, the count is right and the others go on`() async throws
  {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let latch = AsyncLatch(count: 4)
      async let others: [Void] = gather(0..<3, width: 3) { _ in try await latch.arriveAndWait() }
      do {
        try await victim.run {
          latch.countDown()
          await Task.yield()
          try await latch.wait()
        }
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      _ = try await others
      #expect(latch.remaining == 0)
      #expect(latch.snapshot()["waiting"] == 0)
    }
    #expect(cancelled >= 40)
  }

  @Test func `on real threads every count counts once, and writes before it are seen`() async throws
  {
    for _ in 0..<200 {
      let latch = AsyncLatch(count: 8)
      let cells = (0..<8).map { _ in Cell() }
      await withTaskGroup { group in
        for (index, cell) in cells.enumerated() {
          group.addTask {
            cell.value = index
            let task = Task { try await latch.arriveAndWait() }
            if index.isMultiple(of: 3) { task.cancel() }
            guard case .success = await task.result else { return }
            #expect(cells.map(\.value) == Array(0..<8))
          }
        }
      }
      #expect(latch.remaining == 0)
      #expect(latch.snapshot()["waiting"] == 0)
    }
  }
}
