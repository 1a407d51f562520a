/// Takes links, title and text from pages.
///
/// Calls share nothing, so one extractor serves any number of threads.
///
/// Text is what a reader sees in a browser without style sheets and scripts: white space collapsed,
/// each block on lines of its own, a new line at each `br`, tabs between the cells of a table's
/// row. `pre` keeps its line breaks. No line is empty.
package struct PageExtractor: Sendable {
  private let linkLimit: Int
  private let targetLimit: Int

  /// Makes an extractor that leaves out the links of a page after the first `linkLimit`, and those
  /// with a target of more than `targetLimit` bytes.
  package init(linkLimit: Int = 100_000, targetLimit: Int = 8_192) {
    self.linkLimit = linkLimit
    self.targetLimit = targetLimit
  }

  /// Extracts what a page says.
  ///
  /// - Complexity: linear in the length of `text`.
  /// - Parameters:
  ///   - text: The page, which may say anything at all, as `PageDecoder` makes it.
  ///   - encoding: What it was decoded from.
  /// - Returns: What was found; a page that cannot be read has no text and no links.
  func extract(_ text: UnsafeRawBufferPointer, encoding: CharacterEncoding) -> PageContent {
    text.withMemoryRebound(to: UInt8.self) { text in
      var scanner = PageScanner(text, linkLimit: linkLimit, targetLimit: targetLimit)
      scanner.run()
      return scanner.content(encoding: encoding.name)
    }
  }
}
