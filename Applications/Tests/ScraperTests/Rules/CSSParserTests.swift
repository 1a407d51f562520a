import Testing

@testable import Scraper

struct CSSParserTests {
  @Test func `compounds, combinators and pseudo-elements are taken apart`() throws {
    let selector = try CSSParser.parse("UL.a > li#b ~ *, p::ATTR(Title)")
    let list = CSSSelector.AttributeTest(name: "class", comparison: .includes, value: "a")
    let item = CSSSelector.AttributeTest(name: "id", comparison: .equals, value: "b")
    #expect(
      selector.alternatives == [
        .init(
          compounds: [
            .init(type: "ul", conditions: [.attribute(list)]),
            .init(combinator: .child, type: "li", conditions: [.attribute(item)]),
            .init(combinator: .subsequentSibling),
          ]
        ),
        .init(compounds: [.init(type: "p")], pseudoElement: .attribute("title")),
      ]
    )
  }

  @Test(arguments: [
    ("a", "a"), ("A-b_1", "a-b_1"), ("--x", "--x"), ("é", "é"), ("\\61 b", "ab"), ("\\61\nb", "ab"),
    ("\\000061b", "ab"), ("x\\:y", "x:y"), ("\\0 ", "\u{FFFD}"), ("\\d800 ", "\u{FFFD}"),
    ("\\110000 ", "\u{FFFD}"), ("-\\31 ", "-1"), ("\u{0}", "\u{FFFD}"), ("a\\\u{301}", "a\u{301}"),
  ])
  func `an identifier is read with its escapes`(_ text: String, _ expected: String) throws {
    #expect(try type(of: text) == expected)
  }

  @Test(arguments: [
    (#""""#, ""), (#"'a"b'"#, "a\"b"), (#""a\"b""#, "a\"b"), (#""\41 b""#, "Ab"),
    ("\"a\\\nb\"", "ab"), ("\"a\\\r\nb\"", "ab"), (#""/* a */""#, "/* a */"), ("\"\\\r\"", ""),
  ])
  func `a string is read with its escapes`(_ text: String, _ expected: String) throws {
    #expect(try attributeTest("[a=\(text)]").value == expected)
  }

  @Test(
    arguments: [
      ("[a]", nil, ""), ("[ A = b ]", .equals, "b"), ("[a~=b]", .includes, "b"),
      ("[a|=b]", .beginsWithWord, "b"), ("[a^=b]", .beginsWith, "b"), ("[a$='b']", .endsWith, "b"),
      ("[a*=\"b\"]", .contains, "b"),
    ] as [(String, CSSSelector.AttributeTest.Operator?, String)]
  )
  func `each operator of attributes is known`(
    _ text: String,
    _ comparison: CSSSelector.AttributeTest.Operator?,
    _ value: String
  ) throws {
    let expected = CSSSelector.AttributeTest(name: "a", comparison: comparison, value: value)
    #expect(try attributeTest(text) == expected)
  }

  @Test func `i makes the comparison ignore case, s does not`() throws {
    #expect(try attributeTest("[a=b i]").ignoresCase)
    #expect(try attributeTest("[a='b'I]").ignoresCase)
    #expect(try !attributeTest("[a='b's]").ignoresCase)
  }

  @Test(arguments: [
    ("odd", 2, 1), (" EVEN ", 2, 0), ("5", 0, 5), ("+5", 0, 5), ("-5", 0, -5), ("n", 1, 0),
    ("-n", -1, 0), ("+N", 1, 0), ("2n", 2, 0), ("2n+1", 2, 1), ("2n-1", 2, -1), ("2n - 1", 2, -1),
    ("2n -1", 2, -1), ("2n- 1", 2, -1), ("-3n+ 07", -3, 7), ("n/* and */+/**/2", 1, 2),
    ("99999999999999999999n+1", 999_999_999, 1),
  ])
  func `the places of nth-child are read`(_ text: String, _ step: Int, _ offset: Int) throws {
    let compound = try #require(try CSSParser.parse(":nth-child(\(text))").alternatives.first)
    let expected = CSSSelector.ChildPosition(step: step, offset: offset)
    #expect(compound.compounds.map(\.conditions) == [[.position(expected)]])
  }

  @Test func `comments divide tokens and nothing else`() throws {
    let plain = try CSSParser.parse("a.b > c:not(d)")
    #expect(try CSSParser.parse("a/* */.b/* */ > /* > */c/**/:not(/* */d/* */)") == plain)
  }

  @Test(arguments: [
    ("", #"column 1: found the end, expected a selector"#),
    ("h3 >> a", #"column 5: found ">", expected a selector"#),
    ("> a", #"column 1: found ">", expected a selector"#),
    ("a,", #"column 3: found the end, expected a selector"#),
    ("a,,b", #"column 3: found ",", expected a selector"#),
    ("a b ]", #"column 5: found "]", expected a selector"#),
    ("a]", #"column 2: found "]", expected a combinator, a comma or the end"#),
    ("a/**/b", #"column 6: found "b", expected a combinator, a comma or the end"#),
    ("\"a\"", #"column 1: found a quotation mark, expected a selector"#),
    ("a\\", #"column 2: found "\", expected a combinator, a comma or the end"#),
    ("..a", #"column 2: found ".", expected the name of a class"#),
    ("#1a", #"column 2: a name cannot begin with a digit; write \31 and a space for it"#),
    ("é # b", #"column 4: found " ", expected an id"#),
    ("a[", #"column 3: found the end, expected the name of an attribute"#),
    ("a[b", #"column 4: found the end, expected ], =, ~=, |=, ^=, $= or *="#),
    ("a[b!=c]", #"column 4: found "!", expected ], =, ~=, |=, ^=, $= or *="#),
    ("a[b=5]", #"column 5: found "5", expected a name, or text in quotation marks"#),
    ("a[b=c x]", #"column 7: found "x", expected ]"#),
    ("a[b='x]", #"column 5: the string is not closed; add ' at its end"#),
    ("a[b='x\n']", #"column 5: the string is not closed; add ' at its end"#),
    ("a[b='\\", #"column 5: the string is not closed; add ' at its end"#),
    ("s|a", #"column 2: HTML has no namespaces to select by; write the name alone"#),
    ("[s|a]", #"column 3: HTML has no namespaces to select by; write the name alone"#),
    (":nth-child()", #"column 12: found ")", expected odd, even, a number or something like 2n+1"#),
    (":nth-child(2n+)", #"column 15: found ")", expected a number"#),
    (
      ":nth-child(+ 2)",
      #"column 13: found " ", expected odd, even, a number or something like 2n+1"#
    ),
    (":nth-child(2 of p)", #"column 14: found "of", expected )"#),
    (
      "*:first-of-type",
      #"column 2: ":first-of-type" needs the name of an element before it, as in li:first-of-type"#
    ),
    ("a:not(", #"column 7: found the end, expected a selector"#),
    ("a:not(b", #"column 8: found the end, expected )"#),
    ("a:is(b,)", #"column 8: found ")", expected a selector"#),
    (
      "a:not(b::text)",
      #"column 8: a pseudo-element cannot stand in parentheses; put it at the end"#
    ),
    ("a::text b", #"column 9: found "b", expected a comma or the end"#),
    ("a::before", #"column 2: ::before is not supported; use ::text or ::attr(NAME)"#),
    ("a::attr", #"column 8: found the end, expected ("#),
    ("a::attr()", #"column 9: found ")", expected the name of an attribute"#),
  ])
  func `a mistake is told with its column, and what is missing`(
    _ text: String,
    _ expected: String
  ) {
    let error = #expect(throws: ExpressionError.self) { try CSSParser.parse(text) }
    #expect(error?.description == expected)
  }

  @Test(arguments: [":hover", "a:contains('x')", ":nth-child", ":not"])
  func `a pseudo-class that a page alone cannot decide is refused`(_ text: String) {
    let error = #expect(throws: ExpressionError.self) { try CSSParser.parse(text) }
    #expect(error?.message.contains("is not supported; there are :not(), ") ?? false)
  }

  @Test func `parentheses nest 32 deep`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: ":not(", count: depth) + "a" + String(repeating: ")", count: depth)
    }
    _ = try CSSParser.parse(nested(32))
    let error = #expect(throws: ExpressionError.self) { try CSSParser.parse(nested(33)) }
    #expect(
      error?.description
        == "column 166: more than 32 parentheses are open; write a simpler selector"
    )
  }

  private func type(of text: String) throws -> String? {
    try CSSParser.parse(text).alternatives.first?.compounds.first?.type
  }

  private func attributeTest(_ text: String) throws -> CSSSelector.AttributeTest {
    let compound = try CSSParser.parse(text).alternatives.first?.compounds.first
    guard case .attribute(let test)? = compound?.conditions.first else {
      return try #require(nil, "no test of an attribute")
    }
    return test
  }
}
