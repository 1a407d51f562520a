import Bakery
import Testing

/// Mistakes of the programmer with schedules and budgets; see `MisuseTests`.
@Suite struct RetryMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a negative delay`() async {
    let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule.fixed(.zero - .seconds(1))
    }
    expect("Schedule needs a delay of at least 0, got -1.0 seconds", in: first)
    let maximum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule.decorrelated(from: .zero, upTo: .zero - .seconds(1))
    }
    expect("Schedule needs a maximum for its delays of at least 0, got -1.0 seconds", in: maximum)
  }

  @Test func `a factor that shrinks, or is none`() async {
    let half = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule.exponential(from: .zero, upTo: .zero, factor: 0.5)
    }
    expect("Schedule.exponential needs a finite factor of at least 1, got 0.5", in: half)
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule.exponential(from: .zero, upTo: .zero, factor: .nan)
    }
    expect("got nan", in: none)
  }

  @Test func `no attempts`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule.fixed(.zero).attempts(0)
    }
    expect("Schedule.attempts needs a count of at least 1, got 0", in: result)
  }

  @Test func `a budget without reserve, or that earns more than it sees`() async {
    let reserve = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryBudget(reserve: 0)
    }
    expect("RetryBudget needs a reserve of 1 to 1000000000, got 0", in: reserve)
    let ratio = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryBudget(reserve: 1, ratio: 1.5)
    }
    expect("RetryBudget needs a ratio of 0 to 1, got 1.5", in: ratio)
  }
}
