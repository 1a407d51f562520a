import Testing

@testable import Scraper

struct RulesFileTests {
  @Test func `a file is read with all it can say`() throws {
    let yaml = """
      items:
        product:
          pages: "/product/[0-9]+"
          each: article.product
          fields:
            title: { css: "h3 a", attr: Title, required: true }
            price: p.price::text
            tags: { css: ".tag::text", many: true }
            body: { xpath: ".//div[@id='d']", value: html }
        page:
          each: { xpath: //main }
          fields: { heading: { css: h1, value: text, required: false } }
      """
    let rules = try RulesFile.rules(yaml: yaml, file: "rules.yaml")
    #expect(rules.map(\.name) == ["product", "page"])
    let product = try #require(rules.first)
    #expect(product.each?.source == "article.product")
    #expect(product.fields.map(\.name) == ["title", "price", "tags", "body"])
    #expect(
      product.fields.map(\.selection.source) == [
        "h3 a", "p.price::text", ".tag::text", ".//div[@id='d']",
      ]
    )
    #expect(product.fields.map(\.part) == [.attribute("title"), .text, .text, .html])
    #expect(product.fields.map(\.isMany) == [false, false, true, false])
    #expect(product.fields.map(\.isRequired) == [true, false, false, false])
    #expect(product.pages?.matches("https://a.test/product/12?x") == true)
    #expect(product.pages?.matches("https://a.test/product/") == false)
    #expect(rules.last?.pages == nil)
    #expect(rules.last?.each?.xpath == "//main")
  }

  @Test func `JSON, anchors and names like yes are YAML too`() throws {
    let yaml = #"{"items": {"p": &p {"fields": {"yes": "a", "1": "b"}}, "q": *p}}"#
    let rules = try RulesFile.rules(yaml: yaml, file: "rules.json")
    #expect(rules.map { $0.fields.map(\.name) } == [["yes", "1"], ["yes", "1"]])
  }

  @Test(arguments: [
    ("", #"1:1: there are no rules; begin with "items:""#),
    ("# nothing\n", #"1:1: there are no rules; begin with "items:""#),
    ("items", #"1:1: the file has to be a mapping; write "items: …" on a line of its own"#),
    ("- a", #"1:1: the file has to be a mapping; write "items: …" on a line of its own"#),
    ("item: {}", #"1:1: "item" is no key of the file; known: items"#),
    ("items:", #"1:7: "items" has to be a mapping; write "name: …" on a line of its own"#),
    ("items: {}", #"1:8: "items" is empty; write at least one"#),
    ("? [a]\n: b", #"1:3: a key of the file has to be text, not a mapping or a list"#),
    (
      "items:\n\tp: x",
      "2:1: this cannot be read as YAML: while scanning for the next token, found character that cannot start any token"
    ),
    ("items:\n  p\u{1}: x", "2:4: this cannot be read as YAML: control characters are not allowed"),
    (
      "items: {}\n---\nitems: {}",
      "2:1: this cannot be read as YAML: expected a single document in the stream, but found another document"
    ),
  ])
  func `a file that is no rules is refused with its place`(_ yaml: String, _ expected: String) {
    expectError(yaml, expected)
  }

  @Test(arguments: [
    ("", #"2:5: the rule "p" has to be a mapping; write "fields: …" on a line of its own"#),
    ("each: li", #"3:5: the rule "p" has no fields; add "fields:""#),
    ("fields:", #"3:12: "fields" has to be a mapping; write "name: …" on a line of its own"#),
    (
      "fields: {a: b}\n    colour: red",
      #"4:5: "colour" is no key of the rule "p"; known: pages, each, fields"#
    ),
    ("fields: {a: b}\n    pages: '(a'", #"4:12: "pages" is no regular expression: expected ')'"#),
    (
      "fields: {a: b}\n    each: a::text",
      #"4:11: "each" chooses elements; leave ::text to the fields"#
    ),
    (
      "fields: {a: b}\n    each: {css: a, xpath: b}",
      #"4:27: "each" has css and xpath; keep one of them"#
    ),
    ("fields: {a: b}\n    each: ''", #"4:11: "each" is empty; write its text"#),
    (
      "fields:\n      a: b\n      a: c",
      #"4:7: "a" stands here and again in the same mapping; keep one of them"#
    ),
  ])
  func `a rule that cannot be is refused with its place`(_ rule: String, _ expected: String) {
    expectError("items:\n  p:\n    \(rule)", expected)
  }

  @Test(arguments: [
    ("[b]", #"3:17: the field "a" has to be text, not a mapping or a list"#),
    ("", #"3:17: the field "a" is empty; write its text"#),
    ("{many: true}", #"3:17: the field "a" has no selector; add css or xpath"#),
    ("{css: a, xpath: b}", #"3:33: the field "a" has css and xpath; keep one of them"#),
    ("{css: [a]}", #"3:23: "css" has to be text, not a mapping or a list"#),
    ("{css: a, value: json}", #"3:33: "value" has to be text or html, not "json""#),
    (
      "{css: a, value: html, attr: x}",
      #"3:39: the field "a" has "value" and "attr"; keep one of them"#
    ),
    ("{css: 'a::text', attr: x}", #"3:34: the field "a" has ::text and "attr"; keep one of them"#),
    ("{css: a, many: yes}", #"3:32: "many" has to be true or false"#),
    (
      "{css: a, must: true}",
      #"3:26: "must" is no key of the field "a"; known: css, xpath, value, attr, many, required"#
    ),
  ])
  func `a field that cannot be is refused with its place`(_ field: String, _ expected: String) {
    expectError("items:\n  p:\n    fields: {a: \(field)}", expected)
  }

  @Test(arguments: [
    ("h3 >> a", #"4:14: found ">", expected a selector"#),
    ("'h3 >> a'", #"4:15: found ">", expected a selector"#),
    ("\"é3 >> a\"", #"4:15: found ">", expected a selector"#),
    ("{ css: 'h3 >> a' }", #"4:22: found ">", expected a selector"#),
    ("'[b=''c''] >> a'", #"4:22: found ">", expected a selector"#),
    // Where YAML makes something else of the text, columns cannot be counted in the file.
    ("\"h3\\u0020>> a\"", #"4:10: in this text, column 5: found ">", expected a selector"#),
    ("&x h3 >> a", #"4:10: in this text, column 5: found ">", expected a selector"#),
    (">\n        h3 >> a", #"4:10: in this text, column 5: found ">", expected a selector"#),
    ("h3\n        >> a", #"4:10: in this text, column 5: found ">", expected a selector"#),
  ])
  func `a mistake in a selector is shown in the file`(_ field: String, _ expected: String) {
    expectError("items:\n  p:\n    fields:\n      a: \(field)", expected)
  }

  @Test(arguments: [
    ("//a[", "4:23: XPath 1.0 cannot be read from here on; check what stands before and after"),
    (
      "//a[@b='é'] ]",
      "4:31: XPath 1.0 cannot be read from here on; check what stands before and after"
    ),
    ("//a[@b='é", "4:28: the string is not closed; add the quotation mark it began with"),
    (
      "//a[matches(., 'x')]",
      #"4:23: XPath 1.0 has no function "matches"; use one of its own, such as contains"#
    ),
    (
      "//a[re:test(.)]",
      #"4:23: no prefix "re:" is known; HTML has none, nor do functions of XPath 1.0"#
    ),
    ("//a[. = $x]", "4:27: there are no variables here"),
    ("//namespace::*", "4:21: HTML has no namespaces; use another axis"),
    ("//a[. = 'f(x) $y ::'] | //b[count (c) > 1.5 and (d)]", nil),
    ("self::node()[not(self::text()) or lang('en')]/@xml:lang", nil),
  ])
  func `a mistake in XPath is found when the file is read`(_ xpath: String, _ expected: String?) {
    expectError("items:\n  p:\n    fields:\n      a: {xpath: \"\(xpath)\"}", expected)
  }

  private func expectError(_ yaml: String, _ expected: String?) {
    do {
      _ = try ItemRules(yaml: yaml, file: "rules.yaml")
      #expect(expected == nil)
    } catch {
      #expect(error.description == expected.map { "rules.yaml:\($0)" })
    }
  }
}
