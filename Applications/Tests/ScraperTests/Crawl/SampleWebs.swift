import Bakery

@testable import Scraper

/// Webs for the tests of the engine.
enum SampleWebs {
  /// The address of page `number` on host `host`.
  static func url(_ number: Int, host: Int = 0) -> String {
    number == 0 ? "http://h\(host).test/" : "http://h\(host).test/p\(number)"
  }

  /// A page that links to `targets`.
  static func page(
    _ targets: [String],
    latency: Duration = .milliseconds(50),
    head: String = ""
  ) -> SimulatedWeb.Page {
    let anchors = targets.map { "<p><a href='\($0)'>to \($0)</a></p>" }.joined()
    let body = "<html><head><title>A page</title>\(head)</head><body>\(anchors)</body></html>"
    return SimulatedWeb.Page(body: body, latency: latency)
  }

  /// `count` pages on each of `hosts` hosts: every page links to the next three, to its like on the next host and to itself.
  static func mesh(pages count: Int, hosts: Int, seed: UInt64 = 1) -> [String: SimulatedWeb.Page] {
    var pages: [String: SimulatedWeb.Page] = [:]
    var generator = SeededRandom(seed: seed).generator
    for host in 0..<hosts {
      for number in 0..<count {
        var targets = (1...3).map { url((number + $0) % count, host: host) }
        targets.append(url(number, host: (host + 1) % hosts))
        targets.append(url(number, host: host) + "#top")
        let latency = Duration.milliseconds(Int.random(in: 20...200, using: &generator))
        pages[url(number, host: host)] = page(targets, latency: latency)
      }
      pages["http://h\(host).test/robots.txt"] = SimulatedWeb.Page(
        headers: [("Content-Type", "text/plain")],
        body: "User-agent: *\nDisallow: /private\n"
      )
    }
    return pages
  }
}
