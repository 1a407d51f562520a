import Testing

@testable import Scraper

struct ContentTypeTests {
  @Test(
    arguments: [
      ("text/html", "text/html", nil), (" Text/HTML ", "text/html", nil),
      ("text/html;", "text/html", nil),
      ("text/html; charset=utf-8", "text/html", "utf-8"),
      ("text/html;CHARSET=UTF-8", "text/html", "UTF-8"),
      ("text/html ; charset=\"utf-8\"", "text/html", "utf-8"),
      ("text/html; charset=\"a\\\"b\\\\\" x; y", "text/html", "a\"b\\"),
      ("text/html; charset=\"utf-8", "text/html", "utf-8"),
      ("text/html; charset=\"a\\", "text/html", "a\\"),
      ("text/html; a=\"b;charset=x\"; charset=y", "text/html", "y"),
      ("text/html; charset=a; charset=b", "text/html", "a"),
      ("text/html; charset=; charset=b", "text/html", "b"),
      ("text/html; charset", "text/html", nil), ("text/html; charset =a", "text/html", nil),
      ("text/html; charset=a b ", "text/html", "a b"),
      ("text/html; charset='a'", "text/html", "'a'"),
      ("text/html;;; x; =; charset=a", "text/html", "a"), ("image/svg+xml", "image/svg+xml", nil),
    ] as [(String, String, String?)]
  )
  func `type and charset are read`(_ value: String, _ essence: String, _ charset: String?) {
    let type = ContentType(value)
    #expect(type.essence == essence)
    #expect(type.charset == charset)
    #expect(!type.isEmpty)
  }

  @Test(arguments: [
    "", " ", "text", "text/", "/html", "/", "text /html", "text/ html", "text/html, text/html",
    "tëxt/html",
    "text/html/x", ";charset=utf-8", "a b/c",
  ])
  func `a value without a type says nothing`(_ value: String) {
    #expect(ContentType(value).isEmpty)
    #expect(ContentType(value).charset == nil)
    #expect(!ContentType(value).isHTML)
  }

  @Test(arguments: [
    ("text/html", true), ("TEXT/HTML;charset=x", true), ("application/xhtml+xml", true),
    ("text/plain", false), ("application/xml", false), ("text/html5", false),
  ])
  func `HTML is text/html and XHTML`(_ value: String, _ isHTML: Bool) {
    #expect(ContentType(value).isHTML == isHTML)
  }

  @Test(arguments: [
    "<!DOCTYPE html>", "<!doctype HTML public", "<html>", "<HTML lang=en>", "\t\n\u{0C}\r <head>",
    "<script >",
    "<iframe ", "<h1>", "<div>", "<font>", "<table>", "<a >", "<style>", "<title>", "<b>", "<body>",
    "<br>", "<p>",
    "<!-- x", "<!-->",
  ])
  func `a body that begins like HTML is HTML`(_ body: String) {
    #expect(ContentType.sniffsAsHTML(body.utf8))
  }

  @Test(arguments: [
    "", " ", "<", "<html", "<htmlx>", "<html\n>", "x<html>", "<!doctypehtml>", "<!--x",
    "<?xml version", "<h2>",
    "<article>", "{}", "%PDF-", "\u{FEFF}<html>", "< html>", "</p>",
  ])
  func `any other body is not`(_ body: String) {
    #expect(!ContentType.sniffsAsHTML(body.utf8))
  }

  @Test func `only the first 1,445 bytes are looked at`() {
    let space = String(repeating: " ", count: 1439)
    #expect(ContentType.sniffsAsHTML((space + "<html>").utf8))
    #expect(!ContentType.sniffsAsHTML((space + " <html>").utf8))
  }
}
