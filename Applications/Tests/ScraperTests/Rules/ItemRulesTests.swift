import Testing

@testable import Scraper

struct ItemRulesTests {
  private func find(
    _ fields: String,
    in page: String,
    each: String? = nil,
    encoding: String? = "UTF-8",
    url: String = "https://a.test/"
  ) throws -> ItemRules.Found {
    let each = each.map { "\n    each: \"\($0)\"" } ?? ""
    let yaml = "items:\n  r:\(each)\n    fields: {\(fields)}"
    return try find(ItemRules(yaml: yaml, file: "rules.yaml"), Array(page.utf8), encoding, url)
  }

  private func find(
    _ rules: ItemRules,
    _ page: [UInt8],
    _ encoding: String? = "UTF-8",
    _ url: String = "https://a.test/"
  ) -> ItemRules.Found {
    page.withUnsafeBytes { page in
      PageDecoder.withText(of: page, charset: encoding) { text, _ in
        rules.items(in: text, url: url)
      }
    }
  }

  private func json(_ fields: String, in page: String, each: String? = nil) throws -> [String] {
    let found = try find(fields, in: page, each: each)
    #expect(found.problems == [])
    return found.items.map(\.json)
  }

  // Values

  @Test(arguments: [
    ("a: p", #"{"a":"one two"}"#),
    ("a: {css: p, many: true}", #"{"a":["one two","three"]}"#),
    ("a: {css: p, attr: TITLE}", #"{"a":" T "}"#),
    ("a: {css: p, attr: title, many: true}", #"{"a":[" T "]}"#),
    ("a: {css: i, attr: title}, b: p", #"{"a":null,"b":"one two"}"#),
    ("a: {css: 'p::attr(title)'}", #"{"a":" T "}"#),
    ("a: {css: 'p::text', many: true}", #"{"a":["one","three"]}"#),
    ("a: {css: b, many: true}, c: b, p: p", #"{"a":[],"c":null,"p":"one two"}"#),
    ("a: {css: i, value: html}", #"{"a":"<i>two</i>"}"#),
    ("a: {css: 'p', value: html}", #"{"a":"<p title=\" T \">one\n <i>two</i></p>"}"#),
    ("a: {xpath: 'count(//p)'}", #"{"a":2}"#),
    ("a: {xpath: '1 div 4'}", #"{"a":0.25}"#),
    ("a: {xpath: '1 div 0'}", #"{"a":null}"#),
    ("a: {xpath: 'boolean(//b)', many: true}", #"{"a":[false]}"#),
    ("a: {xpath: 'string(//i)', attr: x}", #"{"a":"two"}"#),
    ("a: {xpath: 'string(//b)'}, i: i", #"{"a":null,"i":"two"}"#),
    ("a: {xpath: '//p/@title'}", #"{"a":" T "}"#),
    ("a: {xpath: '//p/@title', value: html}", #"{"a":" T "}"#),
    ("a: {xpath: '//comment()'}", #"{"a":"c"}"#),
    ("'\"': i", #"{"\"":"two"}"#),
  ])
  func `a field takes what it asks for`(_ fields: String, _ expected: String) throws {
    let page = "<body><p title=' T '>one\n <i>two</i></p><!-- c --><p>\n\tthree\u{0C}</p>"
    #expect(try json(fields, in: page) == [expected])
  }

  @Test func `text keeps its characters`() throws {
    let page = "<p>&quot;\\&amp;é&nbsp;€ \u{2028}😀 &#7;&lt;</p>"
    #expect(try json("a: p", in: page) == ["{\"a\":\"\\\"\\\\&é\u{A0}€ \u{2028}😀 <\"}"])
    let markup = try json("a: {css: p, value: html}", in: "<p title='é&quot;'>é&nbsp;&lt;</p>")
    #expect(markup == ["{\"a\":\"<p title='é\\\"'>é\u{A0}&lt;</p>\"}"])
  }

  @Test func `fields keep the order of the file`() throws {
    let page = "<a>1</a><b>2</b><i>3</i>"
    #expect(try json("z: i, a: a, m: b", in: page) == [#"{"z":"3","a":"1","m":"2"}"#])
  }

  @Test func `the encoding given wins over the page's own`() throws {
    let rules = try ItemRules(yaml: "items: {r: {fields: {a: p}}}", file: "rules.yaml")
    let head = Array("<meta charset=utf-8><p>".utf8)
    #expect(find(rules, head + [0xE9, 0x80], "windows-1252").items.first?.json == #"{"a":"é€"}"#)
    #expect(find(rules, head + Array("é".utf8), nil).items.first?.json == #"{"a":"é"}"#)
    #expect(find(rules, head + Array("é".utf8), "no such").items.first?.json == #"{"a":"é"}"#)
  }

  // Items

  @Test func `each match is an item, and fields look inside of it`() throws {
    let page = """
      <ul><li data-n=1><b>a</b><i>x</i></li><li data-n=2><b>b</b></li><li></li></ul><b>outside</b>
      """
    let found = try json(
      "n: 'li::attr(data-n)', b: 'li b', i: i, u: ul b",
      in: page,
      each: "ul > li"
    )
    #expect(
      found == [#"{"n":"1","b":"a","i":"x","u":null}"#, #"{"n":"2","b":"b","i":null,"u":null}"#]
    )
  }

  @Test func `items may lie in one another`() throws {
    let page = "<div>1<div>2<p>3</p></div></div>"
    let found = try json("p: 'div > p', d: ':scope > div::text'", in: page, each: "div")
    #expect(found == [#"{"p":"3","d":"2"}"#, #"{"p":"3","d":null}"#])
  }

  @Test func `an item that lacks something required is left out and counted`() throws {
    let page = "<li><b>1</b></li><li><i>2</i></li><li><b>3</b><i>4</i></li><li></li>"
    let found = try find("b: {css: b, required: true}, i: i", in: page, each: "li")
    #expect(found.items.map(\.json) == [#"{"b":"1","i":null}"#, #"{"b":"3","i":"4"}"#])
    #expect(
      found.problems == [
        #"item rule "r": 1 of 3 items left out, nothing found for the required "b" (b)"#
      ]
    )
  }

  @Test func `a page with nothing of an item has none`() throws {
    #expect(try find("a: {css: h1, required: true}, b: h2", in: "<p>x") == ItemRules.Found())
    #expect(try find("a: p", in: "") == ItemRules.Found())
    #expect(try find("a: p", in: "  \n") == ItemRules.Found())
  }

  @Test func `rules are for the pages whose URL they match`() throws {
    let yaml = """
      items:
        one: { pages: "^https://a[.]test/1$", fields: { a: p } }
        two: { fields: { a: p } }
      """
    let rules = try ItemRules(yaml: yaml, file: "rules.yaml")
    let page = Array("<p>x".utf8)
    #expect(find(rules, page, "UTF-8", "https://a.test/1").items.map(\.name) == ["one", "two"])
    #expect(find(rules, page, "UTF-8", "https://a.test/12").items.map(\.name) == ["two"])
  }

  // Failures on a page

  @Test(arguments: [
    ("a: {xpath: 'contains(//p)'}", "a function has too few or too many arguments"),
    ("a: {xpath: 'count(1)'}", "a function or an operator gets a value that it cannot take"),
  ])
  func `an expression that has no value is a problem of the page`(
    _ fields: String,
    _ expected: String
  ) throws {
    let found = try find(fields, in: "<p>x")
    #expect(found.items == [])
    #expect(found.problems.map { $0.hasSuffix(expected) } == [true])
  }

  @Test func `each has to give elements`() throws {
    let yaml = "items: {r: {each: {xpath: count(//p)}, fields: {a: p}}}"
    let found = find(try ItemRules(yaml: yaml, file: "rules.yaml"), Array("<p>x".utf8))
    #expect(found.problems == [#"item rule "r": "count(//p)" gives no elements"#])
  }

  @Test func `a page that repeats itself without end is cut off`() throws {
    let yaml = "items: {r: {each: div, fields: {a: ':scope'}}, s: {fields: {a: div}}}"
    let rules = try RulesFile.rules(yaml: yaml, file: "rules.yaml")
    var page = String(repeating: "<div>x", count: 100)
    var extraction = ItemExtraction(maximum: 1000)
    page.withUTF8 {
      guard let tree = PageTree(UnsafeRawBufferPointer($0)) else { return }
      for rule in rules { extraction.take(rule, from: tree) }
    }
    // The first item has 100 letters, the next one 99.
    #expect(extraction.found.items.map(\.name) == Array(repeating: "r", count: 10))
    #expect(
      extraction.found.problems == [
        #"item rule "r": the items of the page come to more than 1000 bytes; narrow "each""#
      ]
    )
  }

  @Test func `a page that takes too many steps is cut off`() throws {
    let yaml = "items: {r: {fields: {a: 'i:nth-child(2n)'}}, s: {fields: {a: i}}}"
    let rules = try RulesFile.rules(yaml: yaml, file: "rules.yaml")
    var page = String(repeating: "<i></i>", count: 100)
    var extraction = ItemExtraction()
    page.withUTF8 {
      let bytes = UnsafeRawBufferPointer($0)
      guard let tree = PageTree(bytes, steps: 2000) else { return }
      for rule in rules { extraction.take(rule, from: tree) }
    }
    #expect(extraction.found.items == [])
    let begin = #"item rule "r": "i:nth-child(2n)": the page takes more than "#
    #expect(extraction.found.problems.map { $0.hasPrefix(begin) } == [true])
  }

  @Test func `elements below the 512th level become siblings`() throws {
    let page = String(repeating: "<i>", count: 1000) + "<b>x"
    let fields = "i: {xpath: count(//i)}, b: {xpath: count(//b/ancestor::*)}"
    #expect(try json(fields, in: page) == [#"{"i":1000,"b":511}"#])
  }

  @Test func `a page ends at a tag with thousands of attributes`() throws {
    let attributes = (0..<5000).map { " a\($0)=1" }.joined()
    #expect(
      try json("p: p, b: b", in: "<p>x</p><i\(attributes)><b>y</b>") == [#"{"p":"x","b":null}"#]
    )
  }

  @Test func `rules may be used by many threads at a time`() async throws {
    let rules = try ItemRules(
      yaml:
        "items: {r: {pages: a, each: li, fields: {a: 'b:nth-child(2n+1)', n: {xpath: count(b)}}}}",
      file: "rules.yaml"
    )
    let page = Array(String(repeating: "<li><b>1</b><b>2</b></li>", count: 50).utf8)
    let expected = find(rules, page)
    #expect(expected.items.count == 50)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<20 where find(rules, page) != expected { return false }
          return true
        }
      }
      for await isSame in group { #expect(isSame) }
    }
  }
}
