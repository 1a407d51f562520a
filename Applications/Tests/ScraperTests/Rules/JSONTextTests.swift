import Testing

@testable import Scraper

struct JSONTextTests {
  private func json(_ write: (inout JSONText) -> Void) -> String {
    var json = JSONText()
    write(&json)
    return json.text
  }

  @Test(arguments: [
    ("", #""""#), ("a/é😀", #""a/é😀""#), (#""\"#, #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
    ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
  ])
  func `strings are escaped`(_ text: String, _ expected: String) {
    #expect(json { $0.append(string: text) } == expected)
  }

  @Test(arguments: [
    ("", #""""#), (" \n ", #""""#), ("\t a \r\n\u{0C}b ", #""a b""#),
    ("a\u{A0} b", "\"a\u{A0} b\""),
    (" \" ", #""\"""#),
  ])
  func `white space is collapsed`(_ text: String, _ expected: String) {
    #expect(json { $0.append(collapsed: text.utf8) } == expected)
  }

  @Test(arguments: [
    (0, "0"), (-3, "-3"), (0.5, "0.5"), (1e300, "1e+300"), (.nan, "null"), (-.infinity, "null"),
  ])
  func `numbers are as short as they can be`(_ number: Double, _ expected: String) {
    #expect(json { $0.append(number: number) } == expected)
  }

  @Test func `bytes that are no UTF-8 are replaced`() {
    #expect(json { $0.append(string: [0x61, 0xFF] as [UInt8]) } == "\"a\u{FFFD}\"")
  }
}
