extension URLParser {
  /// Appends what follows an authority: nothing, or a slash and segments.
  ///
  /// Special URLs have at least one segment.
  mutating func appendPath(_ path: Span<UInt8>) {
    if !path.isEmpty {
      appendSegments(path.extracting((isSlash(path[0]) ? 1 : 0)...))
    } else if kind.isSpecial {
      output.append(.slash)
    }
  }

  /// Appends segments to the path, each after a slash (path state).
  ///
  /// Two dots remove what is there already, in the path of the base, too.
  mutating func appendSegments(_ segments: Span<UInt8>) {
    var start = 0
    while true {
      let end = segmentEnd(segments, from: start)
      append(segment: segments.extracting(start..<end), isLast: end == segments.count)
      guard end < segments.count else { return }
      start = end + 1
    }
  }

  /// Where the segment that begins at `start` ends.
  func segmentEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var end = start
    while end < bytes.count, !isSlash(bytes[end]) { end += 1 }
    return end
  }

  private mutating func append(segment: Span<UInt8>, isLast: Bool) {
    switch segment.dotCount {
    case 1:
      if isLast { output.append(.slash) }
    case 2:
      shortenPath()
      if isLast { output.append(.slash) }
    default:
      let isFirst = output.count == Int(offsets.pathStart)
      output.append(.slash)
      if kind == .file, isFirst, segment.count == 2, segment.beginsWithDriveLetter {
        output.append(segment[0])
        output.append(.colon)
      } else {
        output.append(segment, encoding: .path)
      }
    }
  }

  /// Removes the last segment of the path, if there is one that may go.
  mutating func shortenPath() {
    let start = Int(offsets.pathStart)
    if kind == .file, output.span.extracting(start...).isDriveLetterPath { return }
    guard let slash = output[start...].lastIndex(of: .slash) else { return }
    output.removeLast(output.count - slash)
  }

  /// Puts `/.` before a path that begins with two slashes when no host stands before it.
  mutating func keepPathFromLookingLikeHost() {
    guard !offsets.hasHost else { return }
    let start = Int(offsets.pathStart)
    guard output.span.extracting(start...).beginsWithTwoSlashes else { return }
    output.insert(contentsOf: "/.".utf8, at: start)
    offsets.pathStart += 2
  }

  /// Percent-encodes the space at the end of an opaque path.
  ///
  /// So it stays there if query and fragment are removed.
  mutating func encodeLastSpace() {
    output.removeLast()
    output.appendEncoded(UInt8(ascii: " "))
  }
}
