import Testing

@testable import Scraper

struct MetaRobotsTests {
  @Test(
    arguments: [
      ("", []), ("noindex", .noindex), ("nofollow", .nofollow), ("none", .none),
      ("noindex,nofollow", .none), (" NoIndex ,\tNOFOLLOW ", .none), ("NONE", .none),
      ("index, follow", []), ("all", []), ("index, noindex", .noindex),
      ("noindex, index", .noindex),
      ("noindexing", []), ("no index", []), (",,noindex,", .noindex),
      ("noarchive, max-snippet:-1", []),
      ("max-snippet:-1, nofollow", .nofollow),
    ] as [(String, MetaRobots)]
  )
  func `the words of a page are read`(_ content: String, _ expected: MetaRobots) {
    #expect(MetaRobots(content) == expected)
  }

  @Test(
    arguments: [
      ("noindex", .noindex), ("bakery: noindex", .noindex), ("BAKERY :noindex, nofollow", .none),
      ("other: none", []), ("other: noindex, nofollow", []), ("bakery-x: none", []),
      ("nofollow, other: noindex", .nofollow), ("other: noindex, bakery: nofollow", .nofollow),
      ("bakery: nofollow, other: noindex", .nofollow), ("bakery/2: none", .none), (": none", []),
      ("max-snippet: 20, noindex", .noindex), ("bakery: max-image-preview:large, none", .none),
      ("other: max-video-preview: 3, none", []),
      ("unavailable_after: 25 Jun 2010 15:00:00 GMT, nofollow", .nofollow),
    ] as [(String, MetaRobots)]
  )
  func `the words of the header may be for one robot`(_ value: String, _ expected: MetaRobots) {
    #expect(MetaRobots(header: value, userAgent: "bakery") == expected)
    #expect(MetaRobots(header: value, userAgent: "Bakery/1.0 (+https://example.org)") == expected)
  }
}
