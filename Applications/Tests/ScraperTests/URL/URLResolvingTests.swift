import Testing

@testable import Scraper

/// Texts that are relative to a base.
struct URLResolvingTests {
  @Test(arguments: [
    ("", "http://ann:x@b.test:81/a/b?q"),
    ("#g", "http://ann:x@b.test:81/a/b?q#g"),
    ("?", "http://ann:x@b.test:81/a/b?"),
    ("?p=1#g", "http://ann:x@b.test:81/a/b?p=1#g"),
    ("c", "http://ann:x@b.test:81/a/c"),
    ("c?p#g", "http://ann:x@b.test:81/a/c?p#g"),
    ("./", "http://ann:x@b.test:81/a/"),
    (".", "http://ann:x@b.test:81/a/"),
    ("..", "http://ann:x@b.test:81/"),
    ("../../../c", "http://ann:x@b.test:81/c"),
    ("%2e%2e/c", "http://ann:x@b.test:81/c"),
    ("c/./d/../e", "http://ann:x@b.test:81/a/c/e"),
    ("/", "http://ann:x@b.test:81/"),
    ("/c/d", "http://ann:x@b.test:81/c/d"),
    (#"\c\d"#, "http://ann:x@b.test:81/c/d"),
    (#"c\d"#, "http://ann:x@b.test:81/a/c/d"),
    ("//c.test", "http://c.test/"),
    ("//c.test:81/d", "http://c.test:81/d"),
    (#"\/c.test/d"#, "http://c.test/d"),
    ("////c.test/d", "http://c.test/d"),
    ("http:c", "http://ann:x@b.test:81/a/c"),
    ("http:/c", "http://ann:x@b.test:81/c"),
    ("http:", "http://ann:x@b.test:81/a/b?q"),
    ("HTTP:?p", "http://ann:x@b.test:81/a/b?p"),
    ("http://c.test", "http://c.test/"),
    (#"http:\\c.test"#, "http://c.test/"),
    ("https:c", "https://c/"),
    ("mailto:ann@b.test", "mailto:ann@b.test"),
    ("a:b", "a:b"),
    ("./a:b", "http://ann:x@b.test:81/a/a:b"),
    (" c d ", "http://ann:x@b.test:81/a/c%20d"),
    (":c", "http://ann:x@b.test:81/a/:c"),
  ])
  func `a relative text takes from its base what it lacks`(
    _ text: String,
    _ expected: String
  ) throws {
    let base = try WebURL("http://ann:x@b.test:81/a/b?q#f")
    #expect(try WebURL(text, base: base).string == expected)
    #expect(WebURL.resolve(text, base: base)?.string == expected)
  }

  @Test(arguments: [
    ("bread://oven/a/b", "c", "bread://oven/a/c"),
    ("bread://oven/a/b", "/c", "bread://oven/c"),
    ("bread://oven/a/b", #"\c"#, #"bread://oven/a/\c"#),
    ("bread://oven/a/b", "//tin/c", "bread://tin/c"),
    ("bread://oven/a/b", "///c", "bread:///c"),
    ("bread://oven/a/b", "bread:c", "bread:c"),
    ("bread://oven", "c", "bread://oven/c"),
    ("bread://oven", "..", "bread://oven/"),
    ("bread://oven?q", "#g", "bread://oven?q#g"),
    ("bread:/a/b", "c", "bread:/a/c"),
    ("bread:/a/b", "//tin", "bread://tin"),
    ("bread:/a/b", "..//c", "bread:/.//c"),
    ("bread:/.//a/b", "c", "bread:/.//a/c"),
    ("bread:/.//a", "#g", "bread:/.//a#g"),
    ("bread:/.//a", "/c", "bread:/c"),
    ("bread:///a/b", "../../c", "bread:///c"),
  ])
  func `a base of another scheme works alike, without backslashes`(
    _ base: String,
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try WebURL(text, base: WebURL(base)).string == expected)
  }

  @Test func `only a fragment is relative to an opaque path`() throws {
    let base = try WebURL("mailto:ann@b.test?subject=rye#f")
    #expect(try WebURL("#g", base: base).string == "mailto:ann@b.test?subject=rye#g")
    #expect(try WebURL("#", base: base).string == "mailto:ann@b.test?subject=rye#")
    for text in ["", "c", "/c", "?c", "c#g", "?#g"] {
      #expect(throws: InvalidURL(input: text, problem: .relativeToOpaquePath)) {
        try WebURL(text, base: base)
      }
    }
  }

  @Test(arguments: [
    ("file:", "file:///"),
    ("file:a", "file:///a"),
    ("file:/a/../b", "file:///b"),
    ("file:///a", "file:///a"),
    ("file:////a", "file:////a"),
    ("file://shelf/a", "file://shelf/a"),
    ("file://shelf", "file://shelf/"),
    ("file://SHELF?q", "file://shelf/?q"),
    ("file://localhost/a", "file:///a"),
    ("file://LOCAL%68ost", "file:///"),
    (#"file:\\shelf\a"#, "file://shelf/a"),
    ("file://[::1]/a", "file://[::1]/a"),
    ("file:///C|/a", "file:///C:/a"),
    ("file:///C:/../..", "file:///C:/"),
    ("file://C:/a", "file:///C:/a"),
    ("file://C|", "file:///C:"),
    ("file:C|#f", "file:///C:#f"),
    ("file:///a/C|", "file:///a/C|"),
    ("file:///C|a", "file:///C|a"),
    ("file:///C%7C/a", "file:///C%7C/a"),
    ("file://shelf:80/", ""),
    ("file://ann@shelf/", ""),
  ])
  func `a file URL has a host, perhaps an empty one, and may have a drive`(
    _ text: String,
    _ expected: String
  ) {
    #expect(WebURL.resolve(text, base: nil)?.string ?? "" == expected)
  }

  @Test(arguments: [
    ("file:///C:/a/b?q", "c", "file:///C:/a/c"),
    ("file:///C:/a/b?q", "", "file:///C:/a/b?q"),
    ("file:///C:/a/b?q", "?p", "file:///C:/a/b?p"),
    ("file:///C:/a/b?q", "#f", "file:///C:/a/b?q#f"),
    ("file:///C:/a/b?q", "../../..", "file:///C:/"),
    ("file:///C:/a/b?q", "/c", "file:///C:/c"),
    ("file:///C:/a/b?q", "/D:/c", "file:///D:/c"),
    ("file:///C:/a/b?q", "D|", "file:///D:"),
    ("file:///C:/a/b?q", "D|x", "file:///C:/a/D|x"),
    ("file:///C:/a/b?q", #"\\shelf\c"#, "file://shelf/c"),
    ("file:///C:/a/b?q", "///c", "file:///c"),
    ("file:///C:/a/b?q", "file:c", "file:///C:/a/c"),
    ("file:///C:/a/b?q", "http:c", "http://c/"),
    ("file:///C:", "c", "file:///C:/c"),
    ("file://shelf/a/b", "c", "file://shelf/a/c"),
    ("file://shelf/a/b", "/c", "file://shelf/c"),
    ("file://shelf/a/b", "D|/c", "file://shelf/D:/c"),
    ("file://shelf/a/b", "//", "file:///"),
    ("http://b.test/a", "file:c", "file:///c"),
  ])
  func `a text relative to a file stays on its host and drive`(
    _ base: String,
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try WebURL(text, base: WebURL(base)).string == expected)
  }

  @Test(arguments: [
    "http://ann:x@b.test:81/a/b?q#f", "https://b.test/", "bread:/.//a", "bread://oven", "data:a b",
    "file:///C:/a", "file://shelf/?#", "http://[2001:db8::1]:8080/", "mailto:", "bread://:@oven/",
  ])
  func `parsing what was parsed changes nothing`(_ text: String) throws {
    let once = try WebURL(text)
    let twice = try WebURL(once.string)
    #expect(twice.string == once.string)
    #expect(String(describing: twice.offsets) == String(describing: once.offsets))
  }
}
