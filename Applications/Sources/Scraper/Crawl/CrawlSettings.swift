internal import Bakery

/// How a crawl goes about its work; a value to start from is `CrawlSettings()`.
package struct CrawlSettings: Sendable {
  /// How many things happen at one time.
  package enum Model: String, Sendable, CaseIterable {
    /// One page after the other: fetched, parsed and stored before the next is asked for.
    case sequential
    /// As many fetch slots as `width` says, in tasks.
    case async
  }

  package var model = Model.async
  /// Whether the crawl finds out how many pages to fetch at one time; `width` and `perHost` are then the most there may be.
  package var isAutomatic = false
  /// How many pages are fetched at one time, in all.
  package var width = 16
  /// How many of them from one host.
  package var perHost = 4
  /// The least time between the starts of two requests to one host; robots.txt may ask for more.
  package var delay = Duration.milliseconds(50)
  /// Bytes of bodies held at one time.
  package var memory = 256 << 20
  /// Bytes a body may have, decompressed.
  package var bodyMaximum = 10 << 20
  package var redirectMaximum = 10
  package var connectTimeout = Duration.seconds(10)
  /// How long the head of an answer may take.
  package var headTimeout = Duration.seconds(30)
  /// How long a whole page may take.
  package var pageTimeout = Duration.seconds(60)
  package var retries = RetryPolicy()
  package var userAgent = "bakery/\(bakeryVersion)"
  /// Sent with every request, after `User-Agent`; `Authorization` and `Cookie` to the seeds' origins only.
  package var headers: [(name: String, value: String)] = []
  /// How many HTML pages to store before stopping; what was found stays pending.
  package var limit: Int?
  /// When to stop; what was found stays pending.
  package var duration: Duration?
  package var rules: ItemRules?
  /// Whether to fetch what the sitemaps of each host list, too.
  package var usesSitemaps = false

  /// How many pages an automatic crawl fetches at one time, at most: in all, and from one host.
  package static let automaticMaximum = (width: 128, perHost: 64)

  package init() {}

  /// Checks what the types leave open.
  ///
  /// - Throws: `SettingsError` for a number that makes no sense.
  package func check() throws(SettingsError) {
    try atLeastOne(width, "--concurrency")
    try atLeastOne(perHost, "--per-host")
    try atLeastOne(bodyMaximum, "--max-size")
    try atLeastOne(limit ?? 1, "--limit")
    try countedInByte(retries.attempts, "--attempts")
    try countedInByte(retries.refusals, "--refusals")
    guard width <= 4096 else {
      throw SettingsError("--concurrency \(width) is more than 4,096 connections; give less")
    }
    guard delay <= .seconds(86_400) else {
      throw SettingsError("--delay \(durationText(delay)) is more than a day; give less")
    }
    _ = try BodyRooms(memory: memory, slots: width, bodyMaximum: bodyMaximum)
  }

  /// Each URL of a crawl has such a number, so it is kept short.
  private func countedInByte(_ number: Int, _ option: String) throws(SettingsError) {
    try atLeastOne(number, option)
    guard number > UInt8.max else { return }
    throw SettingsError("\(option) is \(countText(number)); it may be 255 at most")
  }

  private func atLeastOne(_ number: Int, _ option: String) throws(SettingsError) {
    guard number < 1 else { return }
    throw SettingsError("\(option) is \(number); it needs at least 1")
  }
}

/// The version of the programs, as `bakery --version` and the user agent give it.
package let bakeryVersion = "0.1.0"

/// A setting that cannot work.
package struct SettingsError: Error, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
