import Testing

@testable import Scraper

/// Pages that were cut, joined and overwritten anywhere.
struct PageMutationTests {
  /// One of each thing that the tokenizer and the scanner know.
  private let page = """
    <!DOCTYPE html "x>y"><html lang=en><head><meta charset="utf-8"><title>A &amp; <b>B</title>
    <meta name=robots content='a, b'><base href="/x/?a=1&amp;b&copy=2"><link rel="next" href=n>
    <meta http-equiv=refresh content="5; url='/r'"><style>p > a { x: "</b>" }</style>
    <script><!-- if (a < b) "<script>x</script>" --></script><!-- a -- > b --!><!--><!--->
    <body class=a/><p id='a'title="b>c" c = d>é &#x41;&#128;&notit;&NotEqualTilde; &copy 1 < 2
    <ul><li>a<li><a href=/a rel=nofollow>b<a href="/b#c">c</a></ul><pre>a\n b</pre></p></div>
    <table><tr><td>a<td><table><th>b</table><tr><caption>c</table><br/><hr></br>
    <svg viewBox="0"><title>a</title><![CDATA[a<b]]]><g/><a href=/s>b</a><desc><p>c</desc></svg>
    <math><mi>a</mi><annotation-xml>b</annotation-xml></math><b><i>a<p>b</b>c</i><textarea><a>&lt;
    </textarea><template><a href=/t><template></template></template><noscript><iframe src=/f>
    </iframe></noscript><video><a href=/v></video><form><p>a</form><select><option>a<optgroup>b
    </select><h1>a<h2>b</h1><button>a<button>b</button><my-long-element-name x>a</my-long-element-name
    ><xmp><b></xmp><?php x ?><!x></ x></><dl><dt>a<dd>b</dl><frameset><frame src=/g><plaintext></p>
    """

  @Test(arguments: 0..<40)
  func `mutated pages do not end the program`(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<25 {
      var bytes = Array(page.utf8)
      for _ in 0..<Int.random(in: 1...20, using: &random) { mutate(&bytes, &random) }
      #expect(content(of: bytes).isWellFormed)
    }
  }

  @Test func `what is cut off changes nothing before it`() throws {
    let whole = tokens(page)
    for end in page.unicodeScalars.indices {
      let part = tokens(String(page.unicodeScalars[..<end]))
      guard let last = part.last else { continue }
      #expect(part.dropLast() == whole.prefix(part.count - 1))
      let counterpart = whole[part.count - 1]
      // A tag of which there is no letter is text.
      if last == "\"<\"" || last == "\"</\"" { continue }
      #expect(last.hasPrefix("\"") ? counterpart.hasPrefix("\"") : last == counterpart)
    }
  }

  @Test func `tokens are places in the text, one behind the other`() {
    var random = Seeded(state: 1)
    for _ in 0..<200 {
      var bytes = Array(page.utf8)
      for _ in 0..<10 { mutate(&bytes, &random) }
      let text = String(decoding: bytes, as: UTF8.self)
      Array(text.utf8).withUnsafeBufferPointer { bytes in
        var tokenizer = HTMLTokenizer(bytes)
        var end = UnsafeRawPointer(bytes.baseAddress)
        while let token = tokenizer.next(allowsCDATA: true) {
          guard case .text(let place) = token, let start = place.baseAddress else { continue }
          #expect(!place.isEmpty)
          #expect(end.map { UnsafeRawPointer(start) >= $0 } ?? false)
          end = UnsafeRawPointer(start + place.count)
        }
        #expect(end.map { $0 <= UnsafeRawPointer(bytes.baseAddress! + bytes.count) } ?? false)
      }
    }
  }

  /// Extracts from memory with nothing behind it, so that the address sanitizer sees a step too far.
  private func content(of bytes: [UInt8]) -> PageContent {
    let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { exact.deallocate() }
    exact.copyBytes(from: bytes)
    return PageDecoder.withText(of: UnsafeRawBufferPointer(exact), charset: nil) { text, encoding in
      PageExtractor().extract(text, encoding: encoding)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
    guard !bytes.isEmpty else { return }
    let start = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, start + Int.random(in: 1...40, using: &random))
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes.removeSubrange(start..<end)
    case 1: bytes.insert(contentsOf: bytes[start..<end], at: place)
    case 2: bytes[start] = UInt8.random(in: 0...255, using: &random)
    case 3: bytes[start] = Array("<>&;\"'=/!-?# ]".utf8).randomElement(using: &random) ?? 0
    case 4: bytes.removeLast(bytes.count - max(start, bytes.count / 2))
    default:
      bytes.insert(Array("<>&;\"'=/!-?# ]".utf8).randomElement(using: &random) ?? 0, at: place)
    }
  }
}
