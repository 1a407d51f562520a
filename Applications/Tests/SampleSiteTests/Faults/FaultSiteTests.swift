import Bakery
import BakeryTesting
import HTTPServer
import Synchronization
import Testing

@testable import SampleSite

@Suite struct FaultSiteTests {
  private struct Enough: Error {}

  /// What an answer writes, up to `limit` bytes.
  private func written(_ response: Response, limit: Int = .max) async throws -> [UInt8] {
    let producer: Response.Producer
    switch response.body {
    case .bytes(let bytes): return bytes
    case .stream(_, let produce), .raw(let produce): producer = produce
    }
    let bytes = Mutex<[UInt8]>([])
    do {
      try await producer(
        ResponseWriter { piece in
          let count = bytes.withLock { bytes in
            bytes += piece
            return bytes.count
          }
          if count >= limit { throw Enough() }
        }
      )
    } catch is Enough {}
    return bytes.withLock { $0 }
  }

  private func text(_ path: String) async throws -> String {
    String(decoding: try await written(FaultSite.answer(path)), as: UTF8.self)
  }

  @Test func `the front page links to every fault and every good page`() async throws {
    let front = try await text("/")
    for path in FaultSite.faults.map(\.path) + FaultSite.goodPaths {
      #expect(front.contains("<a href=\"\(path)\">"))
    }
    let paths = FaultSite.faults.map(\.path)
    #expect(Set(paths).count == paths.count)
    #expect(FaultSite.goodPaths.count == 20)
  }

  @Test func `good pages are good and others are not there`() async throws {
    for path in FaultSite.goodPaths {
      #expect(try await FaultSite.answer(path).status == 200)
    }
    #expect(try await FaultSite.answer("/good/21").status == 404)
  }

  @Test(arguments: [
    ("/closed", ""), ("/closed-in-head", "HTTP/1.1 200 OK\r\nContent-Ty"),
  ])
  func `raw answers are cut where they should be`(path: String, expected: String) async throws {
    #expect(try await text(path) == expected)
  }

  @Test(arguments: [("/length-too-long", 1000), ("/length-too-short", 5)])
  func `lengths lie`(path: String, length: Int) async throws {
    let text = try await text(path)
    #expect(text.contains("Content-Length: \(length)\r\n"))
    let body = text[(text.firstRange(of: "\r\n\r\n")?.upperBound ?? text.endIndex)...]
    #expect(!body.isEmpty)
    #expect(body.utf8.count != length)
  }

  @Test func `the huge header has ten megabytes`() async throws {
    let text = try await text("/huge-header")
    let end = try #require(text.firstRange(of: "\r\n\r\n"))
    #expect(text[..<end.lowerBound].utf8.count > 10_000_000)
  }

  @Test func `the endless body does not end`() async throws {
    let response = try await FaultSite.answer("/endless")
    #expect(try await written(response, limit: 100_000_000).count >= 100_000_000)
  }

  @Test func `the slow drip is a byte a second`() async throws {
    try await simulate { clock in
      let response = try await FaultSite.answer("/drip")
      #expect(try await written(response, limit: 10).count == 10)
      #expect(clock.now == Deadline(nanoseconds: 9_000_000_000))
    }
  }

  @Test(arguments: [
    ("/redirect-loop", "/redirect-loop"), ("/redirect-endless/1", "/redirect-endless/2"),
    ("/redirect-endless/41", "/redirect-endless/42"), ("/redirect-private", "http://10.0.0.1/"),
    ("/redirect-nowhere", nil), ("/redirect-invalid", "http://[::bad/"),
  ])
  func `redirects lead nowhere good`(path: String, location: String?) async throws {
    let response = try await FaultSite.answer(path)
    #expect(response.status == 302)
    #expect(response.headers["location"] == location)
  }

  @Test(arguments: [
    ("/status-500", 500, nil), ("/status-429", 429, "1"), ("/retry-never", 503, "99999999999"),
  ])
  func `statuses say when to come back`(path: String, status: Int, wait: String?) async throws {
    let response = try await FaultSite.answer(path)
    #expect(response.status == status)
    #expect(response.headers["retry-after"] == wait)
  }

  /// The whole file was checked once with `gzip --test`, which compares length and checksum.
  @Test func `the bomb is the one that was checked`() async throws {
    let response = try await FaultSite.answer("/gzip-bomb")
    #expect(response.headers["content-encoding"] == "gzip")
    guard case .stream(let length, _) = response.body else {
      Issue.record("no stream")
      return
    }
    let bytes = try await written(response)
    #expect(bytes.count == length)
    #expect(bytes.count < 1_100_000)
    #expect(GzipBomb.unpackedSize > 1 << 30)
    let opening: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xED, 0xC0, 0x81, 0x00, 0x00,
      0x00,
      0x00, 0x80, 0xA0, 0xFD, 0xA9, 0x17, 0xA9, 0x00,
    ]
    let closing: [UInt8] = [0x06, 0x0B, 0x01, 0x40, 0x36, 0x09, 0x04, 0x80, 0x40]
    #expect(bytes.starts(with: opening))
    #expect(bytes.suffix(9) == closing)
    #expect(bytes.dropFirst(opening.count).dropLast(9).allSatisfy { $0 == 0 })
  }
}
