import Bakery
import BakeryTesting
import Testing

@Suite struct CancelScopeTests {
  struct Failed: Error, Equatable {}

  @Test func `cancelling ends all bodies inside with the reason, and nothing outside`() async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let scope = CancelScope(name: "session")
      async let both = gather(0..<2, width: 2, policy: .collect) { _ in
        try await scope.run { try await sleep(until: .never) }
      }
      async let other: Void = sleep(until: .after(.seconds(3)))
      await waitUntilIdle()
      #expect(scope.snapshot()["running"] == 2)
      #expect(scope.reason == nil)
      scope.cancel(reason: "the user has left")
      scope.cancel(reason: "another reason")
      for result in try await both {
        let error = #expect(throws: ScopeCancelled.self) { try result.get() }
        #expect(error?.reason == "the user has left")
        #expect(error?.scope.contains("session") == true)
      }
      #expect(scope.reason == "the user has left")
      #expect(!Task.isCancelled)
      #expect(scope.snapshot()["running"] == 0)
      #expect(scope.snapshot()["cancelled"] == 1)
      try await other
      #expect(clock.now == Deadline(nanoseconds: 3_000_000_000))
    }
  }

  @Test func `a body that begins after the cancellation runs cancelled`() async throws {
    let scope = CancelScope()
    scope.cancel(reason: "too late")
    let seen = try await scope.run { Task.isCancelled }
    #expect(seen)
    await #expect(throws: ScopeCancelled.self) {
      try await scope.run { try Task.checkCancellation() }
    }
  }

  @Test func `a body that ignores its cancellation is awaited, and its value counts`() async throws
  {
    try await simulate(seeds: 0..<20) { clock in
      let scope = CancelScope()
      let gate = StubbornGate()
      async let value = scope.run {
        await gate.wait()
        return Task.isCancelled
      }
      await waitUntilIdle()
      scope.cancel(reason: "test")
      try await sleep(until: .after(.seconds(2)))
      #expect(scope.snapshot()["running"] == 1)
      gate.open()
      #expect(try await value)
    }
  }

  @Test func `an error of the body's own and a cancellation of the caller are passed on`()
    async throws
  {
    try await simulate { _ in
      let scope = CancelScope()
      await #expect(throws: Failed.self) { try await scope.run { throw Failed() } }
      await #expect(throws: CancellationError.self) {
        try await scope.run { throw CancellationError() }
      }
      await #expect(throws: DeadlineExceeded.self) {
        try await withDeadline(in: .seconds(1)) {
          try await scope.run { try await sleep(until: .never) }
        }
      }
      #expect(!scope.isCancelled)
    }
  }

  @Test func `scopes nest: the outer one cancels the inner one's body`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let outer = CancelScope(name: "outer")
      let inner = CancelScope(name: "inner")
      async let nested: Void = outer.run {
        try await inner.run { try await sleep(until: .never) }
      }
      await waitUntilIdle()
      outer.cancel(reason: "all")
      do {
        try await nested
        Issue.record("the body went on")
      } catch let error as ScopeCancelled {
        #expect(error.scope.contains("outer"))
      }
      #expect(!inner.isCancelled)
      #expect(inner.snapshot()["running"] == 0)
    }
  }

  @Test func `cancelled at every suspension, no body stays behind`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<10) { victim in
      let scope = CancelScope()
      do {
        try await victim.run {
          try await scope.run { try await sleep(until: .after(.seconds(1))) }
        }
      } catch {
        #expect(error is CancellationError)
      }
      #expect(scope.snapshot()["running"] == 0)
    }
    #expect(cancelled >= 10)
  }

  @Test func `on real threads bodies end while their scope is cancelled`() async throws {
    for _ in 0..<50 {
      let scope = CancelScope()
      async let ends = gather(0..<40, width: 8, policy: .collect) { item in
        try await scope.run {
          for _ in 0..<item { await Task.yield() }
          try Task.checkCancellation()
        }
      }
      await Task.yield()
      scope.cancel(reason: "test")
      for result in try await ends {
        if case .failure(let error) = result { #expect(error is ScopeCancelled) }
      }
      #expect(scope.snapshot()["running"] == 0)
    }
  }
}
