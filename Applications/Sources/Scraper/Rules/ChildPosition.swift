extension CSSScanner {
  /// Takes what stands in the parentheses of `:nth-child()`: An+B as in CSS Syntax Level 3 §6.
  ///
  /// - Throws: `ExpressionError` when it is something else.
  mutating func childPosition() throws(ExpressionError) -> CSSSelector.ChildPosition {
    let expected = "odd, even, a number or something like 2n+1"
    if isAtIdentifier {
      var copy = self
      let word = copy.name().asciiLowercased
      if word == "odd" || word == "even" {
        self = copy
        return .init(step: 2, offset: word == "odd" ? 1 : 0)
      }
    }
    let sign = takeSign() ?? 1
    let number = digits()
    guard take("n") || take("N") else {
      guard let number else { throw error(expected: expected) }
      return .init(step: 0, offset: sign * number)
    }
    let step = sign * (number ?? 1)
    skipSpace()
    guard let offsetSign = takeSign() else { return .init(step: step, offset: 0) }
    skipSpace()
    guard let offset = digits() else { throw error(expected: "a number") }
    return .init(step: step, offset: offsetSign * offset)
  }

  private mutating func takeSign() -> Int? {
    take("+") ? 1 : take("-") ? -1 : nil
  }
}
