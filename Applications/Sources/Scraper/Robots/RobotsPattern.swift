/// The path of an `allow` or `disallow` line, with its wildcards (RFC 9309, section 2.2.3).
///
/// `*` stands for any octets, and `$` at the end for the end of the URL.
struct RobotsPattern: Sendable {
  /// What stands between the stars; one piece if there is no star.
  private let pieces: [[RobotsOctet]]
  private let isAnchored: Bool
  /// How specific the pattern is: its octets and wildcards.
  let length: Int

  init(_ text: ArraySlice<UInt8>) {
    isAnchored = text.last == UInt8(ascii: "$")
    pieces = (isAnchored ? text.dropLast() : text)
      .split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
      .map(RobotsOctet.decode)
    length = pieces.reduce(pieces.count - 1) { $0 + $1.count } + (isAnchored ? 1 : 0)
  }

  /// Whether `target` begins with this pattern, or is all of it if the pattern ends in `$`.
  ///
  /// Each piece is taken at its first place behind the piece before. It need not be looked for
  /// again: the star in front of the next piece stands for whatever is skipped.
  ///
  /// - Complexity: O(*m* × *n*) for *m* octets of pattern and *n* of target, however many stars.
  func matches(_ target: RobotsTarget) -> Bool {
    var rest = target.octets[...]
    guard rest.begins(with: pieces[0]) else { return false }
    rest = rest.dropFirst(pieces[0].count)
    guard pieces.count > 1, let last = pieces.last else { return !isAnchored || rest.isEmpty }
    for piece in pieces.dropFirst().dropLast() {
      guard rest.skip(past: piece) else { return false }
    }
    guard isAnchored else { return rest.skip(past: last) }
    return rest.count >= last.count && rest.suffix(last.count).begins(with: last)
  }
}

/// The path and query of a URL, to be compared with patterns.
struct RobotsTarget {
  fileprivate let octets: [RobotsOctet]

  init(_ text: String) {
    let bytes = Array(text.utf8)
    let path = bytes.prefix { $0 != UInt8(ascii: "?") }
    let query = RobotsOctet.decode(bytes[path.endIndex...])
    octets = RobotsOctet.decode(path) + query.map(\.inQuery)
  }
}

/// An octet as RFC 9309, section 2.2.2 compares it: the same whether percent-encoded or not.
///
/// The exception is `/`. In a path it separates, and as `%2F` it does not, so the two differ. In
/// the query of a URL it never separates, and is the same as both in a pattern. A pattern cannot
/// tell, because a star may reach into the query.
private struct RobotsOctet: Equatable {
  private let value: UInt16

  private static let slash = RobotsOctet(value: 0x2F)
  private static let encodedSlash = RobotsOctet(value: 0x12F)
  private static let querySlash = RobotsOctet(value: 0x22F)

  /// A percent sign that begins no escape stands for itself.
  static func decode(_ text: ArraySlice<UInt8>) -> [RobotsOctet] {
    var octets: [RobotsOctet] = []
    octets.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = rest.first?.hexDigitValue,
        let low = rest.dropFirst().first?.hexDigitValue
      {
        let octet = RobotsOctet(value: UInt16(high << 4 | low))
        octets.append(octet == slash ? encodedSlash : octet)
        rest = rest.dropFirst(2)
      } else {
        octets.append(RobotsOctet(value: UInt16(byte)))
      }
    }
    return octets
  }

  var inQuery: RobotsOctet { isSlash ? .querySlash : self }

  private var isSlash: Bool { self == .slash || self == .encodedSlash }

  func matches(_ pattern: RobotsOctet) -> Bool {
    self == pattern || self == .querySlash && pattern.isSlash
  }
}

extension ArraySlice<RobotsOctet> {
  fileprivate func begins(with piece: [RobotsOctet]) -> Bool {
    starts(with: piece) { $0.matches($1) }
  }

  /// Leaves out everything up to the end of the first `piece`; `false` if there is none.
  fileprivate mutating func skip(past piece: [RobotsOctet]) -> Bool {
    while count >= piece.count {
      if begins(with: piece) {
        removeFirst(piece.count)
        return true
      }
      removeFirst()
    }
    return false
  }
}
