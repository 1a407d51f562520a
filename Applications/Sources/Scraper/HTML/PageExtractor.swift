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
  /// - Complexity: linear in the length of `body`.
  /// - Parameters:
  ///   - body: The bytes of the page, which may be anything at all.
  ///   - charset: What the `Content-Type` header says; only a byte order mark counts for more.
  /// - Returns: What was found; a page that cannot be read has no text and no links.
  package func extract(_ body: UnsafeRawBufferPointer, charset: String? = nil) -> PageContent {
    PageDecoder.withText(of: body, charset: charset) { text, encoding in
      let scanner = PageScanner(linkLimit: linkLimit, targetLimit: targetLimit)
      return HTMLReader.scan(text, with: scanner).content(encoding: encoding.name)
    }
  }
}
