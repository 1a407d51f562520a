import Bakery
import Testing

/// Mistakes of the programmer with latches and their like; see `MisuseTests`.
@Suite struct LatchMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a latch of a negative count`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AsyncLatch(count: -1)
    }
    expect("AsyncLatch needs a count of at least 0, got -1", in: result)
  }

  @Test func `counting a latch below zero`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let latch = AsyncLatch(count: 3, name: "tiles")
      latch.countDown()
      latch.countDown(by: 3)
    }
    expect("AsyncLatch \"tiles\"", in: result)
    expect("countDown(by: 3) goes below zero, only 2 remain", in: result)
  }

  @Test func `counting a latch up`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AsyncLatch(count: 3).countDown(by: -2)
    }
    expect("countDown needs a number of at least 0, got -2", in: result)
  }
}
