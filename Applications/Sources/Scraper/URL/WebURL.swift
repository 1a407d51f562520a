/// An absolute URL, parsed and written as the URL standard of the WHATWG says.
///
/// The standard is at url.spec.whatwg.org; this follows its state of August 2026. A URL is kept as
/// one string of ASCII characters and the places of the components in it. Components are given as
/// they stand there, percent-encoded. Two URLs are equal if their strings are.
package struct WebURL: Sendable {
  /// The whole URL.
  package let string: String
  let kind: URLScheme
  let offsets: Offsets

  /// Where in the string the components begin and end, in bytes.
  ///
  ///     https://user:pass@example.com:8080/path?query#fragment
  ///          |  |   |     |          |    |    |     |
  ///          |  |   |     hostStart  |    |    |     fragmentStart
  ///          |  |   usernameEnd      |    |    queryStart
  ///          |  authorityStart       |    pathStart
  ///          schemeEnd               hostEnd
  ///
  /// Without a host, everything from `authorityStart` to `hostEnd` is right behind the colon.
  /// Without a query or a fragment, it begins and ends where the next component begins.
  struct Offsets: Sendable {
    var schemeEnd: UInt32 = 0
    var usernameEnd: UInt32 = 0
    var hostStart: UInt32 = 0
    var hostEnd: UInt32 = 0
    var pathStart: UInt32 = 0
    var queryStart: UInt32 = 0
    var fragmentStart: UInt32 = 0

    /// The shortest authority begins with two slashes.
    var hasHost: Bool { hostStart > schemeEnd + 1 }
    var authorityStart: UInt32 { hasHost ? schemeEnd + 3 : schemeEnd + 1 }
    /// Without a host there may be `/.` between the authority and the path.
    var authorityEnd: UInt32 { hasHost ? pathStart : hostEnd }
  }

  /// Parses `text`, which may be relative if there is a base.
  ///
  /// - Throws: `InvalidURL`, which says what is wrong.
  package init(_ text: String, base: WebURL? = nil) throws(InvalidURL) {
    do {
      self = try URLParser.parse(text, base: base)
    } catch {
      throw InvalidURL(input: text, problem: error)
    }
  }

  /// Parses `text`, which may be relative if there is a base; `nil` if it is no URL.
  package static func resolve(_ text: String, base: WebURL?) -> WebURL? {
    try? URLParser.parse(text, base: base)
  }

  init(string: String, kind: URLScheme, offsets: Offsets) {
    self.string = string
    self.kind = kind
    self.offsets = offsets
  }
}

extension WebURL: Hashable, CustomStringConvertible {
  package static func == (left: WebURL, right: WebURL) -> Bool { left.string == right.string }

  package func hash(into hasher: inout Hasher) { hasher.combine(string) }

  package var description: String { string }
}

extension WebURL {
  /// The scheme in lower case, without the colon.
  package var scheme: String {
    switch kind {
    case .http: "http"
    case .https: "https"
    default: text(0, offsets.schemeEnd)
    }
  }

  package var isHTTP: Bool { kind == .http || kind == .https }

  /// Empty if there is none.
  package var username: String { text(offsets.authorityStart, offsets.usernameEnd) }

  /// Empty if there is none.
  package var password: String {
    guard offsets.usernameEnd + 1 < offsets.hostStart else { return "" }
    return text(offsets.usernameEnd + 1, offsets.hostStart - 1)
  }

  /// The host; `nil` if there is none, as with `mailto:`.
  ///
  /// It is a domain in ASCII, an IPv4 address, an IPv6 address in brackets, or empty as in
  /// `file:///`.
  package var host: String? {
    offsets.hasHost ? text(offsets.hostStart, offsets.hostEnd) : nil
  }

  /// The port; `nil` if it is the default of the scheme.
  package var port: Int? {
    guard offsets.hasHost, offsets.hostEnd < offsets.pathStart else { return nil }
    return Int(text(offsets.hostEnd + 1, offsets.pathStart))
  }

  /// The port or else the default of the scheme; `nil` if that has none.
  package var effectivePort: Int? { port ?? kind.defaultPort }

  package var path: String { text(offsets.pathStart, offsets.queryStart) }

  /// What follows the question mark; `nil` if there is none.
  package var query: String? {
    guard offsets.queryStart < offsets.fragmentStart else { return nil }
    return text(offsets.queryStart + 1, offsets.fragmentStart)
  }

  /// What follows the number sign; `nil` if there is none.
  package var fragment: String? {
    guard Int(offsets.fragmentStart) < string.utf8.count else { return nil }
    return text(offsets.fragmentStart + 1, UInt32(string.utf8.count))
  }

  /// What a request asks the host for: path and query.
  package var requestTarget: String { text(offsets.pathStart, offsets.fragmentStart) }

  /// Scheme, host and port, such as `https://example.com` or `http://127.0.0.1:8080`.
  ///
  /// This is how the standard writes an origin (section 4.7): without the port if it is the
  /// default, and as `null` for URLs that have none. Those of the scheme `blob` are among these
  /// here.
  package var origin: String {
    guard kind != .file, kind != .other else { return "null" }
    guard offsets.authorityStart < offsets.hostStart else { return text(0, offsets.pathStart) }
    return text(0, offsets.authorityStart) + text(offsets.hostStart, offsets.pathStart)
  }

  /// Whether the path is no list of segments, as with `mailto:`.
  ///
  /// Then only a fragment can be resolved against it.
  var hasOpaquePath: Bool {
    guard !offsets.hasHost else { return false }
    let utf8 = string.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: Int(offsets.pathStart))
    return start == utf8.endIndex || utf8[start] != .slash
  }

  func text(_ start: UInt32, _ end: UInt32) -> String {
    let utf8 = string.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: Int(start))
    let end = utf8.index(utf8.startIndex, offsetBy: Int(end))
    return String(string[start..<end])
  }
}
