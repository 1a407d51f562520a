import Testing

@testable import Scraper

/// Which lines of a robots.txt concern a crawler, and which of them decides.
struct RobotsRulesTests {
  private func rules(_ text: String, userAgent: String = "bakery/1.0") -> RobotsRules {
    RobotsRules(text.utf8, userAgent: userAgent)
  }

  private func lineThatDecides(_ text: String, _ target: String) -> Int? {
    rules(text).allows(target).line
  }

  @Test func `an empty file allows all`() {
    #expect(rules("").allows("/a").isAllowed)
    #expect(rules("").allows("/a").line == nil)
    #expect(RobotsRules.allowAll.allows("/a").description == "has no rule for it")
  }

  @Test(arguments: [
    "User-agent: *\nDisallow: /a", "user-agent:*\ndisallow:/a",
    "USER-AGENT :\t*\t\n  DISALLOW  :  /a  ",
    "User-agent: * # all\nDisallow: /a#b", "User-agent: *\rDisallow: /a",
    "User-agent: *\r\nDisallow: /a\r\n",
    "\u{FEFF}User-agent: *\nDisallow: /a", "User-agent: *\n\n \nDisallow: /a",
    "User-agent: *\nHost: x\nnonsense\n: /\nDisallow: /a",
  ])
  func `spelling, blanks, comments and line ends do not matter`(_ text: String) {
    #expect(!rules(text).allows("/a").isAllowed)
    #expect(rules(text).allows("/b").isAllowed)
  }

  @Test(arguments: [
    "User-agent: *\nDisallow /a", "User-agent: *\nDissallow: /a", "Useragent: *\nDisallow: /a",
    "User agent: *\nDisallow: /a", "User-agent: *\nDisallow: a", "User-agent: *\nDisallow:",
    "Disallow: /a", "User-agent: * x\nDisallow: /a", "User-agent:\nDisallow: /a",
    "# User-agent: *\nDisallow: /a",
  ])
  func `lines that RFC 9309 does not know say nothing`(_ text: String) {
    #expect(rules(text).allows("/a").isAllowed)
  }

  @Test(arguments: [
    ("bakery", true), ("Bakery", true), ("BAKERY/2.0", true), ("bakery (fast)", true),
    ("bake", false), ("bakery-images", false), ("xbakery", false), ("bakery_2", false),
    ("b*kery", false), ("7", false), ("", false),
  ])
  func `a group is for a crawler if its whole token is named`(_ name: String, _ isNamed: Bool) {
    let text = "User-agent: \(name)\nDisallow: /"
    #expect(rules(text).allows("/a").isAllowed == !isNamed)
  }

  @Test(arguments: [
    ("bakery/1.0", true), ("Bakery", true), ("bakery", true), ("bakery bot", true),
    ("Mozilla/5.0 (compatible; Bakery/0.1; +https://example.org/bot)", true),
    ("Mozilla/5.0 bakery", false), ("7bakery", false), ("", false),
  ])
  func `the token is taken from the user agent`(_ userAgent: String, _ isNamed: Bool) {
    let rules = rules("User-agent: bakery\nDisallow: /", userAgent: userAgent)
    #expect(rules.allows("/a").isAllowed == !isNamed)
  }

  @Test func `a crawler that is named does not obey the groups for all`() {
    let text = "User-agent: *\nDisallow: /\n\nUser-agent: bakery\nDisallow: /a"
    #expect(rules(text).allows("/b").isAllowed)
    #expect(!rules(text).allows("/a").isAllowed)
    #expect(!rules(text, userAgent: "other").allows("/b").isAllowed)
  }

  @Test func `a group without rules allows all`() {
    #expect(rules("User-agent: *\nDisallow: /\nUser-agent: bakery").allows("/").isAllowed)
    #expect(
      rules("User-agent: bakery\nDisallow:\n\nUser-agent: *\nDisallow: /").allows("/").isAllowed
    )
  }

  @Test func `several user agents share a group`() {
    let text = "User-agent: other\nUser-agent: bakery\nUser-agent: *\nDisallow: /a"
    #expect(lineThatDecides(text, "/a") == 4)
    #expect(rules(text, userAgent: "third").allows("/a").line == 4)
  }

  @Test func `a user agent after a rule begins another group`() {
    let text = "User-agent: bakery\nDisallow: /a\nUser-agent: other\nDisallow: /b"
    #expect(lineThatDecides(text, "/a") == 2)
    #expect(lineThatDecides(text, "/b") == nil)
  }

  @Test func `an empty rule ends the list of user agents, too`() {
    #expect(
      lineThatDecides("User-agent: bakery\nDisallow:\nUser-agent: x\nDisallow: /", "/") == nil
    )
  }

  @Test(arguments: ["Sitemap: https://example.org/s.xml", "Crawl-delay: 3", "Host: x", "", "# x"])
  func `other lines do not end the list of user agents`(_ line: String) {
    #expect(lineThatDecides("User-agent: bakery\n\(line)\nUser-agent: x\nDisallow: /", "/") == 4)
  }

  @Test func `groups for the same crawler are one`() {
    let text = """
      User-agent: bakery
      Disallow: /a
      User-agent: *
      Disallow: /b
      User-agent: BAKERY
      Disallow: /c
      """
    #expect(["/a", "/b", "/c"].map { lineThatDecides(text, $0) } == [2, nil, 6])
  }

  @Test func `groups for all crawlers are one`() {
    let text =
      "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /c"
    #expect(["/a", "/b", "/c"].map { lineThatDecides(text, $0) } == [2, nil, 6])
  }

  @Test(arguments: [
    ("Allow: /a\nDisallow: /", "/a", true), ("Disallow: /\nAllow: /a", "/a", true),
    ("Allow: /\nDisallow: /a", "/a", false), ("Allow: /a/b\nDisallow: /a/b/c", "/a/b/c", false),
    ("Disallow: /a\nAllow: /a", "/a", true), ("Allow: /a\nDisallow: /a", "/a", true),
    ("Allow: /$\nDisallow: /", "/", true), ("Allow: /$\nDisallow: /", "/a", false),
    ("Allow: /page\nDisallow: /*.html", "/page.html", false),
    ("Allow: /page.h\nDisallow: /*.html", "/page.html", true),
    ("Allow: /%61%62\nDisallow: /a*", "/abc", true), ("Allow: /a\nDisallow: /%61%62", "/ab", false),
    ("Disallow: /%C3%BC\nAllow: /ü", "/%C3%BC", true),
  ])
  func `the longest match decides, and allow among equals`(
    _ lines: String,
    _ target: String,
    _ isAllowed: Bool
  ) {
    #expect(rules("User-agent: *\n" + lines).allows(target).isAllowed == isAllowed)
  }

  @Test func `robots.txt itself is always allowed`() {
    #expect(rules("User-agent: *\nDisallow: /").allows("/robots.txt").isAllowed)
    #expect(!rules("User-agent: *\nDisallow: /").allows("/robots.txt.old").isAllowed)
  }

  @Test func `a decision tells its line as it is written`() {
    let decision = rules("# x\r\n\r\nUSER-AGENT: *\r\n  dISALLOW:/a*b $ # why").allows("/axb%20")
    #expect(!decision.isAllowed)
    #expect(decision.line == 4)
    #expect(decision.text == "dISALLOW:/a*b $")
    #expect(decision.description == "line 4: dISALLOW:/a*b $")
  }

  @Test func `of equal rules the first line is told`() {
    #expect(lineThatDecides("User-agent: *\nDisallow: /a\nDisallow: /%61", "/a") == 2)
  }

  @Test(
    arguments: [
      ("2", .seconds(2)), ("0.25", .milliseconds(250)), (".5", .milliseconds(500)), ("0", .zero),
      (" 3 # x", .seconds(3)), ("1e3", nil), ("-1", nil), ("1,5", nil), ("nan", nil), ("inf", nil),
      ("0x10", nil),
      ("2s", nil), ("", nil), (".", nil), ("1.2.3", nil),
      ("99999999999999999999999999999999999999", .seconds(1_000_000_000)),
    ] as [(String, Duration?)]
  )
  func `a crawl-delay is a number of seconds`(_ text: String, _ delay: Duration?) {
    #expect(rules("User-agent: *\nCrawl-delay: \(text)").crawlDelay == delay)
  }

  @Test func `the first crawl-delay of a crawler's groups counts`() {
    let text = """
      User-agent: other
      Crawl-delay: 1
      User-agent: bakery
      Crawl-delay: nonsense
      Crawl-delay: 2
      User-agent: *
      Crawl-delay: 3
      Disallow: /a
      User-agent: bakery
      Crawl-delay: 4
      """
    #expect(rules(text).crawlDelay == .seconds(2))
    #expect(rules(text, userAgent: "other").crawlDelay == .seconds(1))
    #expect(rules(text, userAgent: "third").crawlDelay == .seconds(3))
  }

  @Test func `a named crawler does not take over the crawl-delay for all`() {
    let text = "User-agent: *\nCrawl-delay: 3\nDisallow:\nUser-agent: bakery\nDisallow: /a"
    #expect(rules(text).crawlDelay == nil)
  }

  @Test func `sitemaps are read wherever they stand`() {
    let text = """
      sitemap: https://example.org/1.xml
      User-agent: other
      Sitemap:
      Sitemap:https://example.org/ü.xml#part
      Disallow: /
      SITEMAP: /3.xml
      """
    #expect(
      rules(text).sitemaps == ["https://example.org/1.xml", "https://example.org/ü.xml", "/3.xml"]
    )
  }

  @Test func `what is behind the maximum is not read`() {
    let head = Array("User-agent: *\nDisallow: /a\n".utf8)
    let filler = [UInt8](
      repeating: UInt8(ascii: "#"),
      count: RobotsRules.sizeMaximum - head.count - 13
    )
    let tail = Array("\nDisallow: /bc\nDisallow: /d\n".utf8)
    let rules = RobotsRules(head + filler + tail, userAgent: "bakery")
    #expect(!rules.allows("/a").isAllowed)
    #expect(rules.allows("/b").isAllowed)
    #expect(rules.allows("/bc").isAllowed)
    #expect(rules.allows("/d").isAllowed)
  }

  @Test func `bytes that are no text do no harm`() {
    let bytes = [0xFF, 0x00, 0x0A] + Array("User-agent: *\nDisallow: /caf".utf8) + [0xE9]
    let rules = RobotsRules(bytes, userAgent: "bakery")
    #expect(!rules.allows("/caf%E9").isAllowed)
    #expect(rules.allows("/caf%C3%A9").isAllowed)
  }
}
