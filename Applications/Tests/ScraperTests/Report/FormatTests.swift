import Testing

@testable import Scraper

struct FormatTests {
  @Test(arguments: [
    (Duration.zero, "0 µs"), (.microseconds(850), "850 µs"), (.microseconds(12_340), "12.3 ms"),
    (.milliseconds(999), "999 ms"), (.milliseconds(1000), "1 s"), (.milliseconds(4560), "4.56 s"),
    (.seconds(119), "119 s"), (.seconds(200), "3 min 20 s"), (.seconds(7500), "2 h 5 min"),
  ])
  func `durations have about three digits`(duration: Duration, text: String) {
    #expect(durationText(duration) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1536, "1.5 KB"), (64 << 20, "64 MB"),
    (3 << 40, "3 TB"), (5000 << 40, "5000 TB"),
  ])
  func `bytes are in powers of 1,024`(count: Int, text: String) {
    #expect(byteText(count) == text)
  }

  @Test func `counts have commas, and things a plural`() {
    #expect(
      [0, 999, 1000, 1_234_567, -1000].map { countText($0) } == [
        "0", "999", "1,000", "1,234,567", "-1,000",
      ]
    )
    #expect(countText(1, "page") == "1 page")
    #expect(countText(0, "page") == "0 pages")
  }

  @Test func `numbers are rounded, not cut off`() {
    #expect(fixed(1.005, 1) == "1.0")
    #expect(fixed(1.96, 1) == "2.0")
    #expect(fixed(-0.04, 1) == "0.0")
    #expect(fixed(2.50, 2, trimsZeros: true) == "2.5")
    #expect(fixed(.infinity, 2) == "inf")
    #expect([9.994, 9.996, 99.96].map(threeDigits) == ["9.99", "10", "100"])
  }

  @Test func `what servers write cannot steer a terminal`() {
    #expect("a\u{1B}[2Jb\u{9B}1m\r\nc".printable == "a\u{FFFD}[2Jb\u{FFFD}1m\u{FFFD}\u{FFFD}c")
    #expect("Ünïcode 🥖".printable == "Ünïcode 🥖")
  }

  @Test func `a histogram keeps three percent of precision`() {
    var histogram = LatencyHistogram()
    #expect(histogram.percentile(0.5) == .zero)
    for milliseconds in 1...1000 { histogram.record(.milliseconds(milliseconds)) }
    for (share, expected) in [(0.5, 500.0), (0.9, 900), (0.99, 990), (1, 1000)] {
      let found = histogram.percentile(share).milliseconds
      #expect(abs(found - expected) <= expected * 0.032)
    }
    #expect(histogram.percentile(0).milliseconds < 1.1)
    #expect(histogram.count == 1000)
    histogram.record(.seconds(1_000_000))
    histogram.record(.seconds(-1))
    #expect(histogram.count == 1002)
  }
}
