import Testing

@testable import Scraper

/// The tokens of `html`: `+a[href=x]/` for a tag, `-a` for an end tag, text in quotes.
///
/// With `content` the first tag is left out, and that is what follows it.
func tokens(
  _ html: String,
  _ content: HTMLTokenizer.Content = .markup,
  allowsCDATA: Bool = false
) -> [String] {
  var found: [String] = []
  var text: [UInt8] = []
  func endText() {
    if !text.isEmpty { found.append("\"\(String(decoding: text, as: UTF8.self))\"") }
    text = []
  }
  Array(html.utf8).withUnsafeBufferPointer { bytes in
    var tokenizer = HTMLTokenizer(bytes)
    if content != .markup {
      _ = tokenizer.next(allowsCDATA: allowsCDATA)
      tokenizer.enter(content)
    }
    while let token = tokenizer.next(allowsCDATA: allowsCDATA) {
      switch token {
      case .text(let bytes): text += bytes
      case .reference(let reference): reference.withCharacters { text += $0 }
      case .startTag(let tag):
        endText()
        found.append("+" + written(tag))
      case .endTag(let tag):
        endText()
        found.append("-" + written(tag))
      }
    }
  }
  endText()
  return found
}

private func written(_ tag: HTMLTag) -> String {
  let name = withUnsafeBytes(of: tag.name) {
    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
  }
  var attributes = tag.attributes
  var text = name
  while let attribute = attributes.next() {
    let value = attribute.withValue { String(decoding: $0, as: UTF8.self) }
    text += "[\(String(decoding: attribute.name, as: UTF8.self))=\(value)]"
  }
  return text + (tag.isSelfClosing ? "/" : "")
}

struct HTMLTokenizerTests {
  @Test(
    arguments: [
      PageCase("a<b>c</b>d", ["\"a\"", "+b", "\"c\"", "-b", "\"d\""]),
      PageCase("<B><bR\n><h1\t/><x/y>", ["+b", "+br", "+h1/", "+x[y=]"]),
      PageCase("</B x=y/></a/>", ["-b[x=y/]", "-a/"]),
      PageCase("1 < 2 <3 <", ["\"1 < 2 <3 <\""]),
      PageCase("a</", ["\"a</\""]), PageCase("a</>b", ["\"ab\""]), PageCase("a</ b>c", ["\"ac\""]),
      PageCase("<a<b>", ["+a<b"]), PageCase("<é><a\u{1}>", ["\"<é>\"", "+a\u{1}"]),
      PageCase("a<b", ["\"a\""]), PageCase("a<b c=\"d>", ["\"a\""]), PageCase("a</b", ["\"a\""]),
      PageCase("<sixteen-letters-><SIXTEEN-LETTERS->", ["+sixteen-letters-", "+sixteen-letters-"]),
    ]
  )
  func `tags are apart from text`(_ page: PageCase<[String]>) {
    #expect(tokens(page.html) == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<a b>", ["+a[b=]"]), PageCase("<a b=>", ["+a[b=]"]),
      PageCase("<a b= >", ["+a[b=]"]),
      PageCase("<a b=c d='e' f=\"g\">", ["+a[b=c][d=e][f=g]"]),
      PageCase("<a\nb\t=\u{C}c\r>", ["+a[b=c]"]), PageCase("<a b='c'd=e>", ["+a[b=c][d=e]"]),
      PageCase("<a B=C>", ["+a[B=C]"]), PageCase("<a b=c b=d>", ["+a[b=c][b=d]"]),
      PageCase("<a =b=c>", ["+a[=b=c]"]), PageCase("<a ==>", ["+a[==]"]),
      PageCase("<a b='\"' c=\"'\">", ["+a[b=\"][c=']"]), PageCase("<a b=\"c>d\">", ["+a[b=c>d]"]),
      PageCase("<a b=c\"d'e<f=g`>", ["+a[b=c\"d'e<f=g`]"]),
      PageCase("<a \"b'c<d>", ["+a[\"b'c<d=]"]),
      PageCase("<a b/>", ["+a[b=]/"]), PageCase("<a b=c/>", ["+a[b=c/]"]),
      PageCase("<a b='c'/>", ["+a[b=c]/"]), PageCase("<a / >", ["+a"]), PageCase("<a //>", ["+a/"]),
      PageCase("<a/b/c>", ["+a[b=][c=]"]), PageCase("<a b=/>", ["+a[b=/]"]),
      PageCase("<a b=\n'c\nd'>", ["+a[b=c\nd]"]), PageCase("<a b c = d>", ["+a[b=][c=d]"]),
    ]
  )
  func `attributes have names and values`(_ page: PageCase<[String]>) {
    #expect(tokens(page.html) == page.expected)
  }

  @Test(
    arguments: [
      "<!---->", "<!-->", "<!--->", "<!-- > -->", "<!-- -- -->", "<!----!>", "<!-- --!>",
      "<!---!>-->",
      "<!--<!-- -->", "<!-- <!-->", "<!-- - -> --->", "<!-- --!-->", "<!-- --!->-->", "<!doctype>",
      "<!DOCTYPE html>", "<!doctype a \"b>", "<!>", "<!x>", "<!->", "<!- -->", "<?>", "<?x '>",
      "</ >",
      "</1>", "</\">", "<![CDATA[x>", "<!--\n\n-->",
    ]
  )
  func `comments and declarations are left out`(_ html: String) {
    #expect(tokens("a\(html)b") == ["\"ab\""])
    #expect(tokens(html) == [])
  }

  @Test(arguments: [
    "<!--", "<!-- x --", "<!-- > -- >", "<!", "<!x", "<?", "</ x", "<!---!>", "<!--x--!->",
  ])
  func `a comment that is cut off goes to the end`(_ html: String) {
    #expect(tokens("a\(html) b") == ["\"a\""])
  }

  @Test(
    arguments: [
      PageCase("<![CDATA[a<b>&amp;]]>c", ["\"a<b>&amp;c\""]), PageCase("<![CDATA[]]>", []),
      PageCase("<![CDATA[a]]]>b", ["\"a]b\""]), PageCase("<![CDATA[a] ]>]>]]>", ["\"a] ]>]>\""]),
      PageCase("<![CDATA[a", ["\"a\""]), PageCase("<![cdata[a]]>b", ["\"b\""]),
      PageCase("<![CDATA[>]]>", ["\">\""]), PageCase("<![CDATA[]>a", ["\"]>a\""]),
    ]
  )
  func `in other languages a CDATA section is text`(_ page: PageCase<[String]>) {
    #expect(tokens(page.html, allowsCDATA: true) == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<title>a<b>&amp;</title>c", ["\"a<b>&\"", "-title", "\"c\""]),
      PageCase("<title>a</TITLE\n>", ["\"a\"", "-title"]),
      PageCase("<title></titles></title", ["\"</titles></title\""]),
      PageCase("<title><!-- </title> -->", ["\"<!-- \"", "-title", "\" -->\""]),
      PageCase("<title>&<&amp;&lt</title/>&gt;", ["\"&<&<\"", "-title/", "\">\""]),
      PageCase("<title></ title></title a>", ["\"</ title>\"", "-title[a=]"]),
      PageCase("<title>a</title b", ["\"a\""]),
    ]
  )
  func `text with references ends at its end tag`(_ page: PageCase<[String]>) {
    #expect(tokens(page.html, .escapableText) == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<style>a<b>&amp;</style>c", ["\"a<b>&amp;\"", "-style", "\"c\""]),
      PageCase("<style><!-- </style>", ["\"<!-- \"", "-style"]),
      PageCase("<Style></sTyle>", ["-style"]), PageCase("<style></style", ["\"</style\""]),
      PageCase("<style></stylé></style>", ["\"</stylé>\"", "-style"]),
    ]
  )
  func `raw text ends at its end tag`(_ page: PageCase<[String]>) {
    #expect(tokens(page.html, .rawText) == page.expected)
  }

  @Test(
    arguments: [
      PageCase("a</script>b", "a"), PageCase("</scripts></script>b", "</scripts>"),
      PageCase("<script></script>b", "<script>"), PageCase("<!--</script>b", "<!--"),
      PageCase("<!--<script></script>--></script>b", "<!--<script></script>-->"),
      PageCase("<!--<script>--></script>b", "<!--<script>-->"),
      PageCase("<!--<scripts></script>b", "<!--<scripts>"),
      PageCase("<!--<script></script></script>b", "<!--<script></script>"),
      PageCase(
        "<!--<SCRIPT/></Script\n><script </script/></script>b",
        "<!--<SCRIPT/></Script\n><script </script/>"
      ),
      PageCase("<!--><script></script>b", "<!--><script>"),
      PageCase("<!---><script></script>b", "<!---><script>"),
      PageCase("<!-><script></script>b", "<!-><script>"),
      PageCase("<!--<script>--<></script></script>b", "<!--<script>--<></script>"),
      PageCase(
        "<!--<script></script><script></script></script>b",
        "<!--<script></script><script></script>"
      ),
      PageCase("<!--x--><!--<script>--><script></script>b", "<!--x--><!--<script>--><script>"),
    ]
  )
  func `a script ends at its end tag, unless that is one of a script in a comment`(
    _ page: PageCase<String>
  ) {
    let found = tokens("<script>" + page.html, .script)
    #expect(found == ["\"\(page.expected)\"", "-script", "\"b\""])
  }

  @Test func `a script that is not ended goes to the end`() {
    let html = "<!--<script></script>"
    #expect(tokens("<script>" + html, .script) == ["\"\(html)\""])
  }

  @Test func `plain text has no end`() {
    #expect(tokens("<plaintext></plaintext>&amp;<", .plainText) == ["\"</plaintext>&amp;<\""])
  }
}
