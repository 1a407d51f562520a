/// A word, a sign or a run of blanked string in the code view of a file.
struct Token: Equatable, Sendable {
  let text: String
  let line: Int

  var isWord: Bool { text.utf8.first.map(Self.isWordByte) ?? false }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: true
    default: false
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// Splits the code view of a file; `->` is one token, every other sign is one of its own.
  static func tokens(of code: String) -> [Token] {
    let bytes = Array(code.utf8)
    let quote = UInt8(ascii: "\"")
    var tokens: [Token] = []
    var (line, start) = (1, 0)
    while start < bytes.count {
      var end = start + 1
      if bytes[start] == UInt8(ascii: "\n") {
        line += 1
      } else if !isSpace(bytes[start]) {
        if isWordByte(bytes[start]) {
          while end < bytes.count, isWordByte(bytes[end]) { end += 1 }
        } else if bytes[start] == quote {
          while end < bytes.count, bytes[end] == quote { end += 1 }
        } else if bytes[start...].starts(with: "->".utf8) {
          end += 1
        }
        tokens.append(Token(text: String(decoding: bytes[start..<end], as: UTF8.self), line: line))
      }
      start = end
    }
    return tokens
  }
}
