import Testing

@testable import Scraper

struct PageHeadTests {
  @Test(
    arguments: [
      PageCase("<title>One</title><title>Two</title>", "One"),
      PageCase("<title>\n A \t&amp;&nbsp;B </title>", "A & B"),
      PageCase("<title></title>", ""),
      PageCase("<body><p>x<title>Late</title>", "Late"),
      PageCase("<title>a <b>c</b> &lt;d></title>", "a <b>c</b> <d>"),
      PageCase("<title>a<!-- b --></title>", "a<!-- b -->"),
      PageCase("<title>to the end<p>a", "to the end<p>a"),
      PageCase("<title/>a</title>", "a"),
      PageCase("<svg/><title>a</title>", "a"),
      PageCase("<svg><foreignObject><title>In HTML</title>", "In HTML"),
      PageCase("<svg><desc><p></desc></svg><title>a", "a"),
      PageCase("<svg><p><title>a", "a"),
      PageCase("<template><template></template><title>Inert</template><title>x", nil),
      PageCase("<svg><title>Icon</title></svg><title>Page</title>", "Page"),
      PageCase("<template><title>Inert</title></template><title>Page</title>", "Page"),
      PageCase("<svg><title>Icon</title></svg>", nil),
      PageCase("<p>none", nil),
      PageCase("", nil),
    ] as [PageCase<String?>]
  )
  func `the title is the first of the page`(_ page: PageCase<String?>) {
    #expect(extract(page.html).title == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<base href=/a/><base href=/b/>", "/a/"),
      PageCase("<base target=_top><base href='/b/ '>", "/b/ "),
      PageCase("<body><p><base href=/late/>", "/late/"),
      PageCase("<template><base href=/inert/></template>", nil),
      PageCase("<p>none", nil),
    ] as [PageCase<String?>]
  )
  func `the base is the first with a target, as written`(_ page: PageCase<String?>) {
    let content = extract(page.html)
    #expect(content.base == page.expected)
    #expect(content.links.isEmpty)
  }

  @Test(
    arguments: [
      PageCase("<meta name=robots content='noindex, nofollow'>", "noindex, nofollow"),
      PageCase("<META NAME=' Robots ' CONTENT=none>", "none"),
      PageCase("<meta name=robots content=a><meta name=bakery content=b>", "a,b"),
      PageCase("<meta name=googlebot content=none>", nil),
      PageCase("<meta name=robots>", nil),
      PageCase("<template><meta name=robots content=none></template>", nil),
    ] as [PageCase<String?>]
  )
  func `robots directives for all and for us are joined`(_ page: PageCase<String?>) {
    #expect(extract(page.html).robots == page.expected)
  }
}
