internal import Glibc

/// Converts text in an older encoding to UTF-8 with the C library's `iconv`.
///
/// Windows-1252, the commonest, has a table here: the C library's converters are files that a small
/// installation may lack. Where one is missing the text is read as windows-1252.
struct TextConverter: ~Copyable {
  /// The encoding that is really read.
  let encoding: CharacterEncoding
  /// `nil` for windows-1252.
  private let handle: iconv_t?

  init(_ encoding: CharacterEncoding) {
    let handle = encoding == .windows1252 ? nil : iconv_open("UTF-8", encoding.converter)
    // The C library answers -1 where it has no converter.
    self.handle = handle == iconv_t(bitPattern: -1) ? nil : handle
    self.encoding = self.handle == nil ? .windows1252 : encoding
  }

  deinit {
    if let handle { iconv_close(handle) }
  }

  /// Converts all of `bytes`; what is invalid becomes U+FFFD.
  func convert(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    guard let handle else { return convertWindows1252(bytes) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 2)
    // The C library moves this pointer and writes nothing through it.
    var input = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?
      .assumingMemoryBound(to: CChar.self)
    var left = bytes.count
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { chunk in
      var isDone = false
      while !isDone {
        var output = chunk.baseAddress
        var room = chunk.count
        // The last call asks for what the converter still keeps back.
        isDone = left == 0
        let status =
          isDone
          ? iconv(handle, nil, nil, &output, &room)
          : iconv(handle, &input, &left, &output, &room)
        let failure = status == -1 ? errno : 0
        let converted = UnsafeRawBufferPointer(chunk).prefix(chunk.count - room)
        text.append(contentsOf: UnsafeRawBufferPointer(rebasing: converted))
        guard failure == EILSEQ || failure == EINVAL else { continue }
        text.append(contentsOf: replacementCharacter)
        // At the end of the text a part of a character is invalid too.
        let length = invalidLength(UnsafeRawBufferPointer(rebasing: bytes.suffix(left)))
        let skipped = failure == EINVAL ? left : min(left, length)
        input = input?.advanced(by: skipped)
        left -= skipped
      }
    }
    return text
  }

  /// How many of `bytes`, at which the converter stopped, become one U+FFFD.
  ///
  /// A second byte that is ASCII begins the next character, so that a broken one swallows no `<` or
  /// quote (Encoding Standard, the decoders of the encodings with two bytes for a character).
  private func invalidLength(_ bytes: UnsafeRawBufferPointer) -> Int {
    if encoding.isUTF16 { return 2 }
    guard encoding.isDoubleByte, bytes.count > 1 else { return 1 }
    return (0x81...0xFE).contains(bytes[0]) && bytes[1] >= 0x80 ? 2 : 1
  }
}

/// U+FFFD in UTF-8.
let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]

/// What the bytes from 0x80 mean in windows-1252, in UTF-8.
///
/// Those that mean nothing become control characters (Encoding Standard, index windows-1252).
let windows1252: [[UInt8]] = {
  let first = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars
  let others = (UInt8(0xA0)...0xFF).map { Unicode.Scalar($0) }
  return (first + others).map { Array(String($0).utf8) }
}()

private func convertWindows1252(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  let table = windows1252
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count + bytes.count / 8)
  for byte in bytes {
    if byte < 0x80 { text.append(byte) } else { text.append(contentsOf: table[Int(byte) - 0x80]) }
  }
  return text
}
