import Testing

@testable import Scraper

struct HostParsingTests {
  private func host(_ text: String, scheme: String = "http") throws -> String? {
    try WebURL("\(scheme)://\(text)/").host
  }

  private func problem(_ text: String, scheme: String = "http") -> InvalidURL.Problem? {
    do {
      _ = try WebURL("\(scheme)://\(text)/")
      return nil
    } catch {
      return error.problem
    }
  }

  @Test(arguments: [
    ("BAKERY.Test", "bakery.test"), ("b%41k%65ry.test", "bakery.test"),
    ("bakery.test.", "bakery.test."),
    ("a..b", "a..b"), (".", "."), ("-a-.test", "-a-.test"), ("a_b.test", "a_b.test"),
    ("a!$&'()*+,;=\"`{}~.test", "a!$&'()*+,;=\"`{}~.test"), ("r3---sn.test", "r3---sn.test"),
    ("xn--", "xn--"), ("XN--A.test", "xn--a.test"),
  ])
  func `an ASCII domain is decoded and put into lower case, no more`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try host(text) == expected)
  }

  @Test(arguments: [
    ("bäckerei.test", "xn--bckerei-5wa.test"), ("BÄCKEREI.test", "xn--bckerei-5wa.test"),
    ("b%C3%A4ckerei.test", "xn--bckerei-5wa.test"),
    ("ba\u{308}ckerei.test", "xn--bckerei-5wa.test"),
    ("faß.test", "xn--fa-hia.test"), ("パン.テスト", "xn--odk8c.xn--zckzah"),
    ("a。ü．test｡", "a.xn--tda.test."), ("ｂａｋｅｒｙ.test", "bakery.test"),
    ("a\u{AD}b.test", "ab.test"), ("☃.test", "xn--n3h.test"), ("🥐.test", "xn--mr9h.test"),
    ("ü..test", "xn--tda..test"), ("-.ü", "-.xn--tda"), ("ü.xn--fa-hia", "xn--tda.xn--fa-hia"),
    ("１２７.0.0.１", "127.0.0.1"),
  ])
  func `an international domain is mapped, composed and written in Punycode`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try host(text) == expected)
  }

  @Test(
    arguments: [
      ("a b", .forbiddenCharacterInHost), ("a<b", .forbiddenCharacterInHost),
      ("a^b", .forbiddenCharacterInHost), ("a|b", .forbiddenCharacterInHost),
      ("a]b", .forbiddenCharacterInHost), ("a%2Fb", .forbiddenCharacterInHost),
      ("a%00ü", .forbiddenCharacterInHost), ("a%b", .forbiddenCharacterInHost),
      ("a%25b", .forbiddenCharacterInHost), ("a\u{7F}", .forbiddenCharacterInHost),
      ("℀.test", .forbiddenCharacterInHost), ("％.test", .forbiddenCharacterInHost),
      ("%FF.test", .invalidDomain), ("%C3.test", .invalidDomain), ("\u{AD}", .invalidDomain),
      ("ü.xn--a", .invalidDomain), ("\u{FFFD}.test", .invalidDomain),
      ("א0a\u{5D0}b", .invalidDomain),
    ] as [(String, InvalidURL.Problem)]
  )
  func `what is no domain is refused`(_ text: String, _ expected: InvalidURL.Problem) {
    #expect(problem(text) == expected)
  }

  @Test(arguments: [
    ("192.168.0.1", "192.168.0.1"), ("192.168.0.1.", "192.168.0.1"), ("1", "0.0.0.1"),
    ("127.1", "127.0.0.1"), ("1.2.772", "1.2.3.4"), ("1.131844", "1.2.3.4"),
    ("16909060", "1.2.3.4"), ("4294967295", "255.255.255.255"), ("0x7F.0.0.0x1", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"), ("0x", "0.0.0.0"), ("00", "0.0.0.0"), ("%31", "0.0.0.1"),
    ("1.a", "1.a"), ("1.2.3.4.a", "1.2.3.4.a"), ("a.0xg", "a.0xg"), ("1.2.3.4..", "1.2.3.4.."),
  ])
  func `a host that ends in a number is an IPv4 address`(_ text: String, _ expected: String) throws
  {
    #expect(try host(text) == expected)
  }

  @Test(arguments: [
    "256.0.0.1", "1.2.3.256", "1.2.65536", "1.16777216", "4294967296", "1.2.3.4.5", "1..2", ".1",
    "09", "a.1", "a.09", "0x1g.1", "a.0x", "99999999999999999999",
  ])
  func `no other number is one`(_ text: String) {
    #expect(problem(text) == .invalidIPv4)
  }

  @Test(arguments: [
    ("[::]", "[::]"), ("[::1]", "[::1]"), ("[1::]", "[1::]"),
    ("[2001:DB8::00aB]", "[2001:db8::ab]"),
    ("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"), ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"),
    ("[::2:3:4:5:6:7:8]", "[0:2:3:4:5:6:7:8]"), ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"),
    ("[1:0:0:2:3:0:0:4]", "[1::2:3:0:0:4]"), ("[0:0:1:0:0:0:0:0]", "[0:0:1::]"),
    ("[::1.2.3.4]", "[::102:304]"), ("[::ffff:192.0.2.255]", "[::ffff:c000:2ff]"),
    ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:102:304]"), ("[1::1.2.3.4]", "[1::102:304]"),
  ])
  func `an address in brackets is written in the shortest form`(
    _ text: String,
    _ expected: String
  ) throws {
    #expect(try host(text) == expected)
    #expect(try host(text, scheme: "bread") == expected)
  }

  @Test(arguments: [
    "[]", "[::1", "[", "[:]", "[:1]", "[1:]", "[1:2]", "[1:::2]", "[1::2::3]", "[::12345]", "[::g]",
    "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[::1%25lo]", "[::1.2.3]", "[::1.2.3.4.5]",
    "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.]", "[::.1.2.3]", "[1:2:3:4:5:6:7:1.2.3.4]",
    "[::1.2.3.4:5]", "[::1.2.3.x]", "[::1]x",
  ])
  func `nothing else in brackets is an address`(_ text: String) {
    #expect(problem(text) == .invalidIPv6)
    #expect(problem(text, scheme: "bread") == .invalidIPv6)
  }

  @Test(arguments: [
    ("OVEN", "OVEN"), ("b%41", "b%41"), ("%zz", "%zz"), ("1.2.3.4.5", "1.2.3.4.5"),
    ("bröt\u{7F}", "br%C3%B6t%7F"), ("a\"`{}'", "a\"`{}'"), ("", ""),
  ])
  func `the host of another scheme is left as it is`(_ text: String, _ expected: String) throws {
    #expect(try host(text, scheme: "bread") == expected)
  }

  @Test(arguments: ["a b", "a<b", "a>b", #"a\b"#, "a^b", "a|b", "a\u{0}b"])
  func `but has no forbidden characters`(_ text: String) {
    #expect(problem(text, scheme: "bread") == .forbiddenCharacterInHost)
  }
}
