import HTTPServer
import Testing

@testable import SampleSite

@Suite struct PlanTests {
  @Test(arguments: [
    (600, 8), (10, 1), (601, 7), (640, 64), (5000, 3), (2000, 1),
  ])
  func `every place has a path that leads back to it`(pages: Int, hosts: Int) throws {
    let site = try SampleWebsite(pages: pages, hosts: hosts)
    var count = 0
    for host in 0..<hosts {
      var places: [Place] = [.front, .curiosities]
      for section in Section.allCases {
        let (shelves, articles) = site.counts(section, host: host)
        #expect(
          (0..<shelves).flatMap { site.articles(onShelf: $0, section, host: host) }
            == Array(0..<(shelves == 0 ? 0 : articles))
        )
        places.append(.section(section))
        places += (0..<shelves).map { .shelf(section, $0) }
        places += (0..<articles).map { .article(section, $0) }
      }
      count += places.count
      for place in places {
        let path = site.path(of: place, host: host)
        #expect(site.place(host: host, path: path) == place, "\(path)")
      }
    }
    #expect(count == pages)
  }

  @Test(arguments: [
    "", "//", "/breads/", "/BREADS", "/breads/shelf-1", "/breads/dark-rye-loaf-9999", "/breads/x-1",
    "/orders/1000", "/orders/01001", "/orders/1001/invoice/", "/orders/1001/other",
    "/journal/day-0", "/journal/day--1", "/journal/1001/invoice", "/everything", "/front", "/?",
  ])
  func `elsewhere is nothing`(path: String) throws {
    let site = try SampleWebsite()
    #expect(site.place(host: 0, path: path) == nil)
    #expect(site.page(host: 0, path: path).status == 404)
  }

  @Test func `hosts have addresses one after the other`() throws {
    let site = try SampleWebsite(hosts: 3, base: Address(host: "127.0.9.250", port: 81))
    #expect(site.address(ofHost: 2) == Address(host: "127.0.9.252", port: 81))
    #expect(site.url(host: 1, path: "/a?b") == "http://127.0.9.251:81/a?b")
    #expect(
      site.locate("http://127.0.9.251:81/a?b#c").map { "\($0)" } == #"(host: 1, path: "/a?b")"#
    )
    #expect(site.locate("http://127.0.9.251:81#c")?.path == "/")
    for other in ["http://127.0.9.253:81/", "http://127.0.9.25:81/", "https://127.0.9.250:81/"] {
      #expect(site.locate(other) == nil)
    }
    let plain = try SampleWebsite(base: .loopback(port: 80))
    #expect(plain.start == "http://127.0.0.1/")
    #expect(plain.locate("http://127.0.0.2/x")?.host == 1)
  }

  @Test func `numbers that do not fit are refused with those that would`() throws {
    func message(pages: Int = 600, hosts: Int = 8, base: String = "127.0.0.1") -> String {
      let address = Address(host: base, port: 80)
      let failure = #expect(throws: SampleWebFailure.self) {
        try SampleWebsite(pages: pages, hosts: hosts, base: address)
      }
      return failure?.description ?? ""
    }
    #expect(message(hosts: 0).hasSuffix("ask for 1 to 64"))
    #expect(message(hosts: 65).hasSuffix("ask for 1 to 64"))
    #expect(message(pages: 79).hasSuffix("ask for 80 to 100000 pages"))
    #expect(message(pages: 100_001).hasSuffix("ask for 80 to 100000 pages"))
    for base in ["127.0.0.248", "::1", "127.0.0", "127.0.0.x"] {
      #expect(message(base: base).hasPrefix("8 hosts cannot begin at"))
    }
    #expect(try SampleWebsite(base: Address(host: "127.0.0.247", port: 80)).hosts == 8)
  }
}
