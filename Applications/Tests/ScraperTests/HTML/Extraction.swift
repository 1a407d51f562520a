import Testing

@testable import Scraper

/// What is extracted from a page with this text.
func extract(_ html: String, charset: String? = nil) -> PageContent {
  extract(Array(html.utf8), charset: charset)
}

func extract(
  _ body: [UInt8],
  charset: String? = nil,
  with extractor: PageExtractor = PageExtractor()
) -> PageContent {
  body.withUnsafeBytes { body in
    PageDecoder.withText(of: body, charset: charset) { text, encoding in
      extractor.extract(text, encoding: encoding)
    }
  }
}

/// A page and what is expected of it.
struct PageCase<Expected: Sendable>: Sendable, CustomTestStringConvertible {
  var html: String
  var expected: Expected

  init(_ html: String, _ expected: Expected) {
    self.html = html
    self.expected = expected
  }

  var testDescription: String { html }
}

extension PageContent {
  /// Whether the text has no separator too many, and the links are different and not empty.
  var isWellFormed: Bool {
    let isBlank = { (byte: UInt8) in byte.isHTMLSpace }
    let text = Array(text.utf8)
    let hasRun = zip(text, text.dropFirst()).contains { isBlank($0) && isBlank($1) }
    let hasEdge = text.first.map(isBlank) ?? false || text.last.map(isBlank) ?? false
    let targets = links.map(\.target)
    return !hasRun && !hasEdge && Set(targets).count == targets.count && !targets.contains("")
  }
}

/// A generator of the same numbers for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
