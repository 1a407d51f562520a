/// An address of the Internet Protocol.
package enum IPAddress: Hashable, Sendable {
  case version4(UInt32)
  case version6(UInt128)

  /// Takes the 4 or 16 bytes of an address in network order; `nil` for any other number of bytes.
  package init?(bytes: some Collection<UInt8>) {
    switch bytes.count {
    case 4: self = .version4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
    case 16: self = .version6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
    default: return nil
    }
  }

  /// Reads an address as hosts of URLs have it; IPv6 with or without brackets.
  package init?(_ text: String) {
    let utf8 = text.utf8
    let bytes = utf8.span
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let inside = isBracketed ? bytes.extracting(1..<bytes.count - 1) : bytes
    if let address = IPAddress(version6: inside) {
      self = address
    } else if !isBracketed, let address = IPAddress(version4: bytes) {
      self = address
    } else {
      return nil
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address as RFC 5952 writes it, without brackets.
  package var description: String {
    switch self {
    case .version4(let value):
      (0..<4).map { String(value >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".")
    case .version6(let value): Self.text(of: value)
    }
  }

  /// Hexadecimal pieces; the first of the longest runs of two or more zeros becomes `::`.
  private static func text(of value: UInt128) -> String {
    let pieces = (0..<8).map { UInt16(truncatingIfNeeded: value >> (112 - 16 * $0)) }
    let text = { (range: Range<Int>) in
      pieces[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard let zeros = longestZeros(in: pieces) else { return text(0..<8) }
    return text(0..<zeros.lowerBound) + "::" + text(zeros.upperBound..<8)
  }

  private static func longestZeros(in pieces: [UInt16]) -> Range<Int>? {
    var longest: Range<Int>?
    var start = 0
    while start < pieces.count {
      var end = start
      while end < pieces.count, pieces[end] == 0 { end += 1 }
      if end - start > max(longest?.count ?? 0, 1) { longest = start..<end }
      start = end + 1
    }
    return longest
  }
}
