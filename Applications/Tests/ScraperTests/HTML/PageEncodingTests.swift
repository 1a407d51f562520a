import Testing

@testable import Scraper

/// Bytes in an encoding and what they mean.
private struct Sample: Sendable, CustomTestStringConvertible {
  var label: String
  var bytes: [UInt8]
  var text: String
  var name: String

  init(_ label: String, _ bytes: [UInt8], _ text: String, _ name: String? = nil) {
    self.label = label
    self.bytes = bytes
    self.text = text
    self.name = name ?? label
  }

  var testDescription: String { label }
}

private let samples = [
  Sample("UTF-8", [0xC3, 0xA9, 0xE2, 0x82, 0xAC], "é€"),
  Sample("windows-1252", [0xE9, 0x80, 0x93, 0x94, 0xFF], "é€“”ÿ"),
  Sample("iso-8859-1", [0xE9, 0x80], "é€", "windows-1252"),
  Sample("us-ascii", [0xE9, 0x80], "é€", "windows-1252"),
  Sample("ISO-8859-2", [0xB1, 0xE6, 0xEA], "ąćę"),
  Sample("latin2", [0xB1], "ą", "ISO-8859-2"),
  Sample("ISO-8859-5", [0xB6, 0xD8], "Жи"),
  Sample("ISO-8859-7", [0xE1, 0xE2], "αβ"),
  Sample("ISO-8859-8-I", [0xE0, 0xE1], "אב"),
  Sample("iso-8859-9", [0xFD, 0xFE, 0x80], "ış€", "windows-1254"),
  Sample("ISO-8859-15", [0xA4, 0xBD], "€œ"),
  Sample("windows-1250", [0x9C, 0xB9], "śą"),
  Sample("windows-1251", [0xCF, 0xF0, 0xE8], "При"),
  Sample("windows-1253", [0xE1], "α"),
  Sample("windows-1255", [0xE0], "א"),
  Sample("windows-1256", [0xC7], "ا"),
  Sample("windows-1258", [0x61, 0xD0, 0xFE], "aĐ₫"),
  Sample("windows-874", [0xA1], "ก"),
  Sample("KOI8-R", [0xF0, 0xD2, 0xC9], "При"),
  Sample("KOI8-U", [0xA4], "є"),
  Sample("IBM866", [0x8F, 0xE0], "Пр"),
  Sample("macintosh", [0x8E, 0xD2], "é“"),
  Sample("x-mac-cyrillic", [0x8F], "П"),
  Sample("Shift_JIS", [0x93, 0xFA, 0x96, 0x7B, 0xB1, 0x87, 0x40], "日本ｱ①"),
  Sample("x-sjis", [0x95, 0x5C], "表", "Shift_JIS"),
  Sample("EUC-JP", [0xC6, 0xFC, 0xCB, 0xDC], "日本"),
  Sample("ISO-2022-JP", [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x4B, 0x5C, 0x1B, 0x28, 0x42], "日本"),
  Sample("GBK", [0xD6, 0xD0], "中"),
  Sample("gb2312", [0xD6, 0xD0], "中", "GBK"),
  Sample("gb18030", [0x81, 0x30, 0x84, 0x36], "\u{A5}"),
  Sample("Big5", [0xA4, 0xA4, 0x87, 0x40], "中䏰"),
  Sample("EUC-KR", [0xC7, 0xD1, 0x8C, 0x63], "한똠"),
  Sample("UTF-16LE", [0x41, 0, 0xAC, 0x20, 0x3D, 0xD8, 0x4D, 0xDC], "A€👍"),
  Sample("utf-16", [0x41, 0], "A", "UTF-16LE"),
  Sample("UTF-16BE", [0, 0x41, 0x20, 0xAC], "A€"),
]

struct PageEncodingTests {
  @Test(arguments: samples)
  fileprivate func `the header names the encoding`(_ sample: Sample) {
    let content = extract(sample.bytes, charset: " \(sample.label.uppercased())\t")
    #expect(content.text == sample.text)
    #expect(content.encoding == sample.name)
  }

  /// A byte that is "é" in windows-1252, "й" in windows-1251 and invalid in UTF-8.
  private let body = Array("<p>".utf8) + [0xE9]

  @Test(
    arguments: [
      "<meta charset=windows-1251>", "<META\tCHARSET='Windows-1251'/>", "<meta charset = cp1251 >",
      "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>",
      "<meta content='text/html; charset = \"windows-1251\" ;x' http-equiv=content-type>",
      "<meta http-equiv=content-type content='charset charset=windows-1251'>",
      "<!-- <meta charset=utf-8> --><meta charset=windows-1251>",
      "<a title='<meta charset=utf-8>'><meta charset=cp1251>",
      "<?x <meta charset=utf-8><meta charset=windows-1251>", "</p x='>'><meta charset=cp1251>",
      "<meta charset=nonsense><meta charset=windows-1251>",
      "<meta charset=windows-1251 charset=utf-8>", "<metal charset=utf-8><meta charset=cp1251>",
      "<meta content='text/html; charset=utf-8'><meta charset=windows-1251>",
      "<?xml version='1.0' encoding='windows-1251'?>",
      "<?xml version='1.0' encoding='utf-8'?><meta charset=windows-1251>",
    ]
  )
  func `a page declares its encoding`(_ declaration: String) {
    let content = extract(Array(declaration.utf8) + body)
    #expect(content.text.hasSuffix("й"))
    #expect(content.encoding == "windows-1251")
  }

  @Test(
    arguments: [
      "", "<meta>", "<meta charset>", "<meta charset=>", "<meta charset=nonsense>",
      "<meta name=charset content=windows-1251>", "<meta content='charset=windows-1251'>",
      "<meta http-equiv=refresh content='charset=windows-1251'>",
      "<!-- <meta charset=windows-1251>", "<xmeta charset=windows-1251>", "<?xml encoding=",
      String(repeating: " ", count: 1024) + "<meta charset=windows-1251>",
    ]
  )
  func `without a declaration in its first kilobyte a page is in windows-1252`(_ start: String) {
    let content = extract(Array("\(start)--><p>".utf8) + body)
    #expect(content.text.hasSuffix("é"))
    #expect(content.encoding == "windows-1252")
  }

  @Test func `without a declaration a page in valid UTF-8 is read as such`() {
    let content = extract("<p>é")
    #expect(content.text == "é")
    #expect(content.encoding == "UTF-8")
  }

  @Test func `the byte order mark, the header and the declaration decide in this order`() {
    let page = Array("<meta charset=windows-1251>".utf8) + body
    #expect(extract(page, charset: "windows-1252").text == "é")
    #expect(extract(page, charset: "nonsense").text == "й")
    let marked = [0xEF, 0xBB, 0xBF] + Array("<meta charset=windows-1251><p>é".utf8)
    #expect(extract(marked, charset: "windows-1252").text == "é")
    #expect(extract([0xFF, 0xFE, 0x16, 0x04], charset: "utf-8").text == "Ж")
    #expect(extract([0xFE, 0xFF, 0x04, 0x16], charset: "utf-16le").text == "Ж")
  }

  @Test func `a declaration that can be read as ASCII does not mean UTF-16`() {
    #expect(extract("<meta charset=utf-16><p>é").text == "é")
    #expect(extract("<?xml version='1.0' encoding='UTF-16'?><p>é").encoding == "UTF-8")
    let wide = Array("<?xml version='1.0'?><p>a".utf8).flatMap { [$0, 0] as [UInt8] }
    #expect(extract(wide).encoding == "UTF-16LE")
    #expect(extract(wide).text == "a")
  }

  @Test(
    arguments: [
      Sample("utf-8", [0x61, 0xFF, 0x62], "a\u{FFFD}b"),
      Sample("utf-8", [0x61, 0xE2, 0x82], "a\u{FFFD}"),
      Sample("utf-8", [0xED, 0xA0, 0x80, 0x62], "\u{FFFD}\u{FFFD}\u{FFFD}b"),
      Sample("utf-8", [0x61, 0x00, 0x62], "a\u{FFFD}b"),
      Sample("windows-1253", [0x61, 0xAA, 0x62], "a\u{FFFD}b"),
      Sample("windows-1252", [0x61, 0x00, 0x62], "a\u{FFFD}b"),
      Sample("shift_jis", [0x93, 0xFA, 0x81, 0xAD, 0x93, 0xFA], "日\u{FFFD}日"),
      Sample("shift_jis", [0x81] + Array("<br>a".utf8), "\u{FFFD}\na"),
      Sample("euc-jp", [0xC6, 0xFC, 0xFF, 0x61, 0xC6], "日\u{FFFD}a\u{FFFD}"),
      Sample("big5", [0xA4, 0xA4, 0xFF, 0x61], "中\u{FFFD}a"),
      Sample("gbk", [0xD6], "\u{FFFD}"),
      Sample("iso-2022-jp", [0x1B, 0x24, 0x42, 0xFF, 0x46, 0x7C], "\u{FFFD}日"),
      Sample("utf-16le", [0x41, 0, 0x3D, 0xD8, 0x42, 0, 0x43], "A\u{FFFD}B\u{FFFD}"),
      Sample("utf-16be", [0xDC, 0x00, 0, 0x41], "\u{FFFD}A"),
    ]
  )
  fileprivate func `what is invalid becomes U+FFFD`(_ sample: Sample) {
    #expect(extract(sample.bytes, charset: sample.label).text == sample.text)
  }

  @Test func `targets and titles are decoded like the text`() {
    let page = Array("<title>".utf8) + [0xE9] + Array("</title><a href=/".utf8) + [0xE9]
    let content = extract(page + Array(">".utf8), charset: "windows-1251")
    #expect(content.title == "й")
    #expect(content.links.map(\.target) == ["/й"])
  }

  @Test func `long texts are converted to their end`() {
    let bytes = (0..<100_000).flatMap { _ in [0xCF, 0xF0, 0xAA, 0x20] as [UInt8] }
    let words = Array(repeating: "ПрЄ", count: 100_000).joined(separator: " ")
    #expect(extract(bytes, charset: "windows-1251").text == words)
    let broken = [UInt8](repeating: 0xDC, count: 100_000)
    let content = extract(broken, charset: "utf-16be")
    #expect(content.text == String(repeating: "\u{FFFD}", count: 50_000))
  }
}
