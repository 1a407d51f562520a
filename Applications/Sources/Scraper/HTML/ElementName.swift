/// The name of an element in lower case as two numbers: quick to make, to hash and to compare.
///
/// Names of up to 16 bytes are their own bytes. Of longer ones, which no element of HTML has, the rest
/// is mixed in; two that are taken for one another may end one another's elements, and no more.
struct ElementName: Hashable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init() {}

  init(_ literal: StaticString) {
    self = literal.withUTF8Buffer { name in ElementName(name, from: 0, to: name.count) }
  }

  /// Takes the bytes from `start` to `end`, whatever their case.
  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) {
    var shift: UInt64 = 0
    for index in start..<min(end, start + 8) {
      low |= UInt64(bytes[index].asciiLowercased) &<< shift
      shift &+= 8
    }
    guard end > start + 8 else { return }
    shift = 0
    for index in (start + 8)..<min(end, start + 16) {
      high |= UInt64(bytes[index].asciiLowercased) &<< shift
      shift &+= 8
    }
    guard end > start + 16 else { return }
    for index in (start + 16)..<end {
      high = (high ^ UInt64(bytes[index].asciiLowercased)) &* goldenRatio
    }
  }

  /// A number from 0 to 511.
  var slot: Int { Int(((low ^ high) &* goldenRatio) &>> 55) }

  static func == (left: Self, right: Self) -> Bool {
    (left.low ^ right.low) | (left.high ^ right.high) == 0
  }
}

/// 2^64 divided by the golden ratio, which spreads numbers that differ little.
private let goldenRatio: UInt64 = 0x9E37_79B9_7F4A_7C15
