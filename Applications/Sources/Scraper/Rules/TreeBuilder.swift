internal import CXML

/// Builds the tree of a page with libxml2's parser.
///
/// The parser has lists that it searches from end to end: the open elements, the attributes of a tag, and
/// the names that share a place in a hash table. Limits keep them short, whatever is in the page.
struct TreeBuilder {
  /// Deeper elements become siblings, as in browsers.
  private static let depthLimit: CInt = 512
  /// The page ends at a tag with more attributes than about half of this.
  private static let attributeLimit: CInt = 1_000
  /// The page ends after so many different names of elements and attributes.
  private static let nameLimit: CInt = 100_000
  /// libxml2 counts bytes in numbers of 32 bits and doubles its buffers.
  private static let lengthLimit = 1 << 29

  private static let initializeOnce: Void = xmlInitParser()

  private let context: htmlParserCtxtPtr
  /// What the parser has not asked for yet.
  private var rest: UnsafeRawBufferPointer

  /// Parses `text`, which is UTF-8; the caller frees the document.
  static func document(of text: UnsafeRawBufferPointer) -> htmlDocPtr? {
    initializeOnce
    cxml_silence_thread()
    guard let context = htmlNewParserCtxt() else { return nil }
    defer { htmlFreeParserCtxt(context) }
    context.pointee.sax.pointee.startElement = { context, name, attributes in
      guard let context else { return }
      Self.endParentIfDeep(context.assumingMemoryBound(to: xmlParserCtxt.self))
      xmlSAX2StartElement(context, name, attributes)
    }
    // The text is decoded already, whatever it says about itself.
    let options = [
      HTML_PARSE_RECOVER, HTML_PARSE_NOERROR, HTML_PARSE_NOWARNING, HTML_PARSE_NONET,
      HTML_PARSE_COMPACT, HTML_PARSE_IGNORE_ENC,
    ].reduce(CInt(bitPattern: XML_PARSE_HUGE.rawValue)) { $0 | CInt(bitPattern: $1.rawValue) }
    let text = UnsafeRawBufferPointer(rebasing: text.prefix(lengthLimit))
    var builder = TreeBuilder(context: context, rest: text)
    // Safe because the parser uses the pointer only within the call.
    return withUnsafeMutablePointer(to: &builder) { builder in
      htmlCtxtReadIO(
        context,
        { builder, buffer, count in
          builder?.assumingMemoryBound(to: TreeBuilder.self).pointee.read(buffer, count) ?? 0
        },
        nil,
        builder,
        nil,
        "UTF-8",
        options
      )
    }
  }

  /// Copies the next bytes of the text into the parser's `buffer`; 0 is the end.
  private mutating func read(_ buffer: UnsafeMutablePointer<CChar>?, _ count: CInt) -> CInt {
    guard context.pointee.maxatts <= Self.attributeLimit,
      xmlDictSize(context.pointee.dict) <= Self.nameLimit
    else { return 0 }
    let bytes = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count)))
    UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)).copyMemory(from: bytes)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(bytes.count))
    return CInt(bytes.count)
  }

  /// Ends the parent of the element that is about to begin, and whose name is on the stack already.
  private static func endParentIfDeep(_ context: htmlParserCtxtPtr) {
    let depth = Int(context.pointee.nameNr)
    guard depth > depthLimit, let names = context.pointee.nameTab else { return }
    xmlSAX2EndElement(context, names[depth - 2])
    names[depth - 2] = names[depth - 1]
    names[depth - 1] = nil
    context.pointee.nameNr -= 1
  }
}
