/// The schemes that the URL standard calls special (section 4.2), and all others.
enum URLScheme: Sendable {
  case http, https, ws, wss, ftp, file, other

  /// Finds the scheme of this name, in upper or lower case.
  init(_ name: Span<UInt8>) {
    let candidates: [(scheme: URLScheme, name: StaticString)] =
      switch name.count {
      case 2: [(.ws, "ws")]
      case 3: [(.wss, "wss"), (.ftp, "ftp")]
      case 4: [(.http, "http"), (.file, "file")]
      case 5: [(.https, "https")]
      default: []
      }
    self = candidates.first { name.equalsIgnoringCase($0.name) }?.scheme ?? .other
  }

  var isSpecial: Bool { self != .other }

  var defaultPort: Int? {
    switch self {
    case .http, .ws: 80
    case .https, .wss: 443
    case .ftp: 21
    case .file, .other: nil
    }
  }
}
