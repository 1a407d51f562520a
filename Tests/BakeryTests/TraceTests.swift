import BakeryTesting
import Foundation
import Testing

@testable import Bakery

/// Levels are process-wide, so these tests run one after another.
@Suite(.serialized) struct TraceTests {
  private final class Recorder: TraceSink {
    private let events = Guarded<[TraceEvent]>([])

    func record(_ event: TraceEvent) { events.withLock { $0.append(event) } }

    func kinds(of identity: ObjectIdentity) -> [TraceEvent.Kind] {
      events.withLock { $0 }.filter { $0.object == identity.number }.map(\.kind)
    }
  }

  @Test
  func
    `a named object is in the dump from the start, another from its first wait, both until they end`()
    async throws
  {
    try await simulate { _ in
      do {
        let named = AsyncSemaphore(limit: 2, name: "in the dump at once")
        let unnamed = AsyncSemaphore(limit: 1)
        #expect(Trace.dump().contains("\(named.identity)"))
        #expect(!Trace.dump().contains("\(unnamed.identity)"))
        let permit = try await unnamed.acquire()
        async let waits: Void = unnamed.withPermit {}
        await waitUntilIdle()
        #expect(Trace.dump().contains("\(unnamed.identity)"))
        permit.release()
        try await waits
      }
      // A dump that another test takes right now may hold it a moment longer.
      var dumps = 0
      while Trace.dump().contains("in the dump at once"), dumps < 100 { dumps += 1 }
      #expect(dumps < 100)
    }
  }

  @Test func `the dump names waiters with task, request and time`() async throws {
    try await simulate { clock in
      let semaphore = AsyncSemaphore(limit: 3, name: "ovens")
      try await withThrowingTaskGroup { group in
        let permit = try await semaphore.acquire(3)
        group.addTask(name: "baker") { try await semaphore.withPermit(2) {} }
        await waitUntilIdle()
        try await sleep(until: .after(.seconds(4)))
        let dump = Trace.dump()
        #expect(dump.contains("limit 3, available 0, waiting 1"))
        #expect(dump.contains("awaited by task \"baker\": acquire(2) for 4.000 s"))
        permit.release()
        try await group.waitForAll()
      }
    }
  }

  @Test func `channel waiters are named by side`() async throws {
    try await simulate { _ in
      let channel = Channel<Int>(capacity: 0, name: "orders")
      let receiver = channel.receiver
      try await withThrowingTaskGroup { group in
        group.addTask(name: "cook") { _ = try await receiver.receive() }
        await waitUntilIdle()
        #expect(Trace.dump().contains("awaited by task \"cook\": receive(1)"))
        try await channel.sender.send(1)
        try await group.waitForAll()
      }
    }
  }

  @Test func `from level holders on the dump names who holds permits`() async throws {
    Trace.level = .holders
    defer { Trace.level = .off }
    try await simulate { _ in
      let semaphore = AsyncSemaphore(limit: 2, name: "held")
      try await withThrowingTaskGroup { group in
        group.addTask(name: "holder") {
          try await semaphore.withPermit(2) { try await sleep(until: .after(.seconds(2))) }
        }
        group.addTask(name: "next") {
          try await sleep(until: .after(.seconds(1)))
          try await semaphore.withPermit { try await sleep(until: .after(.seconds(2))) }
        }
        try await sleep(until: .after(.milliseconds(1500)))
        #expect(semaphore.snapshot().holders.map(\.task.name) == ["holder"])
        #expect(Trace.dump().contains("held by task \"holder\": acquire(2) for 1.500 s"))
        try await sleep(until: .after(.seconds(1)))
        #expect(semaphore.snapshot().holders.map(\.task.name) == ["next"])
        try await group.waitForAll()
      }
      #expect(semaphore.snapshot().holders.isEmpty)
      #expect(semaphore.snapshot()["available"] == 2)
    }
  }

  @Test func `permits taken before the level changed are given back all the same`() async throws {
    let semaphore = AsyncSemaphore(limit: 2)
    let early = try await semaphore.acquire()
    Trace.level = .holders
    let late = try await semaphore.acquire()
    early.release()
    Trace.level = .off
    late.release()
    #expect(semaphore.snapshot()["available"] == 2)
    #expect(semaphore.snapshot().holders.isEmpty)
  }

  @Test
  func `at level events a sink hears of waiting, holding and done, and of what channels move`()
    async throws
  {
    let recorder = Recorder()
    Trace.sink = recorder
    Trace.level = .events
    defer {
      Trace.level = .off
      Trace.sink = nil
    }
    try await simulate { _ in
      let semaphore = AsyncSemaphore(limit: 1)
      let permit = try await semaphore.acquire()
      async let waits: Void = semaphore.withPermit {}
      await waitUntilIdle()
      permit.release()
      try await waits
      semaphore.close()
      let expected: [TraceEvent.Kind] = [.holding, .waiting, .done, .holding, .done, .closed]
      #expect(recorder.kinds(of: semaphore.identity) == expected)

      let channel = Channel<Int>(capacity: 1)
      try await channel.sender.send(1)
      _ = try await channel.receiver.receive()
      await #expect(throws: DeadlineExceeded.self) {
        try await channel.receiver.receive(deadline: .after(.seconds(1)))
      }
      channel.sender.close()
      let moved: [TraceEvent.Kind] = [.sent, .received, .waiting, .gaveUp, .closed]
      #expect(recorder.kinds(of: channel.sender.snapshot().identity) == moved)
    }
  }

  @Test func `what a sink does with Bakery's objects is not reported to it`() async throws {
    final class Forwarder: TraceSink {
      let channel = Channel<TraceEvent>(capacity: 10_000)
      let heardOfItself = Guarded(false)

      func record(_ event: TraceEvent) {
        let own = channel.sender.snapshot().identity.number
        if event.object == own { heardOfItself.withLock { $0 = true } }
        try? channel.sender.trySend(event)
      }
    }
    let forwarder = Forwarder()
    let semaphore = AsyncSemaphore(limit: 1)
    Trace.sink = forwarder
    Trace.level = .events
    try await semaphore.withPermit {}
    Trace.level = .off
    Trace.sink = nil
    var kinds: [TraceEvent.Kind] = []
    while let event = forwarder.channel.receiver.tryReceive() {
      if event.object == semaphore.identity.number { kinds.append(event.kind) }
    }
    #expect(kinds == [.holding, .done])
    #expect(!forwarder.heardOfItself.withLock { $0 })
  }

  @Test func `a sink may look at the trace while it goes`() {
    final class Curious: TraceSink {
      func record(_ event: TraceEvent) {}
      deinit { _ = Trace.level }
    }
    Trace.sink = Curious()
    Trace.sink = nil
    #expect(Trace.sink == nil)
  }

  @Test func `a dump on a signal comes from a thread of its own`() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let semaphore = AsyncSemaphore(limit: 2, name: "signalled")
      Trace.dumpOnSignal()
      Trace.dumpOnSignal()
      try await semaphore.withPermit {
        kill(getpid(), SIGUSR1)
        // Real time passes here, because the thread that writes is a real one.
        try await sleep(until: .after(.seconds(1)))
      }
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains("AsyncSemaphore \"signalled\""), "printed: \(output)")
    #expect(output.contains("limit 2, available 1"))
  }

  @Test func `objects that are gone do not pile up in the registry`() async throws {
    for _ in 0..<1000 { _ = AsyncSemaphore(limit: 1, name: "short-lived") }
    #expect(!Trace.snapshots().contains { $0.identity.name == "short-lived" })
  }
}
