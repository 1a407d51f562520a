/// Cuts the text of a page into tags and the text between them.
///
/// It looks at each byte a few times at most, keeps nothing and copies nothing: what it hands over are
/// places in the text. Comments and document types are left out. Line breaks are not made the same:
/// readers of white space take a carriage return for a line feed anyway.
///
/// Source: HTML Standard, section 13.2.5, "Tokenization". Its states are loops and calls here.
struct HTMLTokenizer {
  enum Token {
    case text(UnsafeBufferPointer<UInt8>)
    case reference(CharacterReference)
    case startTag(HTMLTag)
    case endTag(HTMLTag)
  }

  /// What the content of the element that has just begun is.
  enum Content {
    case markup
    /// Text and character references up to the end tag.
    case escapableText
    case rawText
    case script
    /// Text up to the end of the page.
    case plainText
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var content = Content.markup
  /// The name of the last start tag, and how it is written: what ends text is an end tag like it.
  private var elementName: UnsafeBufferPointer<UInt8>
  /// Where such text ends, once that is known.
  private var textEnd: Int?

  /// Makes a tokenizer of a text in valid UTF-8 without NUL bytes.
  init(_ text: UnsafeBufferPointer<UInt8>) {
    bytes = text
    elementName = UnsafeBufferPointer(rebasing: text[0..<0])
  }

  /// Says what follows the start tag that was just read; `markup` unless this is called.
  mutating func enter(_ content: Content) {
    self.content = content
    textEnd = nil
  }

  /// Reads the next token; there is none at the end of the text, nor for a tag that it cuts off.
  ///
  /// With `allowsCDATA`, as in SVG and MathML, `<![CDATA[` begins text; elsewhere it is a comment.
  @inline(__always)
  mutating func next(allowsCDATA: Bool) -> Token? {
    while position < bytes.count {
      let token = content == .markup ? nextInMarkup(allowsCDATA) : nextInText()
      guard let token else { continue }
      return token
    }
    return nil
  }

  /// Reads up to the next tag or reference, or one of them; `nil` after what is left out.
  private mutating func nextInMarkup(_ allowsCDATA: Bool) -> Token? {
    let start = position
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == .lessThan, isMarkup(at: index) {
        guard index == start else { return text(to: index) }
        return markup(allowsCDATA)
      }
      if byte == .ampersand {
        guard index == start else { return text(to: index) }
        if let reference = reference(at: index) { return reference }
      }
      index += 1
    }
    return text(to: index)
  }

  /// Whether the "<" at `index` is more than that.
  @inline(__always)
  private func isMarkup(at index: Int) -> Bool {
    guard index + 1 < bytes.count else { return false }
    let next = bytes[index + 1]
    if next.isASCIILetter || next == UInt8(ascii: "!") || next == UInt8(ascii: "?") { return true }
    return next == .slash && index + 2 < bytes.count
  }

  @inline(__always)
  private mutating func markup(_ allowsCDATA: Bool) -> Token? {
    let next = bytes[position + 1]
    if next.isASCIILetter { return tag(nameAt: position + 1, isEnd: false) }
    if next == .slash {
      if bytes[position + 2].isASCIILetter { return tag(nameAt: position + 2, isEnd: true) }
      // What is no name makes it a comment; "</>" is nothing at all.
      skip(behind: .greaterThan, from: position + 2)
      return nil
    }
    return declaration(allowsCDATA)
  }

  @inline(__always)
  private mutating func tag(nameAt start: Int, isEnd: Bool) -> Token? {
    var end = start + 1
    while end < bytes.count {
      let byte = bytes[end]
      if byte == .greaterThan || byte == .slash || byte.isHTMLSpace { break }
      end += 1
    }
    let attributes = AttributeReader(bytes, from: end)
    var reader = attributes
    while reader.next() != nil {}
    position = reader.position
    guard reader.isClosed else { return nil }
    let tag = HTMLTag(
      name: ElementName(bytes, from: start, to: end),
      attributes: attributes,
      isSelfClosing: reader.isSelfClosing
    )
    if isEnd { return .endTag(tag) }
    elementName = UnsafeBufferPointer(rebasing: bytes[start..<end])
    return .startTag(tag)
  }

  /// Reads what begins with "<!" or "<?".
  private mutating func declaration(_ allowsCDATA: Bool) -> Token? {
    if matches("<!--", at: position) {
      skipComment()
    } else if allowsCDATA, hasCDATA {
      let start = position + 9
      let end = indexOfCDATAEnd(from: start)
      position = min(end + 3, bytes.count)
      return .text(UnsafeBufferPointer(rebasing: bytes[start..<end]))
    } else {
      skip(behind: .greaterThan, from: position + 2)
    }
    return nil
  }

  /// Goes behind a comment, which "-->" and "--!>" end; "<!-->" and "<!--->" are comments too.
  private mutating func skipComment() {
    let start = position + 4
    var from = start
    while let end = bytes.index(of: .greaterThan, in: from..<bytes.count) {
      position = end + 1
      let isShort = end == start || end == start + 1 && bytes[start] == .dash
      if isShort || hasDashes(before: end, after: start) { return }
      if bytes[end - 1] == UInt8(ascii: "!"), hasDashes(before: end - 1, after: start) { return }
      from = end + 1
    }
    position = bytes.count
  }

  private var hasCDATA: Bool {
    // In this case only.
    let mark: StaticString = "<![CDATA["
    return mark.withUTF8Buffer { bytes[position...].starts(with: $0) }
  }

  /// The index of the next "]]>", or that of the end of the text.
  private func indexOfCDATAEnd(from start: Int) -> Int {
    var from = start
    while let end = bytes.index(of: .greaterThan, in: from..<bytes.count) {
      let isEnd = end >= start + 2 && bytes[end - 1] == .bracket && bytes[end - 2] == .bracket
      if isEnd { return end - 2 }
      from = end + 1
    }
    return bytes.count
  }

  private mutating func skip(behind byte: UInt8, from start: Int) {
    position = bytes.index(of: byte, in: start..<bytes.count).map { $0 + 1 } ?? bytes.count
  }

  /// Hands over what is left up to `end`.
  @inline(__always)
  private mutating func text(to end: Int) -> Token {
    defer { position = end }
    return .text(UnsafeBufferPointer(rebasing: bytes[position..<end]))
  }

  private mutating func reference(at index: Int) -> Token? {
    guard let reference = CharacterReference(bytes, at: index, isInAttribute: false) else {
      return nil
    }
    position += reference.length
    return .reference(reference)
  }
}

/// Text that only an end tag ends.
extension HTMLTokenizer {
  private mutating func nextInText() -> Token? {
    let end = textEnd ?? endOfText()
    textEnd = end
    guard position < end else {
      content = .markup
      return nil
    }
    guard content == .escapableText else { return text(to: end) }
    guard let found = bytes.index(of: .ampersand, in: position..<end) else {
      return text(to: end)
    }
    guard found == position else { return text(to: found) }
    if let reference = reference(at: found) { return reference }
    return text(to: found + 1)
  }

  /// The index of the end tag, or that of the end of the text.
  private func endOfText() -> Int {
    switch content {
    case .plainText, .markup: return bytes.count
    case .script: return endOfScript()
    case .escapableText, .rawText:
      var from = position
      while let found = bytes.index(of: .lessThan, in: from..<bytes.count) {
        if isEndTag(of: elementName, at: found) { return found }
        from = found + 1
      }
      return bytes.count
    }
  }

  /// The index of the end tag of a script.
  ///
  /// Within what looks like a comment, scripts in the text have end tags of their own.
  private func endOfScript() -> Int {
    var isEscaped = false
    var isNested = false
    var escapeStart = 0
    var index = position
    while index < bytes.count {
      if !isEscaped {
        guard let found = bytes.index(of: .lessThan, in: index..<bytes.count) else {
          return bytes.count
        }
        index = found
      }
      let byte = bytes[index]
      if byte == .lessThan {
        if isEndTag(of: elementName, at: index) {
          guard isNested else { return index }
          isNested = false
          // Its last byte ends the name and no comment.
          index += elementName.count + 2
        } else if !isEscaped, matches("<!--", at: index) {
          isEscaped = true
          // The dashes that open it may close it too.
          escapeStart = index + 2
          index += 3
        } else if isEscaped, !isNested, isName(elementName, at: index + 1) {
          isNested = true
          index += elementName.count + 1
        }
      } else if byte == .greaterThan, hasDashes(before: index, after: escapeStart) {
        isEscaped = false
        isNested = false
      }
      index += 1
    }
    return bytes.count
  }

  private func isEndTag(of name: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    index + 1 < bytes.count && bytes[index + 1] == .slash && isName(name, at: index + 2)
  }

  /// Whether `name` stands at `index`, in any case, and ends there.
  private func isName(_ name: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    let end = index + name.count
    guard end < bytes.count else { return false }
    let last = bytes[end]
    guard last == .greaterThan || last == .slash || last.isHTMLSpace else { return false }
    return zip(bytes[index..<end], name).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
  }

  fileprivate func matches(_ literal: StaticString, at index: Int) -> Bool {
    literal.withUTF8Buffer { bytes[index...].starts(with: $0) }
  }

  /// Whether two dashes at or after `start` stand before `index`.
  fileprivate func hasDashes(before index: Int, after start: Int) -> Bool {
    index >= start + 2 && bytes[index - 1] == .dash && bytes[index - 2] == .dash
  }
}
