extension URLParser {
  /// Parses credentials, host, port and path; `rest` begins behind the two slashes.
  mutating func parseAuthority(_ rest: Span<UInt8>) throws(InvalidURL.Problem) {
    output.append("//")
    offsets.usernameEnd = UInt32(output.count)
    let end = segmentEnd(rest, from: 0)
    var hostStart = 0
    if let at = rest.lastIndex(of: UInt8(ascii: "@"), before: end) {
      appendCredentials(rest.extracting(..<at))
      hostStart = at + 1
    }
    let hostAndPort = rest.extracting(hostStart..<end)
    let portColon = hostAndPort.portColon
    let host = hostAndPort.extracting(..<(portColon ?? hostAndPort.count))
    offsets.hostStart = UInt32(output.count)
    if host.isEmpty {
      guard !kind.isSpecial, hostStart == 0, portColon == nil else { throw .noHost }
    } else {
      try appendHost(host)
    }
    offsets.hostEnd = UInt32(output.count)
    if let portColon { try appendPort(hostAndPort.extracting((portColon + 1)...)) }
    offsets.pathStart = UInt32(output.count)
    appendPath(rest.extracting(end...))
  }

  /// Appends user name and password with an `@`; nothing if both are empty.
  private mutating func appendCredentials(_ credentials: Span<UInt8>) {
    let colon = credentials.firstIndex(of: .colon, before: credentials.count)
    let username = credentials.extracting(..<(colon ?? credentials.count))
    output.append(username, encoding: .userinfo)
    offsets.usernameEnd = UInt32(output.count)
    if let colon, colon + 1 < credentials.count {
      output.append(.colon)
      output.append(credentials.extracting((colon + 1)...), encoding: .userinfo)
    } else if username.isEmpty {
      return
    }
    output.append(UInt8(ascii: "@"))
  }

  /// Appends a colon and the port; nothing if it is empty or the default.
  private mutating func appendPort(_ digits: Span<UInt8>) throws(InvalidURL.Problem) {
    guard !digits.isEmpty else { return }
    var port = 0
    for index in digits.indices {
      guard digits[index].isASCIIDigit else { throw .invalidPort }
      port = port * 10 + Int(digits[index] - UInt8(ascii: "0"))
      guard port <= UInt16.max else { throw .invalidPort }
    }
    guard port != kind.defaultPort else { return }
    output.append(contentsOf: ":\(port)".utf8)
  }
}
