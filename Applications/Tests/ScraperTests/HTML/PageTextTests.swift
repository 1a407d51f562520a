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
      "<iframe><p>b</iframe>", "<noframes><p>b</noframes>", "<svg><style>b</style></svg>",
      "<svg><script>b</script></svg>", "<span><video>b</span>", "<b><video>b</b>",
      "<script><!--<script>b</script>b--></script>", "<noscript><ul><li>b</noscript>",
      "<template><template>b</template>b</template>", "<svg><title>b<b>b</b></title></svg>",
    ]
  )
  func `what a reader does not see is left out`(_ html: String) {
    #expect(extract("<body>a\(html)d").text == "ad")
  }

  @Test(
    arguments: [
      PageCase("<div>a<span><p>b</span>c", "a\nbc"),
      PageCase("<div><pre>a\nb</div>c\nd", "a\nb\nc d"),
      PageCase("<span><pre>a\nb</span>c\nd", "a\nbc\nd"),
      PageCase("<ul><li>a<ul><li>b</ul>c\nd</ul>e", "a\nb\nc d\ne"),
      PageCase("<video><p>a</div>b</video>c</p>d", ""),
      PageCase("<video><p>a</p>b</video>c", "c"),
      PageCase("<video><p>a<p>b</p></video>c", "c"),
      PageCase("<video><li>a<li>b</video>c</li></video>d", "d"),
      PageCase("<p>a<button>b<p>c</button>d</p>e", "ab\nc\nd\ne"),
      PageCase("<div><b>a<p>b</b>c</p>d</div>e", "a\nbc\nd\ne"),
      PageCase("<b><video><p></b>a", "a"),
      PageCase("<a>a<a>b</a>c<video><a>d", "abc"),
      PageCase("<a><video>a<a>b", "b"),
      PageCase("<h1>a<h2>b</h1>c", "a\nb\nc"),
      PageCase("<form>a<p>b</form>c", "a\nb\nc"),
      PageCase("<div>a</form></section></h1></li></a>b</div>", "ab"),
      PageCase("a</br>b</p>c</div>d", "a\nb\ncd"),
      PageCase("<td>a<td>b<tr>c", "abc"),
      PageCase("<table><tr><td><pre>a<td>b\nc</table>", "a\tb c"),
      PageCase("<table><tr><td><pre>a</table>b\nc", "a\nb c"),
      PageCase("<table><tr><td><pre>a</tr></td>b\nc", "a\nb c"),
      PageCase("<table><caption><pre>a<tr><td>b\nc</table>", "a\nb c"),
      PageCase("<table><tr><td>a</div></caption>b</table>c", "ab\nc"),
      PageCase("<table><table><tr><td>a</table>b</table>c", "a\nbc"),
      PageCase("<select><option>a<optgroup><option>b</select>c", "a\nb\nc"),
      PageCase("<svg><p>a</svg>b", "ab"),
      PageCase("<svg><g></p><style>a</style>", ""),
      PageCase("<svg><text>a</text>b</svg>c", "abc"),
      PageCase("<svg><foreignObject><p>a<p>b</foreignObject>c</svg>d", "a\nbcd"),
      PageCase("<svg><![CDATA[a<b>&amp;]]></svg>b", "a<b>&amp;b"),
      PageCase("<math><mi>a<b>c</b></mi><mo>d</mo></math>", "acd"),
      PageCase("<noscript><p>a</noscript>b</div>c", "bc"),
      PageCase("<div><noscript></div></noscript>a</div>b", "a\nb"),
      PageCase("<my-element-with-a-long-name><p>a</my-element-with-a-long-name>b", "ab"),
      PageCase("a<xmp><b>&amp;\nb</xmp>c", "a\n<b>&amp;\nb\nc"),
      PageCase("a<plaintext><b>\n</plaintext>", "a\n<b>\n</plaintext>"),
      PageCase("<textarea><b>&amp;</textarea>a", "<b>&a"),
    ]
  )
  func `elements end where they end in browsers`(_ page: PageCase<String>) {
    #expect(extract(page.html).text == page.expected)
  }

  @Test func `text around html and body is kept`() {
    let text = extract("a<html>b<body>c</body>d</html>e<p>f").text
    #expect(text.filter { !$0.isWhitespace } == "abcdef")
  }
}
