import BakeryTesting
import Testing

@testable import Bakery

private struct Failed: Error {}

private final class Recorder: TraceSink {
  private let events = Guarded<[TraceEvent]>([])

  func record(_ event: TraceEvent) { events.withLock { $0.append(event) } }

  func kinds(of identity: ObjectIdentity) -> [TraceEvent.Kind] {
    events.withLock { $0 }.filter { $0.object == identity.number }.map(\.kind)
  }
}

/// What a sink hears of events, latches, barriers and values; here because levels are process-wide.
extension TraceTests {
  private func listen(_ body: (Recorder) async throws -> Void) async throws {
    let recorder = Recorder()
    Trace.sink = recorder
    Trace.level = .events
    defer {
      Trace.level = .off
      Trace.sink = nil
    }
    try await body(recorder)
  }

  @Test func `a sink hears of waits for an event and a latch, and who ended them`() async throws {
    try await listen { recorder in
      try await simulate { _ in
        let event = AsyncEvent()
        async let waits: Void = event.wait()
        await waitUntilIdle()
        event.set()
        event.set()
        try await waits
        try await event.wait()
        #expect(recorder.kinds(of: event.identity) == [.waiting, .done, .holding, .holding])

        let latch = AsyncLatch(count: 2)
        latch.countDown()
        await #expect(throws: DeadlineExceeded.self) { try await latch.wait(deadline: .now) }
        try await latch.arriveAndWait()
        #expect(recorder.kinds(of: latch.identity) == [.done, .waiting, .gaveUp, .done, .holding])
      }
    }
  }

  @Test func `a sink hears who arrives at a barrier and who leaves`() async throws {
    try await listen { recorder in
      try await simulate { _ in
        let barrier = AsyncBarrier(parties: 2)
        async let other = barrier.arriveAndWait()
        await waitUntilIdle()
        try await barrier.arriveAndWait()
        _ = try await other
        barrier.leave()
        let kinds = recorder.kinds(of: barrier.identity)
        #expect(kinds == [.waiting, .holding, .holding, .done])
      }
    }
  }

  @Test func `a sink hears who computes a value, who waits for it and who gets it`() async throws {
    try await listen { recorder in
      try await simulate { _ in
        let once = AsyncOnce<Int>()
        async let leader: Int? = try? once.value {
          try await sleep(until: .after(.seconds(1)))
          throw Failed()
        }
        await waitUntilIdle()
        let value = try await once.value { 2 }
        #expect(await leader == nil)
        #expect(try await once.value { 3 } == value)
        let kinds = recorder.kinds(of: once.identity)
        #expect(kinds == [.holding, .waiting, .done, .holding, .done, .holding])
      }
    }
  }
}
