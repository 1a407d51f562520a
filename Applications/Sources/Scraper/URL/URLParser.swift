/// Parses a URL and writes it: sections 4.4 and 4.5 of the URL standard in one.
///
/// The standard describes a machine that takes one code point after another. This one takes one
/// component after another, which comes to the same: in every state behind the scheme, the first
/// `#` begins the fragment, and the first `?` before it the query. What comes before both is called
/// the front here.
struct URLParser {
  /// The most bytes that a text and its base may have together.
  ///
  /// Offsets then fit into 32 bits, though each byte may become three.
  static let maximumLength = 1 << 28

  var kind = URLScheme.other
  var output: [UInt8] = []
  var offsets = WebURL.Offsets()
  /// Whether the query is the base's, unless the text has one.
  var inheritsQuery = false

  static func parse(_ text: String, base: WebURL?) throws(InvalidURL.Problem) -> WebURL {
    let utf8 = text.utf8
    let bytes = utf8.span
    let baseLength = base?.string.utf8.count ?? 0
    guard bytes.count + baseLength <= maximumLength else { throw .tooLong }
    var parser = URLParser()
    parser.output.reserveCapacity(bytes.count + baseLength + 16)
    let input = bytes.extracting(bytes.trimmedRange)
    let outline = URLOutline(input)
    if outline.hasTabOrNewline {
      let kept = input.withoutTabsAndNewlines()
      try parser.parse(kept.span, URLOutline(kept.span), base)
    } else {
      try parser.parse(input, outline, base)
    }
    return WebURL(
      string: String(decoding: parser.output, as: UTF8.self),
      kind: parser.kind,
      offsets: parser.offsets
    )
  }

  private mutating func parse(
    _ input: Span<UInt8>,
    _ outline: URLOutline,
    _ base: WebURL?
  ) throws(InvalidURL.Problem) {
    let frontEnd = outline.frontEnd
    let fragmentStart = outline.fragmentStart
    let front = input.extracting(..<frontEnd)
    if let schemeEnd = front.schemeEnd {
      try parse(scheme: front.extracting(..<schemeEnd), front.extracting((schemeEnd + 1)...), base)
      if output.last == UInt8(ascii: " "), frontEnd < input.count { encodeLastSpace() }
    } else if let base {
      try parse(relative: front, isFragment: fragmentStart == 0 && !input.isEmpty, base)
    } else {
      throw .noScheme
    }
    keepPathFromLookingLikeHost()

    offsets.queryStart = UInt32(output.count)
    if frontEnd < fragmentStart {
      output.append(UInt8(ascii: "?"))
      let query = input.extracting(frontEnd + 1..<fragmentStart)
      output.append(query, encoding: kind.isSpecial ? .specialQuery : .query)
    } else if inheritsQuery, let base {
      append(base, base.offsets.queryStart, base.offsets.fragmentStart)
    }
    offsets.fragmentStart = UInt32(output.count)
    if fragmentStart < input.count {
      output.append(UInt8(ascii: "#"))
      output.append(input.extracting((fragmentStart + 1)...), encoding: .fragment)
    }
  }

  /// Parses the front of a text with a scheme; `rest` begins behind the colon.
  private mutating func parse(
    scheme: Span<UInt8>,
    _ rest: Span<UInt8>,
    _ base: WebURL?
  ) throws(InvalidURL.Problem) {
    kind = URLScheme(scheme)
    if kind == .file { return try parseFile(rest, base?.kind == .file ? base : nil) }
    if kind.isSpecial, let base, base.kind == kind, !rest.beginsWithTwoSlashes {
      return try parse(rest, relativeTo: base)
    }
    for index in scheme.indices { output.append(scheme[index].asciiLowercased) }
    output.append(.colon)
    beginAuthority()
    if kind.isSpecial {
      try parseAuthority(rest.extracting(slashCount(rest)...))
    } else if rest.beginsWithTwoSlashes {
      try parseAuthority(rest.extracting(2...))
    } else if !rest.isEmpty, rest[0] == .slash {
      appendSegments(rest.extracting(1...))
    } else {
      output.append(rest, encoding: .control)
    }
  }

  /// Parses the front of a text without a scheme.
  private mutating func parse(
    relative front: Span<UInt8>,
    isFragment: Bool,
    _ base: WebURL
  ) throws(InvalidURL.Problem) {
    kind = base.kind
    if base.hasOpaquePath {
      guard isFragment else { throw .relativeToOpaquePath }
      copyAuthority(of: base)
      copyPath(of: base)
      inheritsQuery = true
    } else if kind == .file {
      try parseFile(front, base)
    } else {
      try parse(front, relativeTo: base)
    }
  }

  /// Parses a front that is relative to a base with a list of segments; not for files.
  private mutating func parse(
    _ front: Span<UInt8>,
    relativeTo base: WebURL
  ) throws(InvalidURL.Problem) {
    switch slashCount(front) {
    case 0:
      copyAuthority(of: base)
      copyPath(of: base)
      inheritsQuery = front.isEmpty
      guard !front.isEmpty else { return }
      shortenPath()
      appendSegments(front)
    case 1:
      copyAuthority(of: base)
      appendSegments(front.extracting(1...))
    case let count:
      append(base, 0, base.offsets.schemeEnd + 1)
      beginAuthority()
      try parseAuthority(front.extracting((kind.isSpecial ? count : 2)...))
    }
  }

  /// Sets the offsets as they are when a scheme and its colon have been written.
  mutating func beginAuthority() {
    let end = UInt32(output.count)
    offsets.schemeEnd = end - 1
    offsets.usernameEnd = end
    offsets.hostStart = end
    offsets.hostEnd = end
    offsets.pathStart = end
  }

  /// Begins the output with the base's scheme, credentials, host and port.
  mutating func copyAuthority(of base: WebURL) {
    append(base, 0, base.offsets.authorityEnd)
    offsets = base.offsets
    offsets.pathStart = base.offsets.authorityEnd
  }

  mutating func copyPath(of base: WebURL) {
    append(base, base.offsets.pathStart, base.offsets.queryStart)
  }

  private mutating func append(_ base: WebURL, _ start: UInt32, _ end: UInt32) {
    let utf8 = base.string.utf8
    output.append(utf8.span.extracting(Int(start)..<Int(end)))
  }

  /// How many slashes come first.
  private func slashCount(_ bytes: Span<UInt8>) -> Int {
    bytes.indices.first { !isSlash(bytes[$0]) } ?? bytes.count
  }

  /// Whether this byte separates segments of the path.
  func isSlash(_ byte: UInt8) -> Bool {
    byte == .slash || byte == UInt8(ascii: "\\") && kind.isSpecial
  }
}
