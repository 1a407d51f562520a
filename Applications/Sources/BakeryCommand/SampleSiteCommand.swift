internal import ArgumentParser
internal import Bakery
internal import HTTPServer
internal import SampleSite
internal import Scraper

/// `bakery sample-site`: serves the site that the demo scrapes.
struct SampleSiteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-site",
    abstract: "Serve a made-up site of several hosts, to try the scraper on.",
    discussion: """
      The hosts have the addresses 127.0.0.1, 127.0.0.2 and so on, and one port. Pages take 20 to 200 ms; some are missing, \
      broken, slow, huge, redirected or forbidden by robots.txt. The same seed gives the same site. /expected.json on \
      the first host says what a polite crawl must find. With --capacity a host bears only so much: further requests wait, \
      and when half as many wait they are answered with 429; /capacity.json on the first host counts those.
      """
  )

  @OptionGroup var options: SiteOptions

  @Option(help: ArgumentHelp("Where the first host listens.", valueName: "address"))
  var listen = "127.0.0.1:8080"

  @Option(help: ArgumentHelp("How many requests a host serves at one time.", valueName: "n"))
  var capacity: Int?

  func run() async throws {
    let interrupts = Interrupts(isDraining: false)
    let site = try usage { try options.site(at: Address(parsing: listen)) }
    if let capacity, !(1...10_000).contains(capacity) {
      throw ValidationError("--capacity \(capacity) cannot be served; give 1 to 10000")
    }
    var settings = ServerSettings()
    // Most pages have gone out by then, and whoever ends a server waits for it.
    settings.drainTimeout = .milliseconds(500)
    try await site.serve(settings: settings, capacity: capacity) { site in
      standardOutput("\(countText(site.pages)) pages on \(site.hosts) hosts, from \(site.start)")
      standardOutput("end it with Ctrl-C")
      _ = try await interrupts.stop.receiver.receive()
    }
  }
}

/// Which sample site it is to be.
struct SiteOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What the site is made from.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("How many pages it has.", valueName: "n"))
  var pages = 600

  @Option(help: ArgumentHelp("How many hosts it has.", valueName: "n"))
  var hosts = 8

  func site(at base: Address) throws -> SampleWebsite {
    try SampleWebsite(seed: seed, pages: pages, hosts: hosts, base: base)
  }
}
