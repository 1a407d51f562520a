import Bakery
import HTTPServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
  /// Runs a server and a client that is connected to it.
  private func serve<Success: Sendable>(
    _ settings: ServerSettings = ServerSettings(),
    _ handler: @escaping Server.Handler = { Response(text: $0.path) },
    _ body: (RawClient) async throws -> Success
  ) async throws -> Success {
    try await Server.run(listen: [.loopback(port: 0)], settings: settings, handler: handler) {
      try await RawClient.connect(to: $0.addresses[0], body)
    }
  }

  @Test func `a request is answered`() async throws {
    try await serve { client in
      try await client.send(get("/hello"))
      let answer = try await client.hearAnswer()
      #expect(answer.lines.first == "HTTP/1.1 200 OK")
      #expect(answer.body == "/hello")
      #expect(answer["content-type"] == "text/plain; charset=utf-8")
      #expect(answer["date"]?.hasSuffix(" GMT") == true)
      #expect(answer["connection"] == nil)
    }
  }

  @Test func `the handler gets the whole request`() async throws {
    let handler: Server.Handler = { request in
      let fields = [request.method, request.query ?? "", request.headers["x-kind"] ?? ""]
      let body = String(decoding: request.body, as: UTF8.self)
      return Response(
        text: "\(fields) \(body) \(request.localAddress.host) \(request.remoteAddress.host)"
      )
    }
    try await serve(ServerSettings(), handler) { client in
      let head =
        "POST /p?q=1 HTTP/1.1\r\nHost: a\r\nX-Kind: rye\r\nTransfer-Encoding: chunked\r\n\r\n"
      try await client.send(head + "3\r\nabc\r\n")
      try await client.send("2\r\nde\r\n0\r\n\r\n")
      let answer = try await client.hearAnswer()
      #expect(answer.body == #"["POST", "q=1", "rye"] abcde 127.0.0.1 127.0.0.1"#)
    }
  }

  @Test func `a connection serves many requests`() async throws {
    try await serve { client in
      for number in 0..<20 {
        try await client.send(get("/\(number)"))
        #expect(try await client.hearAnswer().body == "/\(number)")
      }
    }
  }

  @Test func `pipelined requests are answered in their order, one at a time`() async throws {
    let underWay = Atomic(0)
    let most = Atomic(0)
    let handler: Server.Handler = { request in
      most.max(underWay.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
      await Task.yield()
      underWay.subtract(1, ordering: .relaxed)
      return Response(text: request.path)
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send((0..<300).map { get("/\($0)") }.joined())
      for number in 0..<300 { #expect(try await client.hearAnswer().body == "/\(number)") }
    }
    #expect(most.load(ordering: .relaxed) == 1)
  }

  @Test(arguments: [
    get("/a", "Connection: close"), get("/a", version: "1.0"),
    get("/a", "Connection: Upgrade", "Upgrade: h2c"),
  ])
  func `the connection ends after an answer that says so`(request: String) async throws {
    try await serve { client in
      try await client.send(request + get("/b"))
      let answer = try await client.hearAnswer()
      #expect(answer.body == "/a")
      #expect(answer["connection"] == "close")
      #expect(try await client.hearAll() == "")
    }
  }

  @Test func `an answer that ends the connection arrives, whatever the client still sends`()
    async throws
  {
    let handler: Server.Handler = { _ in
      var response = Response(text: "enough")
      response.headers["Connection"] = "close"
      return response
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send((0..<20_000).map { get("/\($0)") }.joined())
      let heard = try await client.hearAll()
      #expect(heard.hasSuffix("\r\n\r\nenough"))
      #expect(heard.split(separator: "HTTP/1.1").count == 1)
    }
  }

  @Test func `the answer to HEAD has no body, and the next one follows`() async throws {
    let handler: Server.Handler = { request in
      guard request.path == "/stream" else { return Response(text: "four") }
      return Response(body: .stream { try await $0.write(Array("never sent".utf8)) })
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"
      )
      try await client.send(get("/", "Connection: close"))
      let all = try await client.hearAll()
      let parts = all.split(separator: "\r\n\r\n").map(String.init)
      #expect(parts.count == 4)
      #expect(Answer(head: parts[0])["content-length"] == "4")
      #expect(Answer(head: parts[1])["transfer-encoding"] == nil)
      #expect(parts[3] == "four")
    }
  }

  @Test func `a body of unknown length comes in chunks as it is written`() async throws {
    let pieces = Channel<[UInt8]>(capacity: 1)
    let receiver = pieces.receiver
    let handler: Server.Handler = { _ in
      Response(
        body: .stream { writer in
          while let piece = try await receiver.receive() { try await writer.write(piece) }
        }
      )
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(get("/") + get("/"))
      #expect(try await client.hear(until: "\r\n\r\n").contains("Transfer-Encoding: chunked"))
      for piece in ["one", "", "three"] {
        try await pieces.sender.send(Array(piece.utf8))
        guard !piece.isEmpty else { continue }
        #expect(try await client.hear(until: "\(piece)\r\n") == "\(piece.count)\r\n\(piece)\r\n")
      }
      pieces.sender.close()
      #expect(try await client.hear(until: "\r\n\r\n") == "0\r\n\r\n")
      #expect(try await client.hear(until: "0\r\n\r\n").contains("200 OK"))
    }
  }

  @Test(arguments: [(2, true), (4, false), (5, true)])
  func `a streamed body has to be as long as was said`(length: Int, isCut: Bool) async throws {
    let failures = Channel<String>(capacity: 1)
    let sender = failures.sender
    var settings = ServerSettings()
    settings.handlerFailed = { try? sender.trySend("\($0.path) \($1)") }
    let handler: Server.Handler = { _ in
      Response(body: .stream(length: length) { try await $0.write([65, 66, 67, 68]) })
    }
    try await serve(settings, handler) { client in
      try await client.send(get("/a") + get("/b", "Connection: close"))
      let heard = try await client.hearAll()
      #expect(heard.split(separator: "HTTP/1.1").count == (isCut ? 1 : 2))
    }
    let failure = failures.receiver.tryReceive()
    #expect((failure?.contains("/a the body is") ?? false) == isCut)
  }

  @Test func `a producer that fails cuts the answer short`() async throws {
    struct Failed: Error {}
    let handler: Server.Handler = { _ in
      Response(
        body: .stream { writer in
          try await writer.write(Array("part".utf8))
          throw Failed()
        }
      )
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(get("/"))
      let heard = try await client.hearAll()
      #expect(heard.hasSuffix("4\r\npart\r\n"))
    }
  }

  @Test func `a raw answer goes out as it is, and the connection ends`() async throws {
    let handler: Server.Handler = { _ in
      Response(
        body: .raw { writer in
          try await writer.write(Array("nonsense\n".utf8))
          try await writer.write(Array("more".utf8))
        }
      )
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(get("/"))
      #expect(try await client.hearAll() == "nonsense\nmore")
    }
  }

  @Test func `an answer larger than all buffers arrives whole`() async throws {
    let handler: Server.Handler = { _ in
      Response(
        headers: ["Connection": "close"],
        body: .bytes(Array(repeating: 65, count: 20_000_000))
      )
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(get("/"))
      let head = try await client.hear(until: "\r\n\r\n")
      #expect(head.contains("Content-Length: 20000000"))
      #expect(try await client.hearAll().utf8.count == 20_000_000)
    }
  }

  @Test func `a client that only ends its sending side gets what is ready for it`() async throws {
    let handler: Server.Handler = { _ in
      Response(body: .bytes(Array(repeating: 65, count: 5_000_000)))
    }
    try await serve(ServerSettings(), handler) { client in
      try await client.send(get("/") + get("/"))
      try await client.endSending()
      #expect(try await client.hearAll().utf8.count > 10_000_000)
    }
  }

  @Test func `permission to send a body is given first`() async throws {
    try await serve { client in
      try await client.send(
        "PUT /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
      )
      #expect(try await client.hear(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      try await client.send("ab")
      #expect(try await client.hearAnswer().status == 200)
    }
  }
}
