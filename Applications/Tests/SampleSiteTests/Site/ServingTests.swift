import Bakery
import BakeryTesting
import HTTPServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import SampleSite

@Suite(.timeLimit(.minutes(1))) struct ServingTests {
  private func request(_ path: String, host: Int = 0, method: String = "GET") throws -> Request {
    let address = try SampleWebsite().address(ofHost: host)
    return Request(method: method, target: path, localAddress: address)
  }

  @Test func `an answer takes its latency`() async throws {
    let site = try SampleWebsite()
    try await simulate { clock in
      let page = site.page(host: 3, path: "/breads")
      let response = try await site.answer(request("/breads", host: 3), BusyPages())
      #expect(clock.now == Deadline(nanoseconds: 0).advanced(by: page.latency))
      #expect(response.status == 200)
      guard case .bytes(let body) = response.body else {
        Issue.record("no body")
        return
      }
      #expect(body == page.body)
    }
  }

  @Test func `a page that is busy at first is so once on each host`() async throws {
    let site = try SampleWebsite()
    try await simulate { _ in
      let pages = BusyPages()
      var statuses: [Int] = []
      for host in [0, 0, 1, 0, 1] {
        statuses.append(try await site.answer(request("/sold-out", host: host), pages).status)
      }
      #expect(statuses == [503, 200, 503, 200, 200])
    }
  }

  @Test func `a slow page comes in ten pieces over a second`() async throws {
    let site = try SampleWebsite()
    try await simulate { clock in
      let response = try await site.answer(request("/slow-proof", host: 4), BusyPages())
      guard case .stream(let length, let produce) = response.body else {
        Issue.record("no stream")
        return
      }
      let begin = clock.now
      let pieces = Mutex<[[UInt8]]>([])
      try await produce(ResponseWriter { piece in pieces.withLock { $0.append(piece) } })
      #expect(clock.now == begin.advanced(by: .seconds(1)))
      let written = pieces.withLock { $0 }
      #expect(written.count == 10)
      #expect(Array(written.joined()) == site.page(host: 4, path: "/slow-proof").body)
      #expect(length == written.joined().count)
    }
  }

  @Test(arguments: [
    ("/", "POST", 0, 405), ("/", "HEAD", 0, 200), ("/nothing", "GET", 0, 404),
    ("/capacity.json", "GET", 0, 404), ("/expected.json", "GET", 0, 200),
    ("/expected.json", "GET", 1, 404),
    ("/favourite?from=front", "GET", 7, 200), ("/favourite?from=back", "GET", 7, 404),
  ])
  func `each request has its status`(
    path: String,
    method: String,
    host: Int,
    status: Int
  ) async throws {
    let site = try SampleWebsite(pages: 80)
    try await simulate { _ in
      let request = try request(path, host: host, method: method)
      #expect(try await site.answer(request, BusyPages()).status == status)
    }
  }

  @Test
  func `with a capacity so many are served at a time, half as many wait, and the rest is refused`()
    async throws
  {
    let site = try SampleWebsite()
    try await simulate { clock in
      let capacity = SiteCapacity(limit: 4, hosts: site.hosts)
      let latency = site.page(host: 1, path: "/breads").latency
      let begin = clock.now
      let answers = try await gather(0..<10, width: 10) { _ in
        let answer = try await site.answer(request("/breads", host: 1), BusyPages(), capacity)
        return (answer.status, answer.headers["retry-after"], clock.now.duration(since: begin))
      }
      #expect(answers.count { $0 == (429, "1", .zero) } == 4)
      #expect(answers.count { $0 == (200, nil, latency) } == 4)
      #expect(answers.count { $0 == (200, nil, latency * 2) } == 2)
      // Another host has room of its own.
      #expect(
        try await site.answer(request("/breads", host: 2), BusyPages(), capacity).status == 200
      )
      let report = try await site.answer(request("/capacity.json"), BusyPages(), capacity)
      guard case .bytes(let json) = report.body else { Issue.record("no body"); return }
      #expect(String(decoding: json, as: UTF8.self) == "{\"limit\":4,\"queue\":2,\"refused\":4}\n")
    }
  }

  @Test func `all hosts are served at one free port, which their links name`() async throws {
    let site = try SampleWebsite(pages: 30, hosts: 3, base: .loopback(port: 0))
    try await site.serve { served in
      #expect(served.base.port != 0)
      for host in 0..<3 {
        let answer = try await fetch("/", from: served.address(ofHost: host))
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let body = served.page(host: host, path: "/").body
        #expect(answer.hasSuffix("\r\n\r\n" + String(decoding: body, as: UTF8.self)))
      }
    }
  }

  @Test func `the fault site is served and tells where`() async throws {
    let start = try await FaultSite.serve(on: .loopback(port: 0)) { start in
      let port = try #require(start.split(separator: ":").last?.dropLast())
      let address = try Address(parsing: "127.0.0.1:\(port)")
      #expect(try await fetch("/good/7", from: address).hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(try await fetch("/garbage", from: address).hasPrefix("\u{1}\u{2}\u{3}"))
      #expect(try await fetch("/closed", from: address).isEmpty)
      return start
    }
    #expect(start.hasPrefix("http://127.0.0.1:"))
  }

  /// The whole answer, header included.
  private func fetch(_ path: String, from address: Address) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      let head = "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n"
      try await outbound.write(ByteBuffer(string: head))
      var answer = ByteBuffer()
      for try await piece in inbound { answer.writeImmutableBuffer(piece) }
      return String(buffer: answer)
    }
  }
}
