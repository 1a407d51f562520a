import Testing

@testable import Scraper

/// The expectations follow from the definitions of CSS Selectors Level 4; each names the ids of what matches.
struct CSSToXPathTests {
  private static let page = """
    <html id=html><body id=body lang=en-US>
    <ul id=u class="list  big">
    <li id=a class="x first">one
    <li id=b data-v="Foo bar">two <b id=bb>2</b>
    <li id=c class=x title="it's">three<!-- no text -->
    <li id=d data-v="foo-bar">
    <ol id=o><li id=e>inner<li id=f class=y></ol>
    <li id=g><!-- empty -->
    </ul>
    <p id=p1>text</p><div id=d1><p id=p2></p></div><p id=p3 class=X>a</p><my-el id=m xlink:href="k"></my-el>
    </body></html>
    """

  @Test(arguments: [
    // Types, classes, ids
    ("li", "a b c d e f g"), ("LI", "a b c d e f g"), (".x", "a c"), (".X", "p3"),
    (".x.first", "a"),
    ("li.y, p", "f p1 p2 p3"), ("p, ul", "u p1 p2 p3"), ("#c", "c"), ("ul#u.big", "u"),
    ("my-el", "m"),
    ("li, li, .x", "a b c d e f g"), (".fi", ""), ("#C", ""),
    // Attributes
    ("[data-v]", "b d"), ("[DATA-V]", "b d"), ("[data-v='Foo bar']", "b"), ("[data-v=foo]", ""),
    ("[data-v=\"FOO BAR\" i]", "b"), ("[data-v~=bar]", "b"), ("[data-v~='Foo bar']", ""),
    ("[data-v~='']", ""), ("[data-v|=foo]", "d"), ("[lang|=en]", "body"), ("[data-v^=foo]", "d"),
    ("[data-v^=FOO i]", "b d"), ("[data-v^='']", ""), ("[data-v$=bar]", "b d"),
    ("[data-v$='']", ""),
    ("[data-v$='xxxxxxxxxxxfoo-bar']", ""), ("[data-v*='o b']", "b"), ("[data-v*='']", ""),
    ("[title=\"it's\"]", "c"), ("[title*=\"'\"]", "c"), ("[title=\"'\\\"\"]", ""),
    ("[xlink\\:href=k]", "m"), ("[nothing='' i]", ""),
    // Combinators
    ("ul li", "a b c d e f g"), ("ul > li", "a b c d g"), ("ul li li", "e f"),
    ("li + li", "b c d f g"),
    ("li ~ li", "b c d f g"), ("#b ~ li", "c d g"), ("#b + li", "c"), ("p + div p", "p2"),
    ("body > p ~ p", "p3"), ("ul > li b", "bb"), ("ol > * + *", "f"), ("#a + #c", ""),
    ("ul>li+li", "b c d g"), ("html > body > ul", "u"),
    // Lists of selectors
    ("li:not(.x)", "b d e f g"), ("li:not(.x, .y)", "b d e g"), ("li:not(ol li)", "a b c d g"),
    ("li:not(ul > li)", "e f"), ("li:not(:not(.x))", "a c"), (":is(.x, .y)", "a c f"),
    ("li:is(.x):where(.first)", "a"), (":is(ul, ol) > :is(.x, .y)", "a c f"),
    ("li:is(ol > *)", "e f"),
    ("li:not(*)", ""), ("p:not(#p1 ~ p)", "p1 p2"), ("p:not(div + p)", "p1 p2"),
    // :has()
    ("li:has(b)", "b"), ("li:has(> ol)", "d"), ("ul:has(ol li.y)", "u"), ("li:has(+ .x)", "b"),
    ("li:has(~ .y)", "e"), ("p:has(+ div > p)", "p1"), ("li:has(b, ol)", "b d"), ("p:has(+ p)", ""),
    ("li:has(> ol > .x)", ""),
    // Places
    ("ul > li:nth-child(2)", "b"), ("ul > li:nth-child(odd)", "a c g"),
    ("li:nth-child(even)", "b d f"),
    ("ul > li:nth-child(-n+2)", "a b"), ("ul > li:nth-child(n+4)", "d g"),
    ("ul > li:nth-child(3n-1)", "b g"), ("ul > li:nth-child(-2n+3)", "a c"),
    ("li:nth-child(0)", ""),
    ("li:nth-child(n)", "a b c d e f g"), ("li:nth-child(-n)", ""), ("li:nth-child(0n+1)", "a e"),
    ("ul > li:nth-last-child(2)", "d"), ("ul > li:nth-last-child(2n+1)", "a c g"),
    ("body > p:nth-of-type(2)", "p3"), ("body > p:nth-last-of-type(2n)", "p1"),
    ("li:first-child", "a e"), ("li:last-child", "f g"), ("p:only-child", "p2"),
    ("body > p:first-of-type", "p1"), ("body > p:last-of-type", "p3"), ("ol:only-of-type", "o"),
    ("my-el:nth-of-type(1)", "m"), ("p:last-child", "p2"),
    // Others
    ("li:empty", "f"), ("p:empty", "p2"), (":root", "html"), ("li:root", ""), (":scope", "html"),
    (":scope > body", "body"), ("#\\62 b", "bb"),
  ])
  func `a selector finds what CSS says`(_ selector: String, _ expected: String) throws {
    #expect(try ids(selector) == expected)
  }

  @Test(arguments: [
    ("li", "d e f"), (":scope", "d"), (":scope > *", "o"), ("li li", "e f"), ("ul li", ""),
    ("ol li", "e f"),
    ("ul > li", ""), ("li + li", "f"), ("li ~ li", "f"), ("[data-v] li", "e f"),
    ("li:has(.y)", "d"),
    ("ol, .y", "o f"), (":scope li:not(:scope)", "e f"), ("#c + li", ""),
    ("li:not(ul > li)", "e f"),
    ("li:nth-child(4)", "d"),
  ])
  func `within an element, combinators do not lead out of it`(
    _ selector: String,
    _ expected: String
  ) throws {
    #expect(try ids(selector, within: "//*[@id='d']") == expected)
  }

  @Test(arguments: [
    ("li.x::text", "one | three"), ("li.y::text", ""), ("ul::text", ""),
    ("li::attr(DATA-V)", "Foo bar | foo-bar"),
    ("[title]::attr(title), #bb::text", "2 | it's"), ("p::text, b::text", "2 | text | a"),
    ("::attr(lang)", "en-US"),
  ])
  func `a pseudo-element takes text or an attribute`(
    _ selector: String,
    _ expected: String
  ) throws {
    let texts = try texts(selector)
    #expect(texts.joined(separator: " | ") == expected)
  }

  @Test func `a long chain is refused by libxml2, not by a crash`() throws {
    let chain = Array(repeating: "a", count: 5000).joined(separator: " ")
    let xpath = CSSToXPath().expression(for: try CSSParser.parse(chain))
    #expect(throws: ExpressionError.self) { try XPathExpression(xpath) }
  }

  private func ids(_ selector: String, within place: String? = nil) throws -> String {
    let xpath = CSSToXPath(isScoped: place != nil).expression(for: try CSSParser.parse(selector))
    return try values(xpath, each: place, attribute: "id").joined(separator: " ")
  }

  private func texts(_ selector: String) throws -> [String] {
    let xpath = CSSToXPath().expression(for: try CSSParser.parse(selector))
    return try values(xpath, each: nil, attribute: nil)
  }

  /// Evaluates an expression through the rules, so that the test needs no pointers.
  private func values(_ xpath: String, each: String?, attribute: String?) throws -> [String] {
    let field = ItemRule.Field(
      name: "v",
      selection: .init(xpath: xpath, source: ""),
      part: attribute.map { .attribute($0) } ?? .text,
      isMany: true
    )
    let rule = ItemRule(
      name: "r",
      each: each.map { .init(xpath: $0, source: "") },
      fields: [field]
    )
    var extraction = ItemExtraction()
    var page = Self.page
    page.withUTF8 {
      guard let tree = PageTree(UnsafeRawBufferPointer($0)) else { return }
      extraction.take(rule, from: tree)
    }
    try #require(extraction.found.problems == [])
    let json = extraction.found.items.first?.json ?? #"{"v":[]}"#
    let list = json.dropFirst(#"{"v":["#.count).dropLast(2)
    return list.isEmpty
      ? [] : list.dropFirst().dropLast().split(separator: "\",\"").map(String.init)
  }
}
