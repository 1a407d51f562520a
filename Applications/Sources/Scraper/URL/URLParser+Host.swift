/// The host parser of the URL standard (section 3.5).
extension URLParser {
  /// Appends a host that is not empty.
  mutating func appendHost(_ host: Span<UInt8>) throws(InvalidURL.Problem) {
    if host[0] == UInt8(ascii: "[") {
      try appendIPv6(host)
    } else if kind.isSpecial {
      try appendDomain(host)
    } else {
      try appendOpaqueHost(host)
    }
  }

  private mutating func appendIPv6(_ host: Span<UInt8>) throws(InvalidURL.Problem) {
    let end = host.count - 1
    guard end > 0, host[end] == UInt8(ascii: "]"),
      let address = IPAddress(version6: host.extracting(1..<end))
    else { throw .invalidIPv6 }
    output.append(contentsOf: "[\(address)]".utf8)
  }

  private mutating func appendOpaqueHost(_ host: Span<UInt8>) throws(InvalidURL.Problem) {
    try check(host, forbidden: .forbiddenInHost)
    output.append(host, encoding: .control)
  }

  /// Appends a domain, or an IPv4 address if it ends in a number.
  private mutating func appendDomain(_ host: Span<UInt8>) throws(InvalidURL.Problem) {
    let start = output.count
    if host.indices.contains(where: { host[$0] >= 0x80 || host[$0] == UInt8(ascii: "%") }) {
      try appendDecodedDomain(host.percentDecoded())
    } else {
      try check(host, forbidden: .forbiddenInDomain)
      for index in host.indices { output.append(host[index].asciiLowercased) }
    }
    guard output.span.extracting(start...).endsInNumber else { return }
    guard let address = IPAddress(version4: output.span.extracting(start...)) else {
      throw .invalidIPv4
    }
    output.removeLast(output.count - start)
    output.append(contentsOf: address.description.utf8)
  }

  private mutating func appendDecodedDomain(_ decoded: [UInt8]) throws(InvalidURL.Problem) {
    // Mapping takes no forbidden character away, but may bring one, as from ％.
    try check(decoded.span, forbidden: .forbiddenInDomain)
    guard let domain = String(validating: decoded, as: UTF8.self),
      let ascii = internationalDomainInASCII(domain), !ascii.isEmpty
    else { throw .invalidDomain }
    let utf8 = ascii.utf8
    try check(utf8.span, forbidden: .forbiddenInDomain)
    output.append(utf8.span)
  }

  private func check(_ host: Span<UInt8>, forbidden: ASCIISet) throws(InvalidURL.Problem) {
    for index in host.indices where forbidden.contains(host[index]) {
      throw .forbiddenCharacterInHost
    }
  }
}
