import Testing

@testable import Scraper

struct RobotsPatternTests {
  private func matches(_ pattern: String, _ target: String) -> Bool {
    RobotsPattern(Array(pattern.utf8)[...]).matches(RobotsTarget(target))
  }

  @Test(arguments: [
    ("/", "/"), ("/", "/a?b"), ("/a", "/a"), ("/a", "/ab"), ("/a", "/a/b"), ("/a?b", "/a?bc"),
    ("/*", "/"), ("*", "/a"), ("/a*", "/a"), ("/a*c", "/abc"), ("/a*c", "/acd"),
    ("*.php", "/a.php?x"),
    ("/*/b", "/a/b"), ("/*?", "/a?"), ("/a**b", "/axb"), ("/*a*a", "/aa"), ("/*ab", "/aab"),
    ("/$", "/"), ("/a$", "/a"), ("/*.php$", "/a.php"), ("/a*$", "/abc"), ("*$", "/"),
    ("/*a$", "/aba"),
    ("/*ab$", "/abab"), ("/a*b*$", "/acb"), ("/a$b", "/a$bc"), ("/a$$", "/a$"), ("/$*b", "/$ab"),
  ])
  func `a pattern matches the beginning, with its wildcards`(_ pattern: String, _ target: String) {
    #expect(matches(pattern, target))
  }

  @Test(arguments: [
    ("/a", "/"), ("/a", "/b"), ("/a/", "/a"), ("/a", "/A"), ("/a?b", "/a"), ("a", "/a"),
    ("/a*c", "/ab"), ("/*.php", "/php"), ("/a*a", "/a"), ("/*aa*a", "/xaa"),
    ("/$", "/a"), ("/a$", "/a?b"), ("/*.php$", "/a.php5"), ("/*.php$", "/a.php?x"), ("/a*a$", "/a"),
    ("/ab*b$", "/ab"), ("/*a*$b", "/xa"), ("/a$b", "/a"), ("/*ab*ab$", "/abxa"),
  ])
  func `a pattern does not match what differs`(_ pattern: String, _ target: String) {
    #expect(!matches(pattern, target))
  }

  /// The examples of RFC 9309, sections 2.2.2 and 2.2.3, among others.
  @Test(arguments: [
    ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
    ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"),
    ("/foo/bar/ツ", "/foo/bar/%E3%83%84"), ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"),
    ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
    ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"), ("/path/foo-%24", "/path/foo-$"),
    ("/wiki/Special%3A", "/wiki/Special:Random"), ("/%7Ea", "/~a"), ("/a b", "/a%20b"),
    ("/a+b", "/a%2Bb"),
    ("/100%", "/100%25"), ("/%zz", "/%zz"), ("/a%2", "/a%2"), ("/a%2fb", "/a%2Fb"),
    ("/*?u=%2F", "/a?u=/"), ("/*/b", "/a?u=%2Fb"), ("/*%2Fb", "/a?u=/b"), ("/*%2Fb", "/a?u=%2Fb"),
  ])
  func `octets are the same percent-encoded or not`(_ pattern: String, _ target: String) {
    #expect(matches(pattern, target))
    let encoded = target.replacing(/[a-z]/) { match in
      "%" + String(match.output.utf8.first.map { String($0, radix: 16) } ?? "")
    }
    #expect(matches(pattern, encoded))
  }

  @Test(arguments: [
    ("/a%2Fb", "/a/b"), ("/a/b", "/a%2Fb"), ("/a%2A", "/ab"), ("/a%24", "/a"), ("/%2541", "/A"),
    ("/%E9", "/é"), ("/a%2*b", "/a%2Fb"),
  ])
  func `an encoded separator or wildcard is a plain character`(_ pattern: String, _ target: String)
  {
    #expect(!matches(pattern, target))
  }

  @Test func `many stars do not make it slow`() {
    let target = "/" + String(repeating: "a", count: 5000)
    let pattern = "/" + String(repeating: "*a", count: 2000)
    #expect(matches(pattern, target))
    #expect(!matches(pattern + "b", target))
    #expect(!matches(String(repeating: "*", count: 5000) + "b", target))
  }
}
