package import HTTPServer

/// A web site of several hosts that is made from a seed: the same pages, links and latencies every time.
///
/// It is a pure function from a host and a path to a page, so it can be served over sockets (`serve`) or looked up
/// by a test. Every host is a bakery with breads, recipes, orders and a journal, and has the oddities that a
/// crawler meets: dead links, redirects, loops, forbidden folders, files, slow and enormous pages.
///
/// Every page is at most five clicks from the front page of host 0.
package struct SampleWebsite: Sendable {
  /// What everything is made from.
  package let seed: UInt64
  /// How many pages the bakeries have together, not counting the oddities.
  package let pages: Int
  /// How many hosts there are.
  package let hosts: Int
  /// Where host 0 is; host *i* has the same port and an IP address that is *i* higher.
  package let base: Address

  /// Makes a site.
  ///
  /// - Parameters:
  ///   - seed: What everything is made from.
  ///   - pages: How many pages the hosts have together; ten for each at least.
  ///   - hosts: How many hosts, at most 64.
  ///   - base: Where host 0 is.
  /// - Throws: `SampleWebFailure` when the numbers do not go together.
  package init(
    seed: UInt64 = 1,
    pages: Int = 600,
    hosts: Int = 8,
    base: Address = .loopback(port: 8080)
  ) throws(SampleWebFailure) {
    guard (1...64).contains(hosts) else { throw .hosts(hosts) }
    guard (hosts * 10...100_000).contains(pages) else { throw .pages(pages, hosts: hosts) }
    guard let last = Self.lastNumber(of: base), last + hosts <= 255 else {
      throw .base(base, hosts: hosts)
    }
    self.seed = seed
    self.pages = pages
    self.hosts = hosts
    self.base = base
  }

  /// The same site at another address.
  func moved(to base: Address) -> SampleWebsite { SampleWebsite(self, base: base) }

  private init(_ site: SampleWebsite, base: Address) {
    seed = site.seed
    pages = site.pages
    hosts = site.hosts
    self.base = base
  }

  /// Where a host listens.
  package func address(ofHost host: Int) -> Address {
    let numbers = base.host.split(separator: ".")
    let last = (Self.lastNumber(of: base) ?? 0) + host
    return Address(
      host: (numbers.dropLast() + ["\(last)"]).joined(separator: "."),
      port: base.port
    )
  }

  /// The URL of a path, which may have a query, on a host.
  package func url(host: Int, path: String) -> String {
    let address = address(ofHost: host)
    return "http://\(address.port == 80 ? address.host : address.description)\(path)"
  }

  /// The front page of host 0, from which everything can be reached.
  package var start: String { url(host: 0, path: "/") }

  /// The host and path of a URL of this site, without its fragment.
  package func locate(_ url: String) -> (host: Int, path: String)? {
    for host in 0..<hosts {
      let origin = self.url(host: host, path: "")
      guard url.hasPrefix(origin) else { continue }
      let rest = url.dropFirst(origin.count)
      guard rest.isEmpty || ["/", "?", "#"].contains(rest.first) else { continue }
      let path = rest.prefix { $0 != "#" }
      return (host, path.hasPrefix("/") ? String(path) : "/" + path)
    }
    return nil
  }

  private static func lastNumber(of address: Address) -> Int? {
    let numbers = address.host.split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil }) else { return nil }
    return numbers.last.flatMap { Int($0) }
  }
}

/// Numbers from which no site can be made.
package enum SampleWebFailure: Error, Hashable, CustomStringConvertible {
  case hosts(Int)
  case pages(Int, hosts: Int)
  case base(Address, hosts: Int)

  /// What does not fit, and what would.
  package var description: String {
    switch self {
    case .hosts(let count):
      "a sample site of \(count) hosts cannot be made; ask for 1 to 64"
    case .pages(let count, let hosts):
      "\(count) pages do not fit \(hosts) hosts; ask for \(hosts * 10) to 100000 pages"
    case .base(let address, let hosts):
      "\(hosts) hosts cannot begin at \(address): each takes the next IPv4 address; "
        + "begin at 127.0.0.1, or ask for fewer hosts"
    }
  }
}
