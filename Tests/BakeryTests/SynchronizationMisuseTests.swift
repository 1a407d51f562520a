import Bakery
import Testing

/// Mistakes with locks that would otherwise wait for ever, or break what the lock protects.
@Suite struct SynchronizationMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a wait with the lock of another mutex`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let condition = AsyncCondition(of: AsyncMutex(0, name: "mine"), name: "ready")
      var lock = try await AsyncMutex(0, name: "other").lock()
      try await condition.wait(&lock)
    }
    expect("AsyncCondition \"ready\"", in: result)
    expect("waits with a lock of AsyncMutex \"other\"", in: result)
    expect("belongs to AsyncMutex \"mine\"", in: result)
  }

  // Who is inside is known in debug builds only.
  #if DEBUG
  @Test func `a mutex locked again inside its own scope`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let mutex = AsyncMutex(0, name: "accounts")
      try await mutex.withLock { _ in
        try await mutex.withLock { $0 += 1 }
      }
    }
    expect("AsyncMutex \"accounts\"", in: result)
    expect("do not lock it again inside its own scope", in: result)
  }

  @Test func `a reader that wants to write inside its read scope`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = AsyncRWLock(0, name: "routes")
      try await lock.withReadLock { before in
        try await lock.withWriteLock { $0 = before + 1 }
      }
    }
    expect("AsyncRWLock \"routes\"", in: result)
    expect("leave the read scope and look again under the write lock", in: result)
  }
  #endif
}
