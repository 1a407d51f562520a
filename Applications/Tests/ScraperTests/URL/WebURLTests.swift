import Testing

@testable import Scraper

struct WebURLTests {
  @Test func `all components of a full URL are found`() throws {
    let url = try WebURL("HTTPS://Ann:s3cret@Bakery.test:8443/a/b?c=d#e")
    #expect(url.string == "https://Ann:s3cret@bakery.test:8443/a/b?c=d#e")
    #expect("\(url)" == url.string)
    #expect(url.scheme == "https")
    #expect(url.username == "Ann")
    #expect(url.password == "s3cret")
    #expect(url.host == "bakery.test")
    #expect(url.port == 8443)
    #expect(url.effectivePort == 8443)
    #expect(url.path == "/a/b")
    #expect(url.query == "c=d")
    #expect(url.fragment == "e")
    #expect(url.requestTarget == "/a/b?c=d")
    #expect(url.isHTTP)
  }

  @Test func `what is missing is nil or empty`() throws {
    let url = try WebURL("http://bakery.test")
    #expect(url.username.isEmpty && url.password.isEmpty)
    #expect(url.port == nil)
    #expect(url.effectivePort == 80)
    #expect(url.path == "/")
    #expect(url.query == nil)
    #expect(url.fragment == nil)
    #expect(url.requestTarget == "/")
  }

  @Test func `an empty query or fragment is not a missing one`() throws {
    let url = try WebURL("http://bakery.test/?#")
    #expect(url.query == "")
    #expect(url.fragment == "")
    #expect(url.requestTarget == "/?")
  }

  @Test func `a password may stand without a user name, and the other way round`() throws {
    let password = try WebURL("http://:p@bakery.test/")
    #expect(password.username.isEmpty)
    #expect(password.password == "p")
    let username = try WebURL("http://u@bakery.test/")
    #expect(username.username == "u")
    #expect(username.password.isEmpty)
  }

  @Test func `a URL without a host has a path all the same`() throws {
    let mail = try WebURL("mailto:ann@bakery.test?subject=rye")
    #expect(mail.host == nil)
    #expect(mail.path == "ann@bakery.test")
    #expect(mail.query == "subject=rye")
    #expect(mail.effectivePort == nil)
    #expect(!mail.isHTTP)
    let dotted = try WebURL("bread:/.//a")
    #expect(dotted.host == nil)
    #expect(dotted.path == "//a")
    #expect(try WebURL("file:///a").host == "")
  }

  @Test(arguments: [
    ("http://ann:x@bakery.test:80/a?b#c", "http://bakery.test"),
    ("https://bakery.test:8443", "https://bakery.test:8443"),
    ("http://[::1]:8080/", "http://[::1]:8080"),
    ("ftp://bakery.test/", "ftp://bakery.test"),
    ("file:///a", "null"), ("mailto:a", "null"), ("bread://oven:1/", "null"),
  ])
  func `an origin is scheme, host and port`(_ text: String, _ expected: String) throws {
    #expect(try WebURL(text).origin == expected)
  }

  @Test func `URLs are equal when their strings are`() throws {
    let urls = try ["HTTP://b.test:80/x/../a", "http://b.test/a"].map { try WebURL($0) }
    #expect(urls[0] == urls[1])
    #expect(Set(urls).count == 1)
    #expect(try urls[0] != WebURL("http://b.test/a#"))
  }

  @Test(arguments: [
    ("http://b.test/a#f", "http://b.test/a"),
    ("http://ann:x@b.test/a?b#", "http://b.test/a?b"),
    ("http://b.test/a?#f", "http://b.test/a"),
    ("http://b.test:8080/%7Eann/%2fa%3ab%c3%bc", "http://b.test:8080/~ann/%2Fa%3Ab%C3%BC"),
    ("http://b.test/%41%2D%2E%5f?%61=%2b%2B", "http://b.test/A-._?a=%2B%2B"),
    ("http://b.test/a%?%7e", "http://b.test/a%?~"),
    ("http://b.test/%%34%31", "http://b.test/%%34%31"),
    ("http://b.test/a/%2e%2e%2e", "http://b.test/a/..."),
    ("http://b.test/a/?b=2&a=1&b=2", "http://b.test/a/?b=2&a=1&b=2"),
    ("http://b.test//a/", "http://b.test//a/"),
    ("http://b.test/A", "http://b.test/A"),
    ("http://b.test/a??", "http://b.test/a??"),
    ("mailto:%41@b.test?#f", "mailto:%41@b.test?"),
    ("bread://ann@oven/%7e#f", "bread://ann@oven/%7e"),
  ])
  func `the canonical form is what a server cannot tell apart`(
    _ text: String,
    _ expected: String
  ) throws {
    let canonical = try WebURL(text).canonical
    #expect(canonical.string == expected)
    #expect(canonical.canonical == canonical)
    let parsed = try WebURL(expected)
    #expect(String(describing: parsed.offsets) == String(describing: canonical.offsets))
  }

  @Test func `without its fragment a URL keeps the rest`() throws {
    let url = try WebURL("http://ann@b.test/%7e?#f").withoutFragment
    #expect(url.string == "http://ann@b.test/%7e?")
    #expect(url.fragment == nil)
    #expect(url.withoutFragment == url)
  }
}
