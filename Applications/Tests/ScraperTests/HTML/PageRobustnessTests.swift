import Testing

@testable import Scraper

/// Pages that nobody writes by hand, but that servers send.
struct PageRobustnessTests {
  private func repeated(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  @Test func `elements may be nested without end`() {
    let content = extract(
      repeated("<div>", 100_000) + "<a href=/x>a</a>" + repeated("</b>", 100_000)
    )
    #expect(content.links.map(\.target) == ["/x"])
    #expect(content.text == "a")
  }

  @Test func `below a great depth elements still end where they should`() {
    let deep = repeated("<span>", 1000)
    #expect(
      extract(deep + "<template>b</template>c<p>d<p>e<pre>f\ng</pre>").text == "c\nd\ne\nf\ng"
    )
    #expect(extract("<title>a" + deep + "</title>" + deep + "<svg><title>").title == "a")
    #expect(extract("<noscript>\(deep)a\(repeated("</span>", 1000))</noscript>b").text == "b")
  }

  @Test func `a tag with too many attributes ends the page`() {
    let attributes = (0..<200_000).map { " a\($0)" }.joined()
    #expect(extract("<p>a<p\(attributes)>b").text == "a")
    let few = (0..<300).map { " a\($0)=\($0)" }.joined()
    #expect(extract("<p>a<p\(few)>b").text == "a\nb")
  }

  @Test func `a page with too many different names ends`() {
    let elements = (0..<200_000).map { "<x\($0)>\($0) </x\($0)>" }.joined()
    let words = extract(elements).text.split(separator: " ")
    #expect(words.count >= 100_000)
    #expect(words.count < 110_000)
  }

  @Test func `an attribute may be megabytes long`() {
    let long = repeated("x y", 1_000_000)
    let content = extract("<img src='data:\(long)'><a href='/x'>a</a><a href='\(long)'>b</a>")
    #expect(content.links.map(\.target) == ["/x"])
    #expect(content.droppedLinks == 1)
    #expect(content.text == "ab")
  }

  @Test(
    arguments: [
      "", "<", ">", "&", "<a", "<a ", "<a href", "<a href=", "<a href='", "</", "</a", "<!", "<!-",
      "<!--",
      "<!-->", "<!doctype", "<?", "<?x", "&#", "&#x", "&#xFFFFFFFFFF;", "&#0;", "&#xD800;", "&amp",
      "<script>", "<script></scrip", "<style", "<title>", "<textarea>", "<meta charset",
      "<![CDATA[",
      "\0", "<\0>", "<a\0href=/x>", "\u{FEFF}", "\u{FFFE}\u{FFFF}", "\u{1}\u{C}\u{7F}", "\r",
      "<a/><b/",
      "</html></html>", "<html><html>", "</p></br>", "<body><head><frameset>", "<table></p><a>",
    ]
  )
  func `fragments do not end the program, alone or in thousands`(_ fragment: String) {
    for page in [fragment, fragment + " ", "<p>" + fragment, repeated(fragment, 1000)] {
      for charset in [nil, "utf-16le", "shift_jis", "iso-2022-jp"] {
        #expect(isWellFormed(extract(page, charset: charset)))
      }
    }
  }

  @Test func `random bytes and random markup do not end the program`() {
    var random = Seeded(state: 1)
    let parts = [
      "<", ">", "/", "a", "div", " ", "=", "\"", "'", "&", ";", "#", "!", "--", "script", "title",
      "?", "\0", "é", "href", "table", "pre", "template", "svg", "meta", "\u{A0}", "\n",
    ]
    for _ in 0..<100 {
      let bytes = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(isWellFormed(extract(bytes)))
      let markup = (0..<2000).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }
      #expect(isWellFormed(extract(markup.joined())))
    }
  }

  @Test func `characters that XML forbids do not end the page`() {
    let content = extract("<p>a\u{FFFF}\u{1}b</p><p>c</p><a href='/\u{FFFE}'>")
    #expect(content.text.hasSuffix("b\nc"))
    #expect(content.links.count == 1)
  }

  @Test func `pages are extracted in parallel`() async {
    let pages = (0..<64).map { number in
      "<title>\(number)</title><meta charset=koi8-r>" + repeated("<p>\(number)<x\(number)>", 500)
    }
    await withTaskGroup(of: (Int, PageContent).self) { group in
      for (number, page) in pages.enumerated() { group.addTask { (number, extract(page)) } }
      for await (number, content) in group {
        #expect(content.title == "\(number)")
        #expect(content.text.split(separator: "\n").allSatisfy { $0 == "\(number)" })
      }
    }
  }

  /// Whether the text has no separator too many, and the links are different and not empty.
  private func isWellFormed(_ content: PageContent) -> Bool {
    let isBlank = { (byte: UInt8) in byte.isHTMLSpace }
    let text = Array(content.text.utf8)
    let hasRun = zip(text, text.dropFirst()).contains { isBlank($0) && isBlank($1) }
    let hasEdge = text.first.map(isBlank) ?? false || text.last.map(isBlank) ?? false
    let targets = content.links.map(\.target)
    return !hasRun && !hasEdge && Set(targets).count == targets.count && !targets.contains("")
  }
}

/// A generator of the same numbers for the same seed (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
