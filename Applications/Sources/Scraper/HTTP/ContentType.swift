/// The media type of an answer, from the header field `Content-Type`.
package struct ContentType: Hashable, Sendable {
  /// Type and subtype in lower case, such as `text/html`; empty if there are none.
  package private(set) var essence = ""
  /// The parameter `charset` as written, without quotes.
  package private(set) var charset: String?

  /// Reads the value of the field as WHATWG *MIME Sniffing*, section 4.4 does.
  ///
  /// A value without type and subtype says nothing. A parameter that makes no sense is left out.
  package init(_ value: String) {
    var rest = Array(value.utf8).trimming(while: \.isHTTPSpace)
    let type = rest.take { $0 != .slash }
    rest = rest.dropFirst()
    let subtype = rest.take { $0 != .semicolon }.withoutTrailingSpace
    guard type.isToken, subtype.isToken else { return }
    essence = String(decoding: type + [.slash] + subtype, as: UTF8.self).lowercased()
    while rest.popFirst() != nil {
      rest = rest.drop(while: \.isHTTPSpace)
      let name = rest.take { $0 != .semicolon && $0 != .equals }
      guard rest.first == .equals else { continue }
      rest = rest.dropFirst()
      let value = rest.takeParameterValue()
      guard charset == nil, !value.isEmpty, name.equalsIgnoringCase("charset") else { continue }
      charset = String(decoding: value, as: UTF8.self)
    }
  }

  package var isEmpty: Bool { essence.isEmpty }

  package var isHTML: Bool { essence == "text/html" || essence == "application/xhtml+xml" }

  /// Whether a body that came without a type looks like HTML (*MIME Sniffing*, section 7.1).
  ///
  /// Behind white space it has to begin with a comment or one of the tags that begin documents, and
  /// behind that comes a space or `>`.
  package static func sniffsAsHTML(_ bytes: some Collection<UInt8>) -> Bool {
    let start = bytes.prefix(1445).drop(while: \.isHTMLSpace)
    return beginnings.contains { beginning in
      let length = beginning.utf8CodeUnitCount
      guard let next = start.dropFirst(length).first else { return false }
      return (next == .space || next == .greaterThan)
        && start.prefix(length).equalsIgnoringCase(beginning)
    }
  }

  private static let beginnings: [StaticString] = [
    "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table",
    "<a", "<style", "<title", "<b", "<body", "<br", "<p", "<!--",
  ]
}

extension ArraySlice<UInt8> {
  /// Takes off the bytes at the front that are to go.
  fileprivate mutating func take(while isTaken: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let taken = prefix(while: isTaken)
    self = self[taken.endIndex...]
    return taken
  }

  /// Takes off a value, in quotes or not, and everything before the next parameter.
  fileprivate mutating func takeParameterValue() -> ArraySlice<UInt8> {
    guard first == .quote else {
      return take { $0 != .semicolon }.withoutTrailingSpace
    }
    removeFirst()
    var value: ArraySlice<UInt8> = []
    while let byte = popFirst(), byte != .quote {
      value.append(byte == .backslash ? popFirst() ?? byte : byte)
    }
    _ = take { $0 != .semicolon }
    return value
  }

  fileprivate var withoutTrailingSpace: ArraySlice<UInt8> {
    lastIndex { !$0.isHTTPSpace }.map { self[...$0] } ?? []
  }

  /// Whether this is a token of RFC 9110, section 5.6.2.
  fileprivate var isToken: Bool {
    !isEmpty
      && allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || tokenPunctuation.contains($0) }
  }
}

private let tokenPunctuation = ASCIISet("!#$%&'*+-.^_`|~")

extension UInt8 {
  fileprivate static let backslash = UInt8(ascii: "\\")
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let space = UInt8(ascii: " ")

  fileprivate var isHTTPSpace: Bool { isHTMLSpace && self != 0x0C }
}
