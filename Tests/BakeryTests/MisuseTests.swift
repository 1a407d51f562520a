import Bakery
import Testing

/// Mistakes of the programmer stop the program with the type, the rule and the value, in release builds too.
@Suite struct MisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a semaphore without permits`() async {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AsyncSemaphore(limit: 0)
    }
    expect("AsyncSemaphore needs a limit of 1 to 2147483647, got 0", in: zero)
    let huge = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AsyncSemaphore(limit: 1).resize(to: .max)
    }
    expect("got 9223372036854775807", in: huge)
  }

  @Test func `a request for no permits or fewer`() async {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await AsyncSemaphore(limit: 1, name: "x").acquire(0)
    }
    expect("acquire needs a count of at least 1, got 0", in: zero)
    let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AsyncSemaphore(limit: 1).tryAcquire(-2)
    }
    expect("tryAcquire needs a count of at least 1, got -2", in: negative)
  }

  @Test func `a channel of negative capacity`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Channel<Int>(capacity: -1)
    }
    expect("Channel needs a capacity of 0 to 2147483647, got -1", in: result)
  }

  @Test func `a gather that is to end after no success`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await gather(0..<3, width: 2, policy: .successes(0)) { $0 }
    }
    expect("GatherPolicy.successes needs at least 1, got 0", in: result)
  }

  @Test func `a gather of width 0`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await gather(0..<3, width: 0) { $0 }
    }
    expect("gather needs a width of at least 1, got 0", in: result)
    let overTime = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await gather(Channel<Int>(capacity: 1).receiver, width: 0) { $0 }
    }
    expect("gather needs a width of at least 1, got 0", in: overTime)
  }

  @Test func `a stream of width 0`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await gatherStream(0..<3, width: 0) {
        $0
      } consume: {
        for try await _ in $0 {}
      }
    }
    expect("gatherStream needs a width of at least 1, got 0", in: result)
  }

  @Test func `a stream with a policy that has enough`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await gatherStream(0..<3, width: 1, policy: .firstSuccess) {
        $0
      } consume: {
        for try await _ in $0 {}
      }
    }
    expect("gatherStream takes the policies .failFast and .collect", in: result)
  }

  @Test func `a signal that does not exist`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Trace.dumpOnSignal(9999)
    }
    expect("cannot listen to signal 9999", in: result)
  }
}
