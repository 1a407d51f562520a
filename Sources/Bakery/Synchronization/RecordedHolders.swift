/// Who holds what, by token, for what was taken while holders are recorded.
struct RecordedHolders: Sendable {
  private var holders: [UInt64: Party] = [:]
  private var lastToken: UInt64 = 0

  /// In the order in which they were recorded.
  var parties: [Party] { holders.sorted { $0.key < $1.key }.map(\.value) }

  /// Notes a holder under a new token.
  mutating func record(_ party: Party) -> UInt64 {
    lastToken += 1
    holders[lastToken] = party
    return lastToken
  }

  /// Forgets a holder; 0 is nobody's token.
  mutating func remove(_ token: UInt64) {
    holders[token] = nil
  }
}
