import Bakery
import Testing

/// Mistakes of the programmer with supervisors; see `MisuseTests`.
@Suite struct SupervisorMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `an intensity below zero`() async {
    let restarts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Supervisor.Intensity(-1, within: .seconds(1))
    }
    expect("Supervisor.Intensity needs 0 restarts or more, got -1", in: restarts)
    let period = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Supervisor.Intensity(1, within: .zero - .seconds(1))
    }
    expect("Supervisor.Intensity needs a period of at least 0, got -1.0 seconds", in: period)
  }

  @Test func `a backoff with limits of its own`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await withSupervisor(backoff: .fixed(.zero).attempts(3), name: "x") { _ in }
    }
    expect("Supervisor \"x\"", in: result)
    expect("needs a backoff without attempts or duration", in: result)
  }

  @Test func `a negative stopTimeout`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await withSupervisor(stopTimeout: .zero - .seconds(1)) { _ in }
    }
    expect("needs a stopTimeout of at least 0, got -1.0 seconds", in: result)
  }
}
