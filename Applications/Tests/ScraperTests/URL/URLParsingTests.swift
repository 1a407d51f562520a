import Testing

@testable import Scraper

/// Texts with a scheme, by the states of the URL standard's parser.
struct URLParsingTests {
  @Test(arguments: [
    ("http://bakery.test", "http://bakery.test/"),
    ("HtTpS://bakery.test", "https://bakery.test/"),
    ("http:bakery.test", "http://bakery.test/"),
    ("http:/bakery.test", "http://bakery.test/"),
    ("http:////bakery.test", "http://bakery.test/"),
    (#"http:\/\bakery.test"#, "http://bakery.test/"),
    ("wss:bakery.test", "wss://bakery.test/"),
    ("bread+v1.0-x:/a", "bread+v1.0-x:/a"),
    ("BREAD:Rye", "bread:Rye"),
    ("b:", "b:"),
  ])
  func `a scheme comes first, and slashes behind a special one do not matter`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try WebURL(text).string == expected)
  }

  @Test(arguments: [
    ("  http://bakery.test/ \n", "http://bakery.test/"),
    ("\u{0}\u{1F}http://bakery.test/\u{1B}", "http://bakery.test/"),
    ("ht\ntp:\t//bak\rery.test/ry\ne", "http://bakery.test/rye"),
    ("http://bakery.test/a\u{A0}", "http://bakery.test/a%C2%A0"),
    ("mailto: \t", "mailto:"),
  ])
  func `controls and spaces at the ends go, tabs and newlines everywhere`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try WebURL(text).string == expected)
  }

  @Test(arguments: [
    ("http://ann@bakery.test", "http://ann@bakery.test/"),
    ("http://ann:s3cret@bakery.test", "http://ann:s3cret@bakery.test/"),
    ("http://:s3cret@bakery.test", "http://:s3cret@bakery.test/"),
    ("http://ann:@bakery.test", "http://ann@bakery.test/"),
    ("http://@bakery.test", "http://bakery.test/"),
    ("http://:@bakery.test", "http://bakery.test/"),
    ("http://ann@home:a:b@bakery.test", "http://ann%40home:a%3Ab@bakery.test/"),
    ("http://a;b=c|d[e]^f:ü@bakery.test", "http://a%3Bb%3Dc%7Cd%5Be%5D%5Ef:%C3%BC@bakery.test/"),
    ("http://a%zz&$!@bakery.test", "http://a%zz&$!@bakery.test/"),
    ("bread://ann:x@oven/", "bread://ann:x@oven/"),
    (#"http://ann\@bakery.test"#, "http://ann/@bakery.test"),
  ])
  func `credentials stand before the last at sign`(_ text: String, _ expected: String) throws {
    #expect(try WebURL(text).string == expected)
  }

  @Test(arguments: [
    ("http://bakery.test:80/", "http://bakery.test/"),
    ("https://bakery.test:443/", "https://bakery.test/"),
    ("ws://bakery.test:80/", "ws://bakery.test/"),
    ("wss://bakery.test:443/", "wss://bakery.test/"),
    ("ftp://bakery.test:21/", "ftp://bakery.test/"),
    ("http://bakery.test:443/", "http://bakery.test:443/"),
    ("bread://oven:80/", "bread://oven:80/"),
    ("http://bakery.test:/", "http://bakery.test/"),
    ("http://bakery.test:0/", "http://bakery.test:0/"),
    ("http://bakery.test:65535/", "http://bakery.test:65535/"),
    ("http://bakery.test:0000008080/", "http://bakery.test:8080/"),
    (#"http://bakery.test:8080\rye"#, "http://bakery.test:8080/rye"),
  ])
  func `a port is a number and goes if it is the default`(_ text: String, _ expected: String) throws
  {
    #expect(try WebURL(text).string == expected)
  }

  @Test(arguments: [
    ("http://b.test/./a/../c", "http://b.test/c"),
    ("http://b.test/a/..", "http://b.test/"),
    ("http://b.test/a/.", "http://b.test/a/"),
    ("http://b.test/../../a", "http://b.test/a"),
    ("http://b.test/a/%2e%2E/c/%2e", "http://b.test/c/"),
    ("http://b.test/a/.%2E/c", "http://b.test/c"),
    ("http://b.test/a/.../.b/c.", "http://b.test/a/.../.b/c."),
    ("http://b.test/a//../b", "http://b.test/a/b"),
    ("http://b.test//", "http://b.test//"),
    (#"http://b.test\a\..\c"#, "http://b.test/c"),
    (#"bread://oven\a/"#, ""),
    (#"bread:/a\..\c"#, #"bread:/a\..\c"#),
    ("http://b.test/a b\"<>`{}^#", "http://b.test/a%20b%22%3C%3E%60%7B%7D%5E#"),
    ("http://b.test/[a]|'!$&()*+,;=:@~", "http://b.test/[a]|'!$&()*+,;=:@~"),
    ("http://b.test/%/%4/%zz%41", "http://b.test/%/%4/%zz%41"),
    ("http://b.test/brötchen/🥐\u{7F}\u{1}x", "http://b.test/br%C3%B6tchen/%F0%9F%A5%90%7F%01x"),
    ("bread://oven", "bread://oven"),
    ("bread://oven/..", "bread://oven/"),
    ("bread:///a", "bread:///a"),
    ("bread://", "bread://"),
    ("bread:/a/../b", "bread:/b"),
    ("bread:/..//a", "bread:/.//a"),
    ("bread:/.//", "bread:/.//"),
    ("bread:/", "bread:/"),
  ])
  func `dots take effect in paths, and what may not stand there is encoded`(
    _ text: String,
    _ expected: String
  ) {
    #expect(WebURL.resolve(text, base: nil)?.string ?? "" == expected)
  }

  @Test(arguments: [
    ("mailto:ann@bakery.test", "mailto:ann@bakery.test"),
    ("javascript:alert('a b')", "javascript:alert('a b')"),
    ("data:text/plain,<a> {b}^`\"", "data:text/plain,<a> {b}^`\""),
    ("data:text/plain,ü\u{7F}", "data:text/plain,%C3%BC%7F"),
    ("data:a ?b", "data:a%20?b"),
    ("data:a  #b", "data:a %20#b"),
    ("data:a/../b", "data:a/../b"),
    ("tel:+49-30-1?a b#c d", "tel:+49-30-1?a%20b#c%20d"),
    ("about:blank", "about:blank"),
    ("bread:?a", "bread:?a"),
  ])
  func `a path that begins with no slash is opaque`(_ text: String, _ expected: String) throws {
    let url = try WebURL(text)
    #expect(url.string == expected)
    #expect(url.hasOpaquePath)
  }

  @Test(arguments: [
    ("http://b.test?a", "http://b.test/?a"),
    ("http://b.test/?a?b", "http://b.test/?a?b"),
    ("http://b.test/?", "http://b.test/?"),
    ("http://b.test/?a b\"<>'`{}^|\\%", "http://b.test/?a%20b%22%3C%3E%27`{}^|\\%"),
    ("bread:/?'", "bread:/?'"),
    ("http://b.test/?é=ü", "http://b.test/?%C3%A9=%C3%BC"),
    ("http://b.test/?a/../b", "http://b.test/?a/../b"),
    ("http://b.test#a?b#c", "http://b.test/#a?b#c"),
    ("http://b.test/#", "http://b.test/#"),
    ("http://b.test/#a b\"<>`'{}ü", "http://b.test/#a%20b%22%3C%3E%60'{}%C3%BC"),
    ("bread://oven?a#b", "bread://oven?a#b"),
  ])
  func `a query ends at the number sign, a fragment at the end`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try WebURL(text).string == expected)
  }

  @Test(
    arguments: [
      ("", .noScheme), ("rye.html", .noScheme), ("//bakery.test/", .noScheme), ("#a", .noScheme),
      (":80", .noScheme), ("1http://b.test", .noScheme), ("ht tp://b.test", .noScheme),
      ("http:", .noHost), ("http://", .noHost), ("http:///", .noHost), ("https://?a", .noHost),
      ("http://#a", .noHost), ("http://ann@", .noHost), ("http://ann@/a", .noHost),
      ("http://:80", .noHost), ("bread://ann@/", .noHost), ("bread://:80/", .noHost),
      ("http://b.test:65536", .invalidPort), ("http://b.test:8a", .invalidPort),
      ("http://b.test:-1", .invalidPort), ("http://b.test: 80", .invalidPort),
      ("http://b.test:99999999999999999999", .invalidPort), ("bread://oven:x", .invalidPort),
    ] as [(String, InvalidURL.Problem)]
  )
  func `what is no URL says why`(_ text: String, _ problem: InvalidURL.Problem) {
    #expect(throws: InvalidURL(input: text, problem: problem)) { try WebURL(text) }
    #expect(WebURL.resolve(text, base: nil) == nil)
  }

  @Test func `an error shows its input, but not all of a long one`() {
    let error = InvalidURL(input: "rye", problem: .noScheme)
    #expect(
      error.description
        == "'rye' is no URL: it has no scheme; begin it with https:// or http://"
    )
    let long = InvalidURL(input: String(repeating: "a", count: 201), problem: .noScheme)
    #expect(long.description.hasPrefix("'" + String(repeating: "a", count: 200) + "…' is no URL"))
  }
}
