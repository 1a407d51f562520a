internal import CPages
import Testing

@testable import Scraper

struct CharacterReferenceTests {
  @Test(
    arguments: [
      PageCase("&amp;", "&"), PageCase("&amp", "&"), PageCase("&ampx", "&x"),
      PageCase("&AMP;", "&"),
      PageCase("&Amp;", "&Amp;"), PageCase("&", "&"), PageCase("& amp;", "& amp;"),
      PageCase("&&amp;", "&&"),
      PageCase("&x;", "&x;"), PageCase("&;", "&;"), PageCase("&notit;", "¬it;"),
      PageCase("&notin;", "∉"),
      PageCase("&notin", "¬in"), PageCase("&noti", "¬i"), PageCase("&no", "&no"),
      PageCase("&copy=1", "©=1"), PageCase("&alpha", "&alpha"), PageCase("&alpha;", "α"),
      PageCase("&NotEqualTilde;", "≂\u{338}"), PageCase("&fjlig;", "fj"),
      PageCase("&NewLine;", "\n"),
      PageCase("&CounterClockwiseContourIntegral;", "∳"),
      PageCase("&CounterClockwiseContourIntegral", "&CounterClockwiseContourIntegral"),
      PageCase("&gt1;", ">1;"), PageCase("&sup1;", "¹"), PageCase("&ampé", "&é"),
      PageCase("&frac12", "½"), PageCase("&there4;", "∴"), PageCase("&gtcc;", "⪧"),
    ]
  )
  func `a name is the longest that there is`(_ text: PageCase<String>) {
    #expect(tokens(text.html) == ["\"\(text.expected)\""])
  }

  @Test(
    arguments: [
      PageCase("&amp;", "&"), PageCase("&amp", "&"), PageCase("&copy=1", "&copy=1"),
      PageCase("&copyx", "&copyx"),
      PageCase("&copy1", "&copy1"), PageCase("&copy;=1", "©=1"), PageCase("&copy&", "©&"),
      PageCase("&copy/", "©/"),
      PageCase("&notit;", "&notit;"), PageCase("&notin;", "∉"), PageCase("&#65x", "Ax"),
      PageCase("&#65=", "A="),
      PageCase("?a=1&b=2", "?a=1&b=2"), PageCase("a&", "a&"), PageCase("&lt;&gt;&quot;", "<>\""),
    ]
  )
  func `in attributes a name without a semicolon may be that of a parameter`(
    _ value: PageCase<String>
  ) {
    for quote in ["\"", "'"] {
      #expect(tokens("<a b=\(quote)\(value.html)\(quote)>") == ["+a[b=\(value.expected)]"])
    }
    #expect(tokens("<a b=\(value.html)>") == ["+a[b=\(value.expected)]"])
  }

  @Test(
    arguments: [
      PageCase("&#65;", "A"), PageCase("&#65", "A"), PageCase("&#x41;", "A"),
      PageCase("&#X4a;", "J"),
      PageCase("&#x4Ag", "Jg"), PageCase("&#65x", "Ax"), PageCase("&#128077;", "👍"),
      PageCase("&#", "&#"),
      PageCase("&#;", "&#;"), PageCase("&#x", "&#x"), PageCase("&#x;", "&#x;"),
      PageCase("&#xg;", "&#xg;"),
      PageCase("&#a;", "&#a;"), PageCase("&#0;", "\u{FFFD}"), PageCase("&#x110000;", "\u{FFFD}"),
      PageCase("&#xD800;", "\u{FFFD}"), PageCase("&#xDFFF;", "\u{FFFD}"),
      PageCase("&#x10FFFF;", "\u{10FFFF}"),
      PageCase("&#99999999999999999999999;", "\u{FFFD}"), PageCase("&#x100000041;", "\u{FFFD}"),
      PageCase("&#x00000000000000041;", "A"), PageCase("&#128;", "€"), PageCase("&#x99;", "™"),
      PageCase("&#x81;", "\u{81}"), PageCase("&#x9F;", "Ÿ"), PageCase("&#xA0;", "\u{A0}"),
      PageCase("&#xFFFE;", "\u{FFFE}"), PageCase("&#1;", "\u{1}"),
    ]
  )
  func `a number is that of a character`(_ text: PageCase<String>) {
    #expect(tokens(text.html) == ["\"\(text.expected)\""])
  }

  @Test func `all names of the Standard are known`() throws {
    let bytes = UnsafeBufferPointer(start: pages_entities(), count: pages_entities_count())
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 2231)
    #expect(lines == lines.sorted())
    var openNames = 0
    for line in lines {
      let words = line.split(separator: " ")
      let numbers = try words.dropFirst().map { try #require(UInt32($0, radix: 16)) }
      let scalars = try numbers.map { try #require(Unicode.Scalar($0)) }
      let meaning = String(String.UnicodeScalarView(scalars))
      #expect(!meaning.isEmpty && meaning.utf8.count <= 8)
      #expect(words[0].utf8.count <= NamedReferences.lengthMaximum)
      if !words[0].hasSuffix(";") {
        openNames += 1
        #expect(words[0].utf8.count <= NamedReferences.openLengthMaximum)
      }
      #expect(tokens("&\(words[0])") == ["\"\(meaning)\""])
    }
    #expect(openNames == 106)
  }
}
