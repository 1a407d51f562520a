/// A set of ASCII characters.
struct ASCIISet: Sendable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(_ characters: StaticString) {
    characters.withUTF8Buffer { for byte in $0 { insert(byte) } }
  }

  func contains(_ byte: UInt8) -> Bool {
    let half = byte < 64 ? low : high
    return byte < 128 && half &>> UInt64(byte) & 1 == 1
  }

  mutating func insert(_ byte: UInt8) {
    if byte < 64 { low |= 1 &<< UInt64(byte) } else { high |= 1 &<< UInt64(byte) }
  }

  func union(_ characters: StaticString) -> ASCIISet {
    let other = ASCIISet(characters)
    var union = self
    union.low |= other.low
    union.high |= other.high
    return union
  }
}

/// The sets of the URL standard.
///
/// Section 1.3 has those that are percent-encoded, section 3.2 those that no host may have.
extension ASCIISet {
  static let control: ASCIISet = {
    var set = ASCIISet("\u{7F}")
    for byte in UInt8(0)..<32 { set.insert(byte) }
    return set
  }()
  static let fragment = control.union(" \"<>`")
  static let query = control.union(" \"#<>")
  static let specialQuery = query.union("'")
  static let path = query.union("?^`{}")
  static let userinfo = path.union("/:;=@[\\]|")
  static let forbiddenInHost = ASCIISet("\0\t\n\r #/:<>?@[\\]^|")
  static let forbiddenInDomain = control.union(" #/:<>?@[\\]^|%")
}
