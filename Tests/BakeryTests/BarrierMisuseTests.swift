import Bakery
import Testing

/// Mistakes of the programmer with barriers; see `MisuseTests`.
@Suite struct BarrierMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a barrier without parties`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AsyncBarrier(parties: 0)
    }
    expect("AsyncBarrier needs 1 to 2147483647 parties, got 0", in: result)
  }

  @Test func `arriving and leaving after all have left`() async {
    let arrival = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let barrier = AsyncBarrier(parties: 1, name: "x")
      barrier.leave()
      try await barrier.arriveAndWait()
    }
    expect("AsyncBarrier \"x\"", in: arrival)
    expect("arriveAndWait after all parties have left", in: arrival)
    let departure = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let barrier = AsyncBarrier(parties: 1)
      barrier.leave()
      barrier.leave()
    }
    expect("leave after all parties have left", in: departure)
  }
}
