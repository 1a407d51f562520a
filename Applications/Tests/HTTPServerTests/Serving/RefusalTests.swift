import Bakery
import HTTPServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct RefusalTests {
  private func heard(
    after request: String,
    _ settings: ServerSettings = ServerSettings()
  ) async throws -> String {
    let handler: Server.Handler = { Response(text: $0.path) }
    return try await Server.run(
      listen: [.loopback(port: 0)],
      settings: settings,
      handler: handler
    ) { running in
      try await RawClient.connect(to: running.addresses[0]) { client in
        try await client.send(request)
        return try await client.hearAll()
      }
    }
  }

  @Test(arguments: [
    ("nonsense\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505),
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nBad name: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  ])
  func `what is no request is refused and the connection ends`(
    request: String,
    status: Int
  ) async throws {
    let answer = Answer(head: try await heard(after: request))
    #expect(answer.status == status)
    #expect(answer["connection"] == "close")
  }

  @Test func `requests before a bad one are answered first`() async throws {
    let text = try await heard(after: get("/a") + get("/b") + "\u{1}\r\n\r\n" + get("/c"))
    let statuses = text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    #expect(statuses == ["200", "200", "400"])
  }

  @Test(arguments: [
    "X: " + String(repeating: "a", count: 70_000),
    String(repeating: "X: a\r\n", count: 300) + "X: a",
  ])
  func `a header that is too large is refused`(field: String) async throws {
    #expect(Answer(head: try await heard(after: get("/", field))).status == 431)
  }

  @Test func `a target that is too long is refused`() async throws {
    let target = "/" + String(repeating: "a", count: 70_000)
    #expect(Answer(head: try await heard(after: get(target))).status == 431)
  }

  @Test func `a body that is too large is refused, and the refusal arrives`() async throws {
    let body = String(repeating: "a", count: 3_000_000)
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    #expect(Answer(head: try await heard(after: head + body)).status == 413)
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunk = String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n"
    #expect(Answer(head: try await heard(after: chunked + chunk)).status == 413)
  }

  @Test func `a body that does not come is refused`() async throws {
    var settings = ServerSettings()
    settings.bodyTimeout = .milliseconds(50)
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
    #expect(Answer(head: try await heard(after: head + "abc", settings)).status == 408)
  }

  @Test(arguments: ["", "GET / HT"])
  func `a connection without a request is closed after its time`(begin: String) async throws {
    var settings = ServerSettings()
    settings.idleTimeout = .milliseconds(50)
    #expect(try await heard(after: begin, settings) == "")
  }

  @Test func `a handler that fails is answered with 500, and the connection lives on`() async throws
  {
    struct Burnt: Error {}
    let failures = Channel<String>(capacity: 4)
    let sender = failures.sender
    var settings = ServerSettings()
    settings.handlerFailed = { try? sender.trySend("\($0.path): \($1)") }
    let handler: Server.Handler = { request in
      switch request.path {
      case "/burnt": throw Burnt()
      case "/split": Response(headers: ["A": "b\r\nc"])
      default: Response(text: "fine")
      }
    }
    try await Server.run(listen: [.loopback(port: 0)], settings: settings, handler: handler) {
      try await RawClient.connect(to: $0.addresses[0]) { client in
        for (path, status) in [("/burnt", 500), ("/split", 500), ("/", 200)] {
          try await client.send(get(path))
          #expect(try await client.hearAnswer().status == status)
        }
      }
    }
    #expect(failures.receiver.tryReceive() == "/burnt: Burnt()")
    #expect(failures.receiver.tryReceive()?.hasPrefix("/split: ") == true)
  }
}
