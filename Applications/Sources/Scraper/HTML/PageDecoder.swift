internal import Glibc

/// Finds out in which encoding a page is, and turns it into UTF-8.
///
/// What it hands over is valid UTF-8 without NUL bytes and without a byte order mark. What the
/// encoding cannot read, and every NUL, becomes U+FFFD. Valid UTF-8 is not copied.
enum PageDecoder {
  /// Decodes `body` and calls `use` with the text, which lives as long as that call.
  ///
  /// The first of these decides: a byte order mark, `charset` from the `Content-Type` header, what
  /// the page declares itself, UTF-8 if the bytes are valid in it, and windows-1252. This is the
  /// order of browsers (HTML Standard, section 13.2.3.2), but that they do not look whether bytes
  /// are UTF-8.
  static func withText<Result>(
    of body: UnsafeRawBufferPointer,
    charset: String?,
    _ use: (UnsafeRawBufferPointer, CharacterEncoding) -> Result
  ) -> Result {
    let declared =
      markedEncoding(of: body)
      ?? charset.flatMap { CharacterEncoding(label: $0) }
      ?? EncodingPrescan.encoding(of: body)
    if let declared { return withText(of: body, in: declared, use) }
    guard isValidUTF8(body) else { return withText(of: body, in: .windows1252, use) }
    return withoutNULs(body) { use($0, .utf8) }
  }

  /// Decodes `body` from `encoding` and calls `use` with the text and the encoding that was really
  /// used: windows-1252 where this machine has no converter for `encoding`.
  private static func withText<Result>(
    of body: UnsafeRawBufferPointer,
    in encoding: CharacterEncoding,
    _ use: (UnsafeRawBufferPointer, CharacterEncoding) -> Result
  ) -> Result {
    let mark = markedEncoding(of: body) == encoding ? (encoding == .utf8 ? 3 : 2) : 0
    let body = UnsafeRawBufferPointer(rebasing: body.dropFirst(mark))
    guard encoding == .utf8 else {
      let converter = TextConverter(encoding)
      return converter.convert(body).withUnsafeBytes { text in
        withoutNULs(text) { use($0, converter.encoding) }
      }
    }
    if isValidUTF8(body) { return withoutNULs(body) { use($0, encoding) } }
    var text = String(decoding: body, as: UTF8.self)
    return text.withUTF8 { text in
      withoutNULs(UnsafeRawBufferPointer(text)) { use($0, encoding) }
    }
  }

  private static func markedEncoding(of body: UnsafeRawBufferPointer) -> CharacterEncoding? {
    if body.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
    if body.starts(with: [0xFE, 0xFF]) { return .utf16BigEndian }
    if body.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
    return nil
  }

  private static func isValidUTF8(_ body: UnsafeRawBufferPointer) -> Bool {
    body.withMemoryRebound(to: UInt8.self) { (try? UTF8Span(validating: $0.span)) != nil }
  }

  /// Calls `use` with `text`, or with a copy that has U+FFFD for each NUL.
  private static func withoutNULs<Result>(
    _ text: UnsafeRawBufferPointer,
    _ use: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard let start = text.baseAddress, memchr(start, 0, text.count) != nil else {
      return use(text)
    }
    var copy: [UInt8] = []
    copy.reserveCapacity(text.count + text.count / 8)
    for byte in text {
      if byte == 0 { copy.append(contentsOf: replacementCharacter) } else { copy.append(byte) }
    }
    return copy.withUnsafeBytes(use)
  }
}
