import Testing

@testable import Scraper

struct RobotsAnswerTests {
  private let body = Array("User-agent: *\nDisallow: /".utf8)

  private func allowsAll(_ status: Int?) -> Bool? {
    switch RobotsAnswer.rules(status: status, body: body, userAgent: "bakery") {
    case .known(let rules, _): rules.allows("/a").isAllowed
    case .unreachable: nil
    }
  }

  private func lifetime(_ status: Int, _ cacheControl: String?) -> Duration? {
    let answer = RobotsAnswer.rules(
      status: status,
      body: body,
      cacheControl: cacheControl,
      userAgent: "bakery"
    )
    guard case .known(_, let lifetime) = answer else { return nil }
    return lifetime
  }

  @Test(arguments: [200, 203, 206, 299])
  func `the body of a 2xx has the rules`(_ status: Int) {
    #expect(allowsAll(status) == false)
  }

  @Test(arguments: [300, 301, 308, 400, 401, 403, 404, 410, 428, 430, 451, 499])
  func `without a file, everything is allowed`(_ status: Int) {
    #expect(allowsAll(status) == true)
  }

  @Test(arguments: [nil, 429, 500, 502, 503, 504, 599, 600, 100, 0, -1])
  func `a server that cannot say is left alone`(_ status: Int?) {
    #expect(allowsAll(status) == nil)
  }

  @Test(
    arguments: [
      (nil, 86_400), ("", 86_400), ("no-cache", 86_400), ("max-age=7200", 7200),
      ("public, MAX-AGE=7200", 7200),
      ("max-age = 7200 , public", 7200), ("max-age=0", 3600), ("max-age=99999999", 86_400),
      ("s-maxage=7200", 86_400), ("max-age=", 86_400), ("max-age=-1", 86_400),
      ("max-age=x", 86_400),
      ("max-age=99999999999999999999", 86_400),
    ] as [(String?, Int)]
  )
  func `an answer counts for a day, or its max-age but no less than an hour`(
    _ cacheControl: String?,
    _ seconds: Int
  ) {
    #expect(lifetime(200, cacheControl) == .seconds(seconds))
    #expect(lifetime(404, cacheControl) == .seconds(seconds))
  }
}
