/// A state of which the part that fast paths change lies in an atomic word.
///
/// While the word's lowest bit is set, everybody goes through the state, and only the holder of its lock changes the word.
protocol WordState {
  /// That part, with the lowest bit 0.
  var word: Int { get set }
  /// Whether newcomers and releases have to go through the state.
  var needsAttention: Bool { get }
  /// How many tasks wait.
  var waiting: Int { get }
}

extension Guarded where Value: WordState {
  /// Takes `word` away from the fast paths, lets `body` decide, and gives it back unless tasks wait.
  func withLock<Success>(
    taking word: borrowing Word,
    telling spinner: borrowing Spinner,
    _ body: (inout Value) -> sending Success
  ) -> sending Success {
    withLock { state in
      state.word = word.setBits(1) & ~1
      let waiting = state.waiting
      defer { word.store(state.word | (state.needsAttention ? 1 : 0)) }
      let result = body(&state)
      if state.waiting < waiting { spinner.didDecide() }
      return result
    }
  }
}
