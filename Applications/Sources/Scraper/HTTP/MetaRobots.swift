/// What a page asks of robots, in `<meta name=robots>` or in the header field `X-Robots-Tag`.
///
/// Of requests that contradict each other, the one that forbids counts.
package struct MetaRobots: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static let noindex = MetaRobots(rawValue: 1)
  package static let nofollow = MetaRobots(rawValue: 2)
  package static let none: MetaRobots = [.noindex, .nofollow]

  /// Reads the `content` of the element: words between commas, in any case.
  package init(_ content: String) {
    self = content.split(separator: ",").reduce(into: []) { $0.formUnion(MetaRobots(word: $1)) }
  }

  /// Reads one value of the header field, for the crawler that sends `userAgent`.
  ///
  /// The name of a robot, as in `noindex, otherbot: none`, says that what follows is for this robot
  /// alone.
  package init(header value: String, userAgent: String) {
    let product = ProductToken(userAgent: userAgent)
    var isForUs = true
    self = []
    for var word in value.split(separator: ",") {
      if let colon = word.firstIndex(of: ":") {
        let name = word[..<colon].withoutPadding.lowercased()
        guard !Self.valued.contains(name) else { continue }
        isForUs = product.isNamed(by: name.utf8)
        word = word[word.index(after: colon)...]
      }
      if isForUs { formUnion(MetaRobots(word: word)) }
    }
  }

  private init(word: Substring) {
    switch word.withoutPadding.lowercased() {
    case "noindex": self = .noindex
    case "nofollow": self = .nofollow
    case "none": self = .none
    default: self = []
    }
  }

  /// The words that have a value after a colon, and so look like the name of a robot.
  private static let valued: Set = [
    "max-image-preview", "max-snippet", "max-video-preview", "unavailable_after",
  ]
}
