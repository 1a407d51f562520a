internal import CXML

/// Reads a text as HTML for a `PageScanner`, with libxml2's parser and without a tree.
///
/// The parser has lists that it searches from end to end: the open elements, the attributes of a
/// tag, and the names in each place of a hash table of bounded size. The limits here keep these
/// lists short, so that time is linear in the length of the text, whatever it says.
struct HTMLReader {
  /// Deeper elements are taken for siblings, as in browsers.
  private static let depthLimit = 512
  /// The page ends at a tag whose attributes need more places in the parser's list, two for each.
  private static let attributeLimit: Int32 = 1_000
  /// The page ends after so many different names of elements, attributes and entities.
  private static let nameLimit: Int32 = 100_000
  /// libxml2 counts bytes in numbers of 32 bits and doubles its buffers.
  private static let lengthLimit = 1 << 29

  private static let initializeOnce: Void = xmlInitParser()

  private var scanner: PageScanner
  private let context: htmlParserCtxtPtr
  /// What the parser has not asked for yet.
  private var rest: UnsafeRawBufferPointer
  /// Whether the parser is within something like `<![endif]>`, which it takes for text.
  private var isInBogusComment = false

  /// Tells `scanner` all that is in `text`, which is valid UTF-8 without NUL bytes, and returns it.
  static func scan(
    _ text: UnsafeRawBufferPointer,
    with scanner: consuming PageScanner
  ) -> PageScanner {
    initializeOnce
    // There is none when memory has run out.
    guard let context = htmlNewParserCtxt() else { return scanner }
    defer { htmlFreeParserCtxt(context) }
    let rest = UnsafeRawBufferPointer(rebasing: text.prefix(lengthLimit))
    var reader = HTMLReader(scanner: scanner, context: context, rest: rest)
    reader.run()
    return reader.scanner
  }

  private mutating func run() {
    context.pointee.sax.pointee = Self.handler
    // The text is decoded already, so it is not asked for its encoding. Errors are expected, and
    // not printed; without RECOVER some of them would silence the parser.
    let options = [
      HTML_PARSE_RECOVER, HTML_PARSE_NOERROR, HTML_PARSE_NOWARNING, HTML_PARSE_NONET,
      HTML_PARSE_NODEFDTD, HTML_PARSE_IGNORE_ENC,
    ]
    let context = context
    withUnsafeMutablePointer(to: &self) { reader in
      // Safe because the parser uses these pointers only within the call of `htmlCtxtReadIO`.
      context.pointee.userData = UnsafeMutableRawPointer(reader)
      htmlCtxtReadIO(
        context,
        { reader, buffer, count in
          reader?.assumingMemoryBound(to: HTMLReader.self).pointee.read(buffer, count) ?? 0
        },
        nil,
        reader,
        nil,
        "UTF-8",
        options.reduce(0) { $0 | Int32($1.rawValue) }
      )
    }
  }

  private static var handler: xmlSAXHandler {
    var handler = xmlSAXHandler()
    handler.startElement = { reader, name, attributes in
      guard let name else { return }
      reader?.assumingMemoryBound(to: HTMLReader.self).pointee.startElement(
        name,
        ElementAttributes(pairs: attributes)
      )
    }
    handler.endElement = { reader, name in
      guard let name else { return }
      reader?.assumingMemoryBound(to: HTMLReader.self).pointee.endElement(name)
    }
    handler.characters = { reader, bytes, count in
      let bytes = UnsafeBufferPointer(start: bytes, count: Int(count))
      reader?.assumingMemoryBound(to: HTMLReader.self).pointee.characters(bytes)
    }
    handler.ignorableWhitespace = handler.characters
    return handler
  }
}

/// What libxml2 calls while it reads.
extension HTMLReader {
  /// Copies the next bytes of the text into the parser's `buffer`; 0 is the end.
  fileprivate mutating func read(_ buffer: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    guard context.pointee.maxatts <= Self.attributeLimit,
      xmlDictSize(context.pointee.dict) <= Self.nameLimit
    else { return 0 }
    let bytes = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count)))
    UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)).copyMemory(from: bytes)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(bytes.count))
    return Int32(bytes.count)
  }

  fileprivate mutating func startElement(
    _ name: UnsafePointer<UInt8>,
    _ attributes: ElementAttributes
  ) {
    isInBogusComment = false
    if depth > Self.depthLimit { dropParent() }
    scanner.startElement(name, attributes, depth: depth)
  }

  fileprivate mutating func endElement(_ name: UnsafePointer<UInt8>) {
    isInBogusComment = false
    scanner.endElement(name, depth: depth)
  }

  fileprivate mutating func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
    var bytes = bytes
    if isInBogusComment {
      guard let end = bytes.firstIndex(of: .greaterThan) else { return }
      isInBogusComment = false
      bytes = UnsafeBufferPointer(rebasing: bytes[(end + 1)...])
    } else if beginsBogusComment(bytes) {
      isInBogusComment = true
      return
    }
    scanner.characters(bytes)
  }

  /// How many elements are open, with the one that begins or ends.
  private var depth: Int { Int(context.pointee.nameNr) }

  /// Ends the parent of the element that has just begun, and puts that element into its place.
  private mutating func dropParent() {
    guard let names = context.pointee.nameTab, let parent = names[depth - 2] else { return }
    scanner.endElement(parent, depth: depth - 1)
    names[depth - 2] = names[depth - 1]
    names[depth - 1] = nil
    context.pointee.nameNr -= 1
  }

  /// Whether `bytes` are the "<" of a "<!" that begins neither a comment nor a document type.
  private func beginsBogusComment(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count == 1, bytes[0] == .lessThan, let next = context.pointee.input.pointee.cur
    else { return false }
    return next[0] == .lessThan && next[1] == UInt8(ascii: "!")
  }
}
