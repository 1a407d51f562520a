import BakeryTesting
import Testing

@testable import Bakery

extension TraceTests {
  private final class LockRecorder: TraceSink {
    private let events = Guarded<[TraceEvent]>([])

    func record(_ event: TraceEvent) { events.withLock { $0.append(event) } }

    func kinds(of identity: ObjectIdentity) -> [TraceEvent.Kind] {
      events.withLock { $0 }.filter { $0.object == identity.number }.map(\.kind)
    }
  }

  @Test func `from level holders on the dump names who has a lock, at once or after a wait`()
    async throws
  {
    Trace.level = .holders
    defer { Trace.level = .off }
    try await simulate { _ in
      let mutex = AsyncMutex(0, name: "till")
      let lock = AsyncRWLock(0, name: "menu")
      try await withThrowingTaskGroup { group in
        for name in ["first", "second"] {
          group.addTask(name: name) {
            try await mutex.withLock { _ in try await sleep(until: .after(.seconds(2))) }
          }
          group.addTask(name: name) {
            try await lock.withWriteLock { _ in try await sleep(until: .after(.seconds(2))) }
          }
          await waitUntilIdle()
        }
        for (name, wait) in [("first", 1), ("second", 0)] {
          try await sleep(until: .after(.milliseconds(wait == 1 ? 1000 : 2000)))
          for snapshot in [mutex.snapshot(), lock.snapshot()] {
            #expect(snapshot.holders.map(\.task.name) == [name])
            #expect(snapshot.waiters.count == wait)
          }
          #expect(Trace.dump().contains("held by task \"\(name)\": lock(1) for 1.000 s"))
        }
        try await group.waitForAll()
      }
      #expect(mutex.snapshot().holders.isEmpty)
      #expect(lock.snapshot().holders.isEmpty)
    }
  }

  @Test func `events say when a lock is waited for, held, given back, and who gave up`()
    async throws
  {
    let recorder = LockRecorder()
    Trace.sink = recorder
    Trace.level = .events
    defer {
      Trace.level = .off
      Trace.sink = nil
    }
    try await simulate { _ in
      let mutex = AsyncMutex(0)
      let condition = AsyncCondition(of: mutex)
      let held = try await mutex.lock()
      async let wait: Void = {
        var lock = try await mutex.lock()
        try await condition.wait(&lock)
      }()
      await waitUntilIdle()
      held.unlock()
      await waitUntilIdle()
      condition.notifyOne()
      try await wait
      await #expect(throws: DeadlineExceeded.self) {
        try await mutex.withLock(when: { $0 > 0 }, deadline: .after(.seconds(1))) { _ in }
      }
      #expect(
        recorder.kinds(of: mutex.identity) == [
          .holding, .waiting, .done, .holding, .done, .holding, .done, .holding, .done, .waiting,
          .gaveUp,
        ]
      )
      #expect(recorder.kinds(of: condition.identity) == [.waiting, .done])
    }
  }
}
