import Testing

@testable import Scraper

/// What is extracted from a page with this text.
func extract(_ html: String, charset: String? = nil) -> PageContent {
  extract(Array(html.utf8), charset: charset)
}

func extract(_ body: [UInt8], charset: String? = nil) -> PageContent {
  body.withUnsafeBytes { PageExtractor().extract($0, charset: charset) }
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
