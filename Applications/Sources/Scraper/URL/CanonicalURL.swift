extension WebURL {
  /// The form by which a crawl knows that it has met a URL before.
  ///
  /// On top of what parsing does (letters of scheme and host in lower case, no default port, no dot
  /// segments, percent-encoding where it is needed), for HTTP:
  ///
  /// - the fragment is removed, as it is never sent to a server;
  /// - user name and password are removed: they must not get into a store, and a crawl that needs
  ///   them sends a header;
  /// - in path and query, a percent-encoded letter, digit, `-`, `.`, `_` or `~` is decoded, and the
  ///   digits of what stays encoded are in upper case, which RFC 3986 (section 6.2.2) calls
  ///   equivalent;
  /// - a query that is empty is removed with its question mark.
  ///
  /// Nothing else is done, since it may lead to another page: parameters keep their number and
  /// order, slashes their places, and letters in the path their case. A path or a query with a
  /// stray percent sign stays as it is, for decoding what follows could make an encoded byte out of
  /// it. Other schemes than HTTP lose their fragment and nothing else.
  ///
  /// The canonical form of a canonical form is the same again, and parsing its string gives it
  /// back.
  package var canonical: WebURL {
    isHTTP && mayNeedRewriting ? rewritten() : withoutFragment
  }

  package var withoutFragment: WebURL {
    let utf8 = string.utf8
    guard Int(offsets.fragmentStart) < utf8.count else { return self }
    return WebURL(string: text(0, offsets.fragmentStart), kind: kind, offsets: offsets)
  }

  private var mayNeedRewriting: Bool {
    if offsets.authorityStart < offsets.hostStart { return true }
    if offsets.queryStart + 1 == offsets.fragmentStart { return true }
    let utf8 = string.utf8
    let target = utf8.span.extracting(Int(offsets.pathStart)..<Int(offsets.fragmentStart))
    return target.firstIndex(of: UInt8(ascii: "%"), before: target.count) != nil
  }

  private func rewritten() -> WebURL {
    let utf8 = string.utf8
    let bytes = utf8.span
    let removed = offsets.hostStart - offsets.authorityStart
    var new = offsets
    new.usernameEnd = offsets.authorityStart
    new.hostStart = offsets.authorityStart
    new.hostEnd -= removed
    new.pathStart -= removed
    var output: [UInt8] = []
    output.reserveCapacity(Int(offsets.fragmentStart))
    output.append(bytes.extracting(..<Int(offsets.authorityStart)))
    output.append(bytes.extracting(Int(offsets.hostStart)..<Int(offsets.pathStart)))
    output.append(canonical: bytes.extracting(Int(offsets.pathStart)..<Int(offsets.queryStart)))
    new.queryStart = UInt32(output.count)
    if offsets.queryStart + 1 < offsets.fragmentStart {
      let query = bytes.extracting(Int(offsets.queryStart)..<Int(offsets.fragmentStart))
      output.append(canonical: query)
    }
    new.fragmentStart = UInt32(output.count)
    return WebURL(string: String(decoding: output, as: UTF8.self), kind: kind, offsets: new)
  }
}

extension [UInt8] {
  /// Appends a path or query with percent-encoding where it is needed only.
  fileprivate mutating func append(canonical component: Span<UInt8>) {
    guard !component.hasStrayPercentSign else { return append(component) }
    var index = 0
    while index < component.count {
      if let byte = component.decodedByte(at: index) {
        if byte.isUnreserved { append(byte) } else { appendEncoded(byte) }
        index += 3
      } else {
        append(component[index])
        index += 1
      }
    }
  }
}

extension Span<UInt8> {
  fileprivate var hasStrayPercentSign: Bool {
    indices.contains { self[$0] == UInt8(ascii: "%") && decodedByte(at: $0) == nil }
  }
}

extension UInt8 {
  /// Whether this is an unreserved character of RFC 3986 (section 2.3).
  fileprivate var isUnreserved: Bool {
    isASCIILetter || isASCIIDigit || self == UInt8(ascii: "-") || self == .dot
      || self == UInt8(ascii: "_") || self == UInt8(ascii: "~")
  }
}
