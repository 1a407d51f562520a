import Testing

@testable import Scraper

struct PageLinksTests {
  @Test(
    arguments: [
      PageCase("<a href=/x>", LinkKind.anchor),
      PageCase("<map><area href='/x'></map>", .area),
      PageCase("<iframe src=\"/x\"></iframe>", .iframe),
      PageCase("<frameset><frame src=/x></frameset>", .frame),
      PageCase("<meta http-equiv=Refresh content='5; url=/x'>", .refresh),
      PageCase("<link rel=next href=/x>", .next),
      PageCase("<link rel='alternate  CANONICAL' href=/x>", .canonical),
      PageCase("<A HREF=/x>", .anchor),
      PageCase("<svg><a href=/x>text</a></svg>", .anchor),
      PageCase("<noscript><a href=/x></noscript>", .anchor),
      PageCase("<p>a</p></body></html><a href=/x>", .anchor),
      PageCase("<table><a href=/x>", .anchor),
      PageCase("<div/><script/></script><a href=/x>", .anchor),
      PageCase("<svg><title><a href=/x>", .anchor),
      PageCase("<svg><style><a href=/x>", .anchor),
      PageCase("<svg><script/><a href=/x>", .anchor),
      PageCase("<math><a href=/x>text</a></math>", .anchor),
      PageCase("<video><a href=/x></video>", .anchor),
    ]
  )
  func `an element with a target is a link`(_ page: PageCase<LinkKind>) {
    #expect(extract(page.html).links == [PageLink(kind: page.expected, target: "/x")])
  }

  @Test(
    arguments: [
      "<a>", "<a href>", "<a href=''>", "<a href='#top'>", "<a href=' \n#top'>", "<a href='  '>",
      "<link rel=stylesheet href=/x>", "<link href=/x>", "<link rel=nextish href=/x>",
      "<img src=/x>", "<div href=/x>", "<iframe href=/x></iframe>",
      "<!-- <a href=/x> -->", "<script>'<a href=/x>'</script>", "<style><a href=/x></style>",
      "<template><a href=/x></a></template>", "<textarea><a href=/x></a></textarea>",
      "<title><a href=/x></title>", "&lt;a href=/x>", "<a href=/x", "<a href='/x>", "<a href='/x'",
      "<iframe><a href=/x></iframe>", "<noframes><a href=/x></noframes>", "<xmp><a href=/x></xmp>",
      "<noembed><a href=/x></noembed>", "<plaintext><a href=/x>", "<script><!--<a href=/x>",
      "<svg><iframe src=/x>", "<svg><link rel=next href=/x>", "<![CDATA[<a href=/x>]]>",
      "<svg><![CDATA[<a href=/x>]]>", "<template><svg><a href=/x></svg></template>",
      "<meta http-equiv=refresh content=5>", "<meta name=refresh content='5; url=/x'>",
    ]
  )
  func `what leads nowhere else is no link`(_ html: String) {
    #expect(extract(html).links.isEmpty)
  }

  @Test(
    arguments: [
      PageCase("<a href=' \t/x\n'>", "/x"),
      PageCase("<a href='/x#part'>", "/x"),
      PageCase("<a href='/x #part'>", "/x"),
      PageCase("<a href='?x'>", "?x"),
      PageCase("<a href='/?a=1&amp;b=2'>", "/?a=1&b=2"),
      PageCase("<a href='/?a=1&b=2'>", "/?a=1&b=2"),
      PageCase("<a href='/?a=1&copy=2'>", "/?a=1&copy=2"),
      PageCase("<a href='&#47;&#x2f;&eacute;'>", "//é"),
      PageCase("<a href=/a/b/>", "/a/b/"),
      PageCase("<a href='/a b'>", "/a b"),
      PageCase("<a href=javascript:go()>", "javascript:go()"),
      PageCase("<a title=\"a > b\" href='/x'>", "/x"),
      PageCase("<a href=/first href=/second>", "/first"),
      PageCase("<a href='/日本'>", "/日本"),
    ]
  )
  func `a target is as written, without blanks and fragment`(_ page: PageCase<String>) {
    #expect(extract(page.html).links.map(\.target) == [page.expected])
  }

  @Test func `a target appears once, where it was first`() {
    let html = "<a href=/b><a href=/a><area href='/b#x'><a href=/c><a href='/a '><a href=/A>"
    let links = extract(html).links
    #expect(links.map(\.target) == ["/b", "/a", "/c", "/A"])
    #expect(links.map(\.kind) == [.anchor, .anchor, .anchor, .anchor])
  }

  @Test func `many links are kept apart`() {
    let targets = (0..<5000).map { "/page/\($0)" }
    let html = (targets + targets.reversed()).map { "<a href=\($0)>" }.joined()
    #expect(extract(html).links.map(\.target) == targets)
  }

  @Test(
    arguments: [
      PageCase("<a href=/x rel=nofollow>", true),
      PageCase("<a href=/x rel='noopener NoFollow'>", true),
      PageCase("<a href=/x rel=nofollow><a href='/x#a' rel=nofollow>", true),
      PageCase("<a href=/x rel=nofollow><a href=/x>", false),
      PageCase("<a href=/x><a href=/x rel=nofollow>", false),
      PageCase("<a href=/x rel=ugc>", false),
      PageCase("<a href=/x rel=nofollows>", false),
    ]
  )
  func `a target is nofollow when all its links are`(_ page: PageCase<Bool>) {
    #expect(extract(page.html).links.map(\.isNofollow) == [page.expected])
  }

  @Test(
    arguments: [
      PageCase("0;url=/x", "/x"), PageCase("0; URL = /x", "/x"), PageCase("0,url=/x", "/x"),
      PageCase("0 /x", "/x"), PageCase("0;/x", "/x"), PageCase(" 5.5 ; url='/x' y", "/x"),
      PageCase("5;url=\"/x", "/x"), PageCase(".5;url=/x", "/x"), PageCase("0;urls", "urls"),
      PageCase("0;'/x'", "/x"), PageCase("0;ur=/x", "ur=/x"), PageCase("0;url=/x;y", "/x;y"),
      PageCase("0", nil), PageCase("0;", nil), PageCase("0;url=", nil), PageCase("", nil),
      PageCase("/x", nil), PageCase("-1;url=/x", nil), PageCase("0x;url=/x", nil),
      PageCase("url=/x", nil), PageCase("0;url=''", nil),
    ] as [PageCase<String?>]
  )
  func `a refresh is read as browsers read it`(_ content: PageCase<String?>) {
    let quoted = content.html.replacing("\"", with: "&quot;")
    let html = "<meta http-equiv=refresh content=\"\(quoted)\">"
    #expect(extract(html).links.first?.target == content.expected)
  }

  @Test func `links over a limit are dropped and counted`() {
    let extractor = PageExtractor(linkLimit: 2, targetLimit: 4)
    let html = "<a href=/1><a href=/long><a href=/2><a href=/3><a href=/1><a href='/4#long'>"
    let content = extract(Array(html.utf8), with: extractor)
    #expect(content.links.map(\.target) == ["/1", "/2"])
    #expect(content.droppedLinks == 3)
  }
}
