import Bakery
import Testing

/// Mistakes in the use of the channel kinds stop the program with the type, the rule and the value.
@Suite struct ChannelsMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a broadcast that keeps nothing`() async {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Broadcast<Int>(capacity: 0)
    }
    expect("Broadcast needs a capacity of 1 to 2147483647, got 0", in: zero)
    let huge = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Broadcast<Int>(capacity: .max)
    }
    expect("got 9223372036854775807", in: huge)
  }

  @Test func `a receiver that wants no element`() async {
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await Channel<Int>(capacity: 1, name: "crumbs").receiver.receive(upTo: 0)
    }
    expect("receive needs a count of at least 1, got 0", in: none)
  }

  @Test func `a select without clauses`() async {
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await select { for _ in 0..<0 { sleeping(until: .never) {} } }
    }
    expect("select needs at least one clause, without any it would wait for ever", in: none)
    let permits = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await select { AsyncSemaphore(limit: 1, name: "x").acquiring(0) { _ in } }
    }
    expect("acquiring needs a count of at least 1, got 0", in: permits)
  }

  @Test func `a place in a channel that has none`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Channel<Int>(capacity: 0, name: "crumbs").sender.tryReserve()
    }
    expect("reserve needs a capacity of at least 1", in: result)
  }
}
