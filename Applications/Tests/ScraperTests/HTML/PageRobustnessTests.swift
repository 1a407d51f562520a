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
    #expect(extract("\(deep)<svg><title>a</title></svg><title>b</title>").title == "b")
    #expect(extract("<noscript>\(deep)a\(repeated("</span>", 1000))</noscript>b").text == "b")
  }

  @Test func `a tag may have as many attributes as it likes`() {
    let attributes = (0..<200_000).map { " a\($0)=\($0)" }.joined()
    let content = extract("<p>a<p\(attributes)>b<a\(attributes) href=/x>")
    #expect(content.text == "a\nb")
    #expect(content.links.map(\.target) == ["/x"])
  }

  @Test func `a page may have as many different names as it likes`() {
    let elements = (0..<200_000).map { "<x\($0)>\($0) </x\($0)>" }.joined()
    #expect(extract(elements).text.split(separator: " ").count == 200_000)
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
        #expect(extract(page, charset: charset).isWellFormed)
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
      #expect(extract(bytes).isWellFormed)
      let markup = (0..<2000).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }
      #expect(extract(markup.joined()).isWellFormed)
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
}
