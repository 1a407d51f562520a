/// File URLs, with what the standard does for paths that begin with a Windows drive letter.
extension URLParser {
  /// Parses the front, or what follows `file:` in it, against a base that is a file URL, too.
  mutating func parseFile(_ rest: Span<UInt8>, _ base: WebURL?) throws(InvalidURL.Problem) {
    guard rest.isEmpty || !isSlash(rest[0]) else {
      if rest.count > 1, isSlash(rest[1]) { return try parseFileHost(rest.extracting(2...)) }
      return parseFile(absolute: rest.extracting(1...), base)
    }
    guard let base else {
      beginFile()
      return appendSegments(rest)
    }
    copyAuthority(of: base)
    if rest.isEmpty {
      copyPath(of: base)
      inheritsQuery = true
    } else {
      if !rest.beginsWithDriveLetter {
        copyPath(of: base)
        shortenPath()
      }
      appendSegments(rest)
    }
  }

  /// Parses a path behind one slash (file slash state), which stays on the drive of the base.
  private mutating func parseFile(absolute path: Span<UInt8>, _ base: WebURL?) {
    if let base {
      copyAuthority(of: base)
      if !path.beginsWithDriveLetter {
        copyPath(of: base)
        keepOnlyDrive()
      }
    } else {
      beginFile()
    }
    appendSegments(path)
  }

  /// Parses host and path behind two slashes (file host state).
  private mutating func parseFileHost(_ rest: Span<UInt8>) throws(InvalidURL.Problem) {
    beginFile()
    let end = segmentEnd(rest, from: 0)
    let host = rest.extracting(..<end)
    if host.count == 2, host.beginsWithDriveLetter { return appendSegments(rest) }
    if !host.isEmpty {
      try appendHost(host)
      if output.span.extracting(Int(offsets.hostStart)...).equalsIgnoringCase("localhost") {
        output.removeLast("localhost".utf8.count)
      }
    }
    offsets.hostEnd = UInt32(output.count)
    offsets.pathStart = offsets.hostEnd
    appendPath(rest.extracting(end...))
  }

  /// Begins the output with an empty host.
  private mutating func beginFile() {
    output.append("file:")
    beginAuthority()
    output.append("//")
    offsets.usernameEnd = UInt32(output.count)
    offsets.hostStart = offsets.usernameEnd
    offsets.hostEnd = offsets.usernameEnd
    offsets.pathStart = offsets.usernameEnd
  }

  /// Removes all of the path but a drive letter at its beginning.
  private mutating func keepOnlyDrive() {
    let start = Int(offsets.pathStart)
    let end = segmentEnd(output.span, from: min(start + 1, output.count))
    let hasDrive = output.span.extracting(start..<end).isDriveLetterPath
    output.removeLast(output.count - (hasDrive ? end : start))
  }
}

extension Span<UInt8> {
  /// Whether a letter and a colon or bar begin this, with nothing or a slash behind them.
  var beginsWithDriveLetter: Bool {
    guard count >= 2, self[0].isASCIILetter else { return false }
    guard self[1] == .colon || self[1] == UInt8(ascii: "|") else { return false }
    return count == 2 || self[2] == .slash || self[2] == UInt8(ascii: "\\")
  }

  /// Whether this is a slash, a letter and a colon.
  var isDriveLetterPath: Bool {
    count == 3 && self[0] == .slash && self[1].isASCIILetter && self[2] == .colon
  }
}
