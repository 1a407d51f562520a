import NIOHTTP1
import Testing

@testable import HTTPServer

@Suite struct FramingTests {
  private func exchange(
    _ version: HTTPVersion = .http1_1,
    isHead: Bool = false,
    keepsAlive: Bool = true
  ) -> Exchange {
    let content = Exchange.Content.refusal(status: 400)
    return Exchange(content: content, version: version, isHead: isHead, keepsAlive: keepsAlive)
  }

  private func fields(_ framing: Framing) -> [String] {
    framing.head.headers.map { "\($0.name): \($0.value)" }
  }

  private let ready = Response(body: .bytes([1, 2, 3]))
  private let endless = Response(body: .stream { _ in })

  @Test func `a body that is ready has its length`() throws {
    let framing = try Framing(ready, for: exchange())
    #expect(fields(framing) == ["Content-Length: 3"])
    #expect(framing.sendsBody)
    #expect(framing.keepsAlive)
  }

  @Test func `a body of unknown length comes in chunks`() throws {
    #expect(try fields(Framing(endless, for: exchange())) == ["Transfer-Encoding: chunked"])
    let known = Response(body: .stream(length: 9) { _ in })
    #expect(try fields(Framing(known, for: exchange())) == ["Content-Length: 9"])
  }

  @Test func `for an old client the end of the connection ends a body of unknown length`() throws {
    let framing = try Framing(endless, for: exchange(.http1_0))
    #expect(fields(framing) == ["Connection: close"])
    #expect(!framing.keepsAlive)
  }

  @Test func `an old client is told that the connection stays open`() throws {
    let framing = try Framing(ready, for: exchange(.http1_0))
    #expect(fields(framing) == ["Content-Length: 3", "Connection: keep-alive"])
  }

  @Test func `the answer to HEAD has the length but not the body`() throws {
    let framing = try Framing(ready, for: exchange(isHead: true))
    #expect(fields(framing) == ["Content-Length: 3"])
    #expect(!framing.sendsBody)
    #expect(try fields(Framing(endless, for: exchange(isHead: true))).isEmpty)
  }

  @Test(arguments: [204, 304])
  func `some statuses have neither body nor length`(status: Int) throws {
    let framing = try Framing(Response(status: status, body: .bytes([1])), for: exchange())
    #expect(fields(framing).isEmpty)
    #expect(!framing.sendsBody)
  }

  @Test func `a handler cannot contradict the framing but may end the connection`() throws {
    var response = ready
    response.headers = [
      "Content-Length": "7", "transfer-encoding": "chunked", "Connection": "Close",
    ]
    let framing = try Framing(response, for: exchange())
    #expect(fields(framing) == ["Content-Length: 3", "Connection: close"])
    #expect(!framing.keepsAlive)
  }

  @Test(arguments: [0, 101, 199, 600])
  func `a status that cannot be sent is an error`(status: Int) {
    #expect(throws: UnsendableResponse.self) {
      try Framing(Response(status: status), for: exchange())
    }
  }

  @Test func `a field that would split the answer is an error`() {
    let response = Response(headers: ["Location": "/\r\nSet-Cookie: a=b"])
    #expect(throws: UnsendableResponse.self) { try Framing(response, for: exchange()) }
  }
}
