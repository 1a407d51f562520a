/// Finds the target in the `content` of a `meta http-equiv=refresh`, such as `5; url=/next`.
///
/// It is `nil` if the page is to load itself again, or if browsers ignore the directive.
/// Source: HTML Standard, "shared declarative refresh steps".
func refreshTarget<Bytes: Collection<UInt8>>(_ content: Bytes) -> Bytes.SubSequence? {
  var rest = content.drop(while: \.isHTMLSpace)
  guard let first = rest.first, first.isASCIIDigit || first == UInt8(ascii: ".") else { return nil }
  rest = rest.drop { $0.isASCIIDigit || $0 == UInt8(ascii: ".") }
  let isSeparator = { (byte: UInt8) in byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") }
  guard let next = rest.first, isSeparator(next) || next.isHTMLSpace else { return nil }
  rest = rest.drop(while: \.isHTMLSpace)
  if let next = rest.first, isSeparator(next) {
    rest = rest.dropFirst().drop(while: \.isHTMLSpace)
  }
  if rest.prefix(3).equalsIgnoringCase("url") {
    let value = rest.dropFirst(3).drop(while: \.isHTMLSpace)
    // Without "=" the word is the beginning of the target.
    guard value.first == .equals else { return rest }
    rest = value.dropFirst().drop(while: \.isHTMLSpace)
  }
  guard let quote = rest.first, quote.isQuote else { return rest.isEmpty ? nil : rest }
  return rest.dropFirst().prefix { $0 != quote }
}
