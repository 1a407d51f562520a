import Testing

@testable import SampleSite

/// The site with the default numbers, its expectation and its pages, made once for all tests.
struct StandardSite {
  struct Known {
    let url: String
    let host: Int
    let place: Place?
    let page: SamplePage

    var isHTML: Bool { page.header("content-type")?.hasPrefix("text/html") == true }
    var html: String { String(decoding: page.body, as: UTF8.self) }
  }

  let site: SampleWebsite
  let expectation: SampleExpectation
  /// Every page that something leads to.
  let pages: [Known]

  private static let made = Result { try StandardSite() }

  static var only: StandardSite { get throws { try made.get() } }

  private init() throws {
    site = try SampleWebsite()
    expectation = site.expectation
    let urls = expectation.requested.map(\.url) + expectation.disallowed + expectation.nofollow
    pages = urls.compactMap { [site] url in
      site.locate(url).map { host, path in
        Known(
          url: url,
          host: host,
          place: site.place(host: host, path: path),
          page: site.page(host: host, path: path)
        )
      }
    }
  }
}
