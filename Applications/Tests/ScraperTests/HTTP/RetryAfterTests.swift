import Testing

@testable import Scraper

struct RetryAfterTests {
  /// The second of Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
  private let example: Int64 = 784_111_777

  @Test(arguments: [
    ("0", 0), ("120", 120), (" 7\t", 7), ("007", 7), ("9223372036854775807", Int64.max),
  ])
  func `seconds are read`(_ value: String, _ seconds: Int64) {
    #expect(RetryAfter.parse(value, now: 0) == .seconds(seconds))
  }

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    " Sun Nov 06 08:49:37 1994 ",
  ])
  func `the three forms of dates are read`(_ value: String) {
    #expect(RetryAfter.parse(value, now: example - 100) == .seconds(100))
    #expect(RetryAfter.parse(value, now: example) == .zero)
    #expect(RetryAfter.parse(value, now: example + 100) == .zero)
  }

  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Fri, 02 Jan 1970 00:00:01 GMT", 86_401),
    ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Thu, 29 Feb 1996 12:00:00 GMT", 825_595_200),
    ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400), ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
    ("Mon, 28 Feb 2100 23:59:59 GMT", 4_107_542_399),
    ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
    ("Sun, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
  ])
  func `a date is the right number of seconds`(_ text: String, _ seconds: Int64) {
    #expect(HTTPDate.parse(text[...], now: 0) == seconds)
  }

  /// RFC 9110: what seems to be more than 50 years ahead is in the past.
  @Test(arguments: [
    ("Sunday, 06-Nov-94 08:49:37 GMT", 2026, 1994), ("Sunday, 06-Nov-30 08:49:37 GMT", 2026, 2030),
    ("Sunday, 06-Nov-75 08:49:37 GMT", 2026, 2075), ("Sunday, 06-Nov-77 08:49:37 GMT", 2026, 1977),
    ("Sunday, 06-Nov-94 08:49:37 GMT", 2060, 2094), ("Sunday, 29-Feb-00 08:49:37 GMT", 2026, 2000),
    ("Sunday, 06-Nov-01 08:49:37 GMT", 2099, 2101),
  ])
  func `a year of two digits is the one nearby`(_ text: String, _ now: Int, _ year: Int) {
    let now = HTTPDate.parse("Sun, 01 Jul \(now) 00:00:00 GMT"[...], now: 0) ?? 0
    let date = text.dropFirst(8).prefix(6).replacing("-", with: " ")
    #expect(
      HTTPDate.parse(text[...], now: now)
        == HTTPDate.parse("Sun, \(date) \(year) 08:49:37 GMT"[...], now: 0)
    )
  }

  @Test(arguments: [
    "", " ", "-1", "+1", "1.5", "1e3", "0x1", "5 s", "soon", "9223372036854775808", "१", "1,2",
    "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT", "Mon, 29 Feb 2100 00:00:00 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49:3+ GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
    "Sun, 06 Nov 19945 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT", "Foo, 06 Nov 1994 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06-Nov 08:49:37 GMT",
    "Sunday, 31-Feb-94 08:49:37 GMT", "Sun, Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37 94",
  ])
  func `anything else is not read`(_ value: String) {
    #expect(RetryAfter.parse(value, now: 0) == nil)
  }
}
