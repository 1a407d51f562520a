/// A text that is no URL.
package struct InvalidURL: Error, Hashable, Sendable, CustomStringConvertible {
  package let input: String
  package let problem: Problem

  package var description: String {
    let shown = input.unicodeScalars.prefix(200)
    let end = shown.endIndex == input.endIndex ? "" : "…"
    return "'\(String(shown))\(end)' is no URL: \(problem)"
  }

  /// What is wrong with it.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case noScheme
    case relativeToOpaquePath
    case noHost
    case forbiddenCharacterInHost
    case invalidDomain
    case invalidIPv4
    case invalidIPv6
    case invalidPort
    case tooLong

    package var description: String {
      switch self {
      case .noScheme: "it has no scheme; begin it with https:// or http://"
      case .relativeToOpaquePath:
        "it is relative, and its base has no folders, as with mailto:; write it in full"
      case .noHost: "it names no host; write one after the two slashes"
      case .forbiddenCharacterInHost:
        "its host has a character that no host may have; mind spaces and <>[]^|%"
      case .invalidDomain: "its host is no valid international domain name; check its spelling"
      case .invalidIPv4:
        "its host ends in a number but is no IPv4 address; write four numbers from 0 to 255"
      case .invalidIPv6: "the address in brackets is no IPv6 address; write it like [2001:db8::1]"
      case .invalidPort: "its port is no number from 0 to 65535; correct it or leave it out"
      case .tooLong: "it has more than \(URLParser.maximumLength) bytes; shorten it"
      }
    }
  }
}
