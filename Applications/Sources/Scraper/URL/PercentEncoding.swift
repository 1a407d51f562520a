extension Span<UInt8> {
  /// Whether these bytes are `literal`, which is in lower case, in any case.
  func equalsIgnoringCase(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { literal in
      indices.allSatisfy { self[$0].asciiLowercased == literal[$0] }
    }
  }

  /// The byte that the percent-encoded byte at `index` stands for; `nil` if there is none.
  func decodedByte(at index: Int) -> UInt8? {
    guard self[index] == UInt8(ascii: "%"), index + 2 < count else { return nil }
    guard let high = self[index + 1].hexDigitValue, let low = self[index + 2].hexDigitValue else {
      return nil
    }
    return high << 4 | low
  }

  /// These bytes without percent-encoding; a percent sign that begins none stays.
  func percentDecoded() -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(count)
    var index = 0
    while index < count {
      if let byte = decodedByte(at: index) {
        decoded.append(byte)
        index += 3
      } else {
        decoded.append(self[index])
        index += 1
      }
    }
    return decoded
  }
}

extension [UInt8] {
  mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
  }

  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Appends bytes of UTF-8; those of `set` and those that are not ASCII percent-encoded.
  mutating func append(_ bytes: Span<UInt8>, encoding set: ASCIISet) {
    var start = 0
    for index in bytes.indices where bytes[index] >= 0x80 || set.contains(bytes[index]) {
      append(bytes.extracting(start..<index))
      appendEncoded(bytes[index])
      start = index + 1
    }
    append(bytes.extracting(start..<bytes.count))
  }

  /// Appends a byte as a percent sign and two hexadecimal digits.
  mutating func appendEncoded(_ byte: UInt8) {
    append(UInt8(ascii: "%"))
    append(UInt8(upperHexDigit: byte >> 4))
    append(UInt8(upperHexDigit: byte & 15))
  }
}

extension UInt8 {
  /// The value of this ASCII character as a hexadecimal digit.
  var hexDigitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  init(upperHexDigit value: UInt8) {
    self = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
