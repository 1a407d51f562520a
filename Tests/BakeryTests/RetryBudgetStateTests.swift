import Testing

@testable import Bakery

@Suite struct RetryBudgetStateTests {
  /// How many of so many retries are paid for.
  private func granted(_ tries: Int, from state: inout RetryBudgetState) -> Int {
    (0..<tries).count { _ in state.tryWithdraw() }
  }

  @Test func `the reserve is there from the start, and no more than it`() {
    var state = RetryBudgetState(reserve: 3, ratio: 0.5)
    for _ in 0..<9 { state.deposit() }
    #expect(state.isFull)
    #expect(granted(5, from: &state) == 3)
    #expect(state.withdrawn == 3)
    #expect(state.refused == 2)
  }

  @Test func `successes earn their part of a retry, to the millionth`() {
    var state = RetryBudgetState(reserve: 2, ratio: 0.1)
    #expect(granted(5, from: &state) == 2)
    for _ in 0..<9 { state.deposit() }
    #expect(granted(1, from: &state) == 0)
    state.deposit()
    #expect(granted(2, from: &state) == 1)
    var never = RetryBudgetState(reserve: 1, ratio: 0)
    #expect(granted(1, from: &never) == 1)
    for _ in 0..<1000 { never.deposit() }
    #expect(granted(1, from: &never) == 0)
  }

  @Test func `the largest budget does not overflow`() {
    var state = RetryBudgetState(reserve: 1_000_000_000, ratio: 1)
    state.deposit()
    #expect(state.isFull)
    #expect(granted(1, from: &state) == 1)
    #expect(!state.isFull)
  }

  @Test func `retries never exceed the reserve and what was earned, in 100,000 random calls`() {
    var random = SeededRandom(seed: 11).generator
    for _ in 0..<100 {
      let reserve = Int.random(in: 1...20, using: &random)
      let ratio = Double(Int.random(in: 0...10, using: &random)) / 10
      var state = RetryBudgetState(reserve: reserve, ratio: ratio)
      var deposits = 0
      for _ in 0..<1000 {
        if Bool.random(using: &random) {
          state.deposit()
          deposits += 1
        } else {
          _ = state.tryWithdraw()
        }
        #expect(Double(state.withdrawn) <= Double(reserve) + ratio * Double(deposits) + 1e-6)
        #expect((0...state.capacity).contains(state.tokens))
      }
    }
  }
}
