internal import CXML

/// Takes the URLs out of a sitemap, or out of an index of sitemaps, as its bytes arrive.
///
/// It keeps to the protocol of sitemaps.org, version 0.9, with its limits of 50,000 URLs of 2,048 characters and of 50 MB. When a file was
/// last changed and what it says of priorities is not looked at. Mistakes in the XML end nothing, since they are common.
final class SitemapReader {
  enum Kind: Sendable {
    /// URLs of pages.
    case pages
    /// URLs of sitemaps.
    case index
  }

  static let urlMaximum = 50_000
  static let lengthMaximum = 2048
  /// Bytes of a sitemap, decompressed.
  static let byteMaximum = 52_428_800

  /// What the file is; `nil` as long as that is not clear, and when it is no sitemap.
  private(set) var kind: Kind?
  /// What stands in `loc`, in its order.
  private(set) var targets: [String] = []
  private(set) var byteCount = 0
  /// What the file has too much of.
  private(set) var excess: String?

  private var context: xmlParserCtxtPtr?
  private var depth = 0
  private var isForeign = false
  /// The text of the `loc` that is open.
  private var location: [UInt8]?

  init() {
    xmlInitParser()
    var handler = Self.handler
    // Safe because the parser lives no longer than its reader, and calls back only while that calls it.
    let reader = Unmanaged.passUnretained(self).toOpaque()
    context = xmlCreatePushParserCtxt(&handler, reader, nil, 0, nil)
    let options = [XML_PARSE_RECOVER, XML_PARSE_NONET, XML_PARSE_NOERROR, XML_PARSE_NOWARNING]
    xmlCtxtUseOptions(context, options.reduce(0) { $0 | Int32($1.rawValue) })
  }

  deinit {
    xmlFreeParserCtxt(context)
  }

  /// Whether there is any use in reading on.
  var isAtEnd: Bool { isForeign || excess != nil }

  /// Reads the next bytes, and returns whether it wants more.
  func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let room = min(bytes.count, Self.byteMaximum - byteCount)
    byteCount += bytes.count
    parse(UnsafeRawBufferPointer(rebasing: bytes[..<room]))
    if byteCount > Self.byteMaximum, excess == nil { excess = "is longer than 50 MB" }
    return !isAtEnd
  }

  /// Reads what the parser has kept back; to be called at the end.
  func finish() {
    guard !isAtEnd else { return }
    xmlParseChunk(context, nil, 0, 1)
  }

  private func parse(_ bytes: UnsafeRawBufferPointer) {
    guard !isAtEnd, !bytes.isEmpty else { return }
    let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress
    xmlParseChunk(context, start, Int32(bytes.count), 0)
  }

  private static var handler: xmlSAXHandler {
    var handler = xmlSAXHandler()
    handler.startElement = { reader, name, _ in
      if let name { SitemapReader.from(reader)?.startElement(name) }
    }
    handler.endElement = { reader, _ in SitemapReader.from(reader)?.endElement() }
    handler.characters = { reader, bytes, count in
      SitemapReader.from(reader)?.characters(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
    handler.cdataBlock = handler.characters
    return handler
  }

  /// The reader that a parser was made for, which owns that parser.
  private static func from(_ pointer: UnsafeMutableRawPointer?) -> SitemapReader? {
    // Safe because it is the reader that is calling the parser.
    pointer.map { Unmanaged<SitemapReader>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// What the parser calls.
extension SitemapReader {
  private func startElement(_ name: UnsafePointer<UInt8>) {
    depth += 1
    location = nil
    let name = Self.localName(name)
    switch (depth, name) {
    case (1, "urlset"): kind = .pages
    case (1, "sitemapindex"): kind = .index
    case (1, _): isForeign = true
    // Deeper ones are those of pictures and films.
    case (3, "loc"): location = []
    default: break
    }
  }

  private func endElement() {
    depth -= 1
    guard let bytes = location else { return }
    location = nil
    guard !isAtEnd, bytes.count <= Self.lengthMaximum else { return }
    let text = String(decoding: bytes.trimming { $0 <= 0x20 }, as: UTF8.self)
    guard !text.isEmpty else { return }
    guard targets.count < Self.urlMaximum else {
      excess = "lists more than \(countText(Self.urlMaximum)) URLs"
      return
    }
    targets.append(text)
  }

  private func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let count = location?.count, count <= Self.lengthMaximum else { return }
    location?.append(contentsOf: bytes.prefix(Self.lengthMaximum + 1))
  }

  /// The name without its prefix.
  private static func localName(_ name: UnsafePointer<UInt8>) -> String {
    let text = String(cString: name)
    return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
  }
}
