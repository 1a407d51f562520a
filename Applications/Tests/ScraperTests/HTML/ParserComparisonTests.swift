import Foundation
import SampleSite
import Testing

@testable import Scraper

/// What is taken from real pages, beside what libxml2's trees say.
///
/// On well-formed pages both must agree; where they do not on others, browsers are followed.
struct ParserComparisonTests {
  @Test func `titles, links and texts of the sample site are those of a tree`() throws {
    let site = try SampleWebsite(pages: 80, hosts: 2)
    let pages = site.expectation.stored.filter { $0.type.hasPrefix("text/html") }
    #expect(pages.count >= 80)
    for entry in pages {
      let start = try #require(entry.url.dropFirst(7).firstIndex(of: "/"))
      try compare(site.page(host: entry.host, path: String(entry.url[start...])).body, entry.url)
    }
  }

  private static let documentation = "/usr/share/doc/python3.11/html"

  /// All of them take a minute in debug mode, so every tenth is taken.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: documentation)))
  func `titles, links and texts of Python's documentation are those of a tree`() throws {
    let files = try #require(FileManager.default.enumerator(atPath: Self.documentation))
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".html") }.sorted()
    #expect(files.count > 500)
    for index in stride(from: 0, to: files.count, by: 10) {
      let page = try Data(contentsOf: URL(filePath: Self.documentation + "/" + files[index]))
      try compare(Array(page), files[index])
    }
  }

  private func compare(_ page: [UInt8], _ name: String) throws {
    let hidden = ["script", "style", "title", "template", "noscript", "iframe", "video", "audio"]
    let elements = [
      "a/@href", "area/@href", "iframe/@src", "link[@rel='next' or @rel='canonical']/@href",
    ]
    let targets = elements.map { "//\($0)" }.joined(separator: " | ")
    let visible = hidden.map { "ancestor::\($0)" }.joined(separator: " or ")
    let rules = try ItemRules(
      yaml: """
        items:
          page:
            fields:
              title: title
              links: {xpath: "\(targets)", many: true}
              texts: {xpath: "//text()[not(\(visible))]", many: true}
        """,
      file: "rules.yaml"
    )
    let (content, found) = page.withUnsafeBytes { page in
      PageDecoder.withText(of: page, charset: nil) { text, encoding in
        (
          PageExtractor().extract(text, encoding: encoding),
          rules.items(in: text, url: "https://a.test/")
        )
      }
    }
    #expect(found.problems == [])
    let json = try #require(found.items.first).json
    let tree = try JSONDecoder().decode(Tree.self, from: Data(json.utf8))
    #expect(content.title == tree.title, "\(name)")
    let links = content.links.filter { $0.kind != .refresh }.map(\.target)
    #expect(links == tree.targets, "\(name)")
    #expect(letters(content.text) == letters(tree.texts.joined()), "\(name)")
  }

  private func letters(_ text: String) -> String { text.filter { !$0.isWhitespace } }
}

/// What rules find in a page.
private struct Tree: Decodable {
  var title: String?
  var links: [String]
  var texts: [String]

  /// The links as a page's content has them: without fragments, each once.
  var targets: [String] {
    var seen: Set<String> = []
    return links.map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespacesAndNewlines) }
      .filter { !$0.isEmpty && seen.insert($0).inserted }
  }
}
