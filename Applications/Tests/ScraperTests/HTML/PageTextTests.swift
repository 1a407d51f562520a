import Testing

@testable import Scraper

struct PageTextTests {
  @Test(
    arguments: [
      PageCase("a  b\n\tc", "a b c"),
      PageCase("  a  ", "a"),
      PageCase("a&nbsp;&nbsp;b\u{A0}", "a b"),
      PageCase("<b>a</b> <i>b</i>c<span> d</span>", "a bc d"),
      PageCase("a<!-- x -->b", "ab"),
      PageCase("&lt;p&gt; &eacute;&#233;&#xe9; 1 < 2", "<p> ééé 1 < 2"),
      PageCase("日本\u{3000}語 👍", "日本\u{3000}語 👍"),
      PageCase("", ""),
      PageCase("<p> &nbsp; </p>", ""),
    ]
  )
  func `white space is collapsed and inline elements run on`(_ page: PageCase<String>) {
    #expect(extract(page.html).text == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<p>a<p>b<div>c</div>d", "a\nb\nc\nd"),
      PageCase("a<br>b<br/><br>c<hr>d", "a\nb\nc\nd"),
      PageCase("<h1>a</h1>\n\n<ul><li>b<li>c</ul>", "a\nb\nc"),
      PageCase("<dl><dt>a<dd>b</dl>", "a\nb"),
      PageCase("<article><header>a</header><section>b</section></article>", "a\nb"),
      PageCase("<select><option>a<option>b</select>", "a\nb"),
      PageCase("<div><div><p></p></div></div>a", "a"),
      PageCase("a </p> b", "a\nb"),
    ]
  )
  func `blocks have lines of their own, and none is empty`(_ page: PageCase<String>) {
    #expect(extract(page.html).text == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<table><tr><th>a</th><th>b</th></tr><tr><td>c<td>d</table>e", "a\tb\nc\td\ne"),
      PageCase("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\tb"),
      PageCase("<table><tr><td>a</td><td></td><td>b</td></tr></table>", "a\tb"),
      PageCase("<table><caption>a</caption><tr><td>b</table>", "a\nb"),
      PageCase("<table><tr><td>a<table><tr><td>b<td>c</table></td><td>d</table>", "a\nb\tc\nd"),
    ]
  )
  func `cells of a row are apart by tabs`(_ page: PageCase<String>) {
    #expect(extract(page.html).text == page.expected)
  }

  @Test(
    arguments: [
      PageCase("<pre>a\n  b\r\n\n\nc  d</pre>e\nf", "a\nb\nc d\ne f"),
      PageCase("<pre><b>a\nb</b></pre>", "a\nb"),
      PageCase("<textarea>a\nb</textarea>", "a\nb"),
    ]
  )
  func `preformatted text keeps its line breaks`(_ page: PageCase<String>) {
    #expect(extract(page.html).text == page.expected)
  }

  @Test(
    arguments: [
      "<script>if (1 < 2) x</script>", "<style>b</style>", "<script>'<\\/script>' b </script>",
      "<template>b<p>c</p></template>", "<noscript>b<p>c</noscript>", "<title>b</title>",
      "<svg><title>b</title></svg>", "<iframe>b</iframe>", "<video>b</video>",
      "<datalist><option>b</datalist>", "<!-- b -->", "<![if !IE]>", "<![endif]-->", "<!b c>",
      "<?php b ?>", "<!doctype b>", "<noscript><div><noscript>b</noscript></div></noscript>",
    ]
  )
  func `what a reader does not see is left out`(_ html: String) {
    #expect(extract("<body>a\(html)d").text == "ad")
  }

  @Test func `text around html and body is kept`() {
    let text = extract("a<html>b<body>c</body>d</html>e<p>f").text
    #expect(text.filter { !$0.isWhitespace } == "abcdef")
  }
}
