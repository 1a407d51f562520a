/// JSON that is put together piece by piece, as UTF-8.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Appends characters that are JSON already.
  mutating func append(raw text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(string text: String) {
    append(string: text.utf8)
  }

  /// Appends a string, escaped by RFC 8259 §7.
  mutating func append(string text: some Sequence<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text { append(escaped: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a string without white space at its ends, and with one space for each run of it.
  ///
  /// White space is what HTML calls ASCII whitespace; a no-break space is not.
  mutating func append(collapsed text: some Sequence<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    let begin = bytes.count
    var hasSpace = false
    for byte in text {
      if byte.isHTMLSpace {
        hasSpace = true
        continue
      }
      if hasSpace, bytes.count > begin { bytes.append(0x20) }
      hasSpace = false
      append(escaped: byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a number; JSON has no infinities, and no value for what is no number.
  mutating func append(number: Double) {
    guard number.isFinite else { return append(raw: "null") }
    if let integer = Int(exactly: number) { return append(raw: String(integer)) }
    append(raw: String(number))
  }

  /// Takes back what was appended after the first `count` bytes.
  mutating func truncate(to count: Int) {
    bytes.removeLast(bytes.count - count)
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x0A: append(raw: "\\n")
    case 0x0D: append(raw: "\\r")
    case 0x09: append(raw: "\\t")
    case 0..<0x20:
      append(raw: "\\u00")
      append(raw: byte < 0x10 ? "0" : "")
      append(raw: String(byte, radix: 16))
    default: bytes.append(byte)
    }
  }
}
