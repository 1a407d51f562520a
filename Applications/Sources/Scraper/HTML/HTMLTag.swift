internal import Glibc

/// A tag as it stands in the text of a page.
struct HTMLTag {
  let name: ElementName
  /// What is written between the name and the end of the tag.
  let attributes: AttributeReader
  /// Whether it ends with `/>`.
  let isSelfClosing: Bool
}

/// An attribute as it stands in a tag.
struct HTMLAttribute {
  /// In any case.
  let name: UnsafeBufferPointer<UInt8>
  /// Without its quotes, its character references as they are written; empty without a value.
  let source: UnsafeBufferPointer<UInt8>

  /// Calls `use` with the value, which lives as long as that call.
  func withValue<Result>(_ use: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    guard let start = source.baseAddress, memchr(start, CInt(UInt8.ampersand), source.count) != nil
    else {
      return use(source)
    }
    return CharacterReference.decodeAttribute(source).withUnsafeBufferPointer(use)
  }
}

/// Reads the attributes of a tag, one after the other, those with the same name too.
///
/// Source: HTML Standard, sections 13.2.5.32 to 13.2.5.40.
struct AttributeReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private(set) var position: Int
  /// Whether the tag has its `>`, once there are no more attributes.
  private(set) var isClosed = false
  private(set) var isSelfClosing = false

  init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// Reads an attribute; `nil` when the tag or the text is over, with `position` behind it.
  @inline(__always)
  mutating func next() -> HTMLAttribute? {
    skipToName()
    guard !isClosed, position < bytes.count else { return nil }
    let start = position
    // The first byte belongs to the name, even if it is "=".
    position += 1
    while position < bytes.count, !endsName(bytes[position]) { position += 1 }
    let name = slice(start, position)
    skipSpaces()
    guard position < bytes.count, bytes[position] == .equals else {
      return HTMLAttribute(name: name, source: slice(position, position))
    }
    position += 1
    skipSpaces()
    return HTMLAttribute(name: name, source: value())
  }

  /// Goes to the first byte of a name, or behind the end of the tag.
  @inline(__always)
  private mutating func skipToName() {
    // One that belongs to a value was read with it, and closes nothing.
    var isBehindSlash = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == .greaterThan {
        isSelfClosing = isBehindSlash
        isClosed = true
        position += 1
        return
      }
      isBehindSlash = byte == .slash
      guard isBehindSlash || byte.isHTMLSpace else { return }
      position += 1
    }
  }

  /// Reads a value, in quotes or without.
  @inline(__always)
  private mutating func value() -> UnsafeBufferPointer<UInt8> {
    let start = position
    guard start < bytes.count else { return slice(start, start) }
    let first = bytes[start]
    guard first.isQuote else {
      while position < bytes.count {
        let byte = bytes[position]
        if byte == .greaterThan || byte.isHTMLSpace { break }
        position += 1
      }
      return slice(start, position)
    }
    // Without a second quote the tag goes on to the end of the text.
    let end = bytes.index(of: first, in: (start + 1)..<bytes.count) ?? bytes.count
    position = min(end + 1, bytes.count)
    return slice(start + 1, end)
  }

  @inline(__always)
  private mutating func skipSpaces() {
    while position < bytes.count, bytes[position].isHTMLSpace { position += 1 }
  }

  @inline(__always)
  private func endsName(_ byte: UInt8) -> Bool {
    byte == .equals || byte == .greaterThan || byte == .slash || byte.isHTMLSpace
  }

  @inline(__always)
  private func slice(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: bytes[start..<end])
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The index of the first `byte` in `range`.
  @inline(__always)
  func index(of byte: UInt8, in range: Range<Int>) -> Int? {
    guard let base = baseAddress, !range.isEmpty,
      let found = memchr(base + range.lowerBound, CInt(byte), range.count)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }
}
