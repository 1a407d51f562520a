/// The decisions of `RetryBudget`: pure, without a lock, a clock or a task.
///
/// Invariant: `0 <= tokens <= capacity`, in millionths of a retry.
/// Invariant: retries withdrawn <= reserve + ratio * deposits, because a token comes from nowhere else.
struct RetryBudgetState: Sendable {
  static let unit = 1_000_000

  let capacity: Int
  let ratio: Int
  private(set) var tokens: Int
  private(set) var withdrawn = 0
  private(set) var refused = 0

  init(reserve: Int, ratio: Double) {
    capacity = reserve * Self.unit
    self.ratio = Int((ratio * Double(Self.unit)).rounded())
    tokens = capacity
  }

  /// Whether a deposit would change nothing.
  var isFull: Bool { tokens == capacity }

  /// Counts a success.
  mutating func deposit() {
    tokens = min(capacity, tokens + ratio)
  }

  /// Pays for a retry; false if there is not enough.
  mutating func tryWithdraw() -> Bool {
    guard tokens >= Self.unit else {
      refused += 1
      return false
    }
    tokens -= Self.unit
    withdrawn += 1
    return true
  }
}
