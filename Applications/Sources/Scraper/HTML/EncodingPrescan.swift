/// Looks for the encoding that a page declares in its first 1,024 bytes.
///
/// An XML declaration counts where no `meta` does, as in browsers.
/// Source: HTML Standard, section 13.2.3.2, "prescan a byte stream to determine its encoding".
struct EncodingPrescan {
  private let bytes: [UInt8]
  private var position = 0

  private init(_ body: UnsafeRawBufferPointer) {
    bytes = Array(body.prefix(1024))
  }

  /// The encoding that the page declares; `nil` without a declaration and for an unknown label.
  static func encoding(of body: UnsafeRawBufferPointer) -> CharacterEncoding? {
    var prescan = EncodingPrescan(body)
    if let wide = prescan.wideDeclaration { return wide }
    let declared = prescan.metaDeclaration() ?? prescan.xmlDeclaration()
    // The declaration could be read as ASCII, so UTF-16 it is not.
    return declared?.isUTF16 == true ? .utf8 : declared
  }

  /// The byte order of UTF-16, if an XML declaration begins in it.
  private var wideDeclaration: CharacterEncoding? {
    if bytes.starts(with: [0x3C, 0, 0x3F, 0, 0x78, 0]) { return .utf16LittleEndian }
    if bytes.starts(with: [0, 0x3C, 0, 0x3F, 0, 0x78]) { return .utf16BigEndian }
    return nil
  }

  private mutating func metaDeclaration() -> CharacterEncoding? {
    while let start = bytes[min(position, bytes.count)...].firstIndex(of: .lessThan) {
      position = start
      if matches("<!--") {
        // The dashes that open a comment may close it too.
        skip(behind: "-->", from: start + 2)
      } else if matches("<meta"), let next = byte(start + 5), next.isHTMLSpace || next == .slash {
        position += 5
        if let encoding = metaAttributes() { return encoding }
      } else if isTag {
        skip { !$0.isHTMLSpace && $0 != .greaterThan }
        while nextAttribute() != nil {}
      } else if matches("<!") || matches("</") || matches("<?") {
        skip(behind: ">", from: start)
      } else {
        position += 1
      }
    }
    return nil
  }

  /// Whether a start tag or an end tag begins here.
  private var isTag: Bool {
    guard let next = byte(position + 1) else { return false }
    guard next == .slash else { return next.isASCIILetter }
    return byte(position + 2)?.isASCIILetter ?? false
  }

  /// What the attributes of a `meta` say; leaves `position` behind them.
  private mutating func metaAttributes() -> CharacterEncoding? {
    var seen: Set<[UInt8]> = []
    var isContentType = false
    var needsContentType = false
    var encoding: CharacterEncoding?
    while let (name, value) = nextAttribute() {
      guard seen.insert(name).inserted else { continue }
      if name.equalsIgnoringCase("http-equiv") {
        isContentType = value.equalsIgnoringCase("content-type")
      } else if name.equalsIgnoringCase("content"), encoding == nil, !seen.contains(charset) {
        encoding = metaCharset(value).flatMap { CharacterEncoding(label: $0) }
        needsContentType = true
      } else if name == charset {
        encoding = CharacterEncoding(label: value)
        needsContentType = false
      }
    }
    return isContentType || !needsContentType ? encoding : nil
  }

  /// What the `encoding` of an XML declaration says.
  private mutating func xmlDeclaration() -> CharacterEncoding? {
    let declaration = bytes.prefix { $0 != .greaterThan }
    guard declaration.starts(with: "<?xml".utf8),
      let name = declaration.firstRange(of: Array("encoding".utf8))
    else { return nil }
    position = name.upperBound
    skip(while: \.isHTMLSpace)
    guard byte(position) == .equals else { return nil }
    position += 1
    skip(while: \.isHTMLSpace)
    return CharacterEncoding(label: value())
  }

  /// Reads an attribute, its name in lower case; `nil` at the end of the tag.
  ///
  /// Source: HTML Standard, "get an attribute".
  private mutating func nextAttribute() -> (name: [UInt8], value: [UInt8])? {
    skip { $0.isHTMLSpace || $0 == .slash }
    guard let first = byte(position), first != .greaterThan else {
      position += 1
      return nil
    }
    // The first byte belongs to the name, even if it is "=".
    let start = position
    position += 1
    skip { !$0.isHTMLSpace && $0 != .slash && $0 != .greaterThan && $0 != .equals }
    let name = bytes[start..<position].map(\.asciiLowercased)
    skip(while: \.isHTMLSpace)
    guard byte(position) == .equals else { return (name, []) }
    position += 1
    skip(while: \.isHTMLSpace)
    return (name, value())
  }

  /// Reads the value of an attribute, in quotes or without.
  private mutating func value() -> [UInt8] {
    let start = position
    guard let quote = byte(position), quote.isQuote else {
      skip { !$0.isHTMLSpace && $0 != .greaterThan }
      return Array(bytes[start..<position])
    }
    position += 1
    skip { $0 != quote }
    defer { position += 1 }
    return Array(bytes[(start + 1)..<position])
  }

  private func byte(_ index: Int) -> UInt8? {
    index < bytes.count ? bytes[index] : nil
  }

  private func matches(_ literal: StaticString) -> Bool {
    bytes[position...].prefix(literal.utf8CodeUnitCount).equalsIgnoringCase(literal)
  }

  private mutating func skip(while isSkipped: (UInt8) -> Bool) {
    while let byte = byte(position), isSkipped(byte) { position += 1 }
  }

  /// Goes behind the first `end` at or after `start`, or to the end.
  private mutating func skip(behind end: String, from start: Int) {
    position = bytes[start...].firstRange(of: Array(end.utf8))?.upperBound ?? bytes.count
  }
}

private let charset = Array("charset".utf8)

/// Finds the label in the `content` of a `meta`, such as `text/html; charset=utf-8`.
///
/// Source: HTML Standard, "extracting a character encoding from a meta element".
private func metaCharset(_ content: [UInt8]) -> [UInt8]? {
  let lowered = content.map(\.asciiLowercased)
  var rest = lowered[...]
  while let name = rest.firstRange(of: charset) {
    rest = rest[name.upperBound...].drop(while: \.isHTMLSpace)
    guard rest.first == .equals else { continue }
    rest = rest.dropFirst().drop(while: \.isHTMLSpace)
    guard let first = rest.first, first.isQuote else {
      return Array(rest.prefix { !$0.isHTMLSpace && $0 != UInt8(ascii: ";") })
    }
    return rest.dropFirst().firstIndex(of: first).map { Array(rest[..<$0].dropFirst()) }
  }
  return nil
}
