import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPServer

@Suite struct ConnectionStateTests {
  private let start = NIODeadline.uptimeNanoseconds(0)
  private var state: ConnectionState

  init() {
    let address = Address.loopback(port: 1)
    state = ConnectionState(
      settings: ServerSettings(),
      local: address,
      remote: address,
      now: start
    )
  }

  @discardableResult
  private mutating func receiveHead(
    _ target: String = "/",
    _ fields: HTTPHeaders = [:],
    version: HTTPVersion = .http1_1
  ) -> Bool {
    var fields = fields
    if !fields.contains(name: "host") { fields.add(name: "Host", value: "test") }
    let head = HTTPRequestHead(version: version, method: .GET, uri: target, headers: fields)
    return state.received(.head(head), now: start)
  }

  private mutating func receive(_ target: String, _ fields: HTTPHeaders = [:]) {
    receiveHead(target, fields)
    _ = state.received(.end(nil), now: start)
  }

  private mutating func receiveBody(_ count: Int) {
    _ = state.received(.body(ByteBuffer(repeating: 0, count: count)), now: start)
  }

  /// What `next` hands out, in a word: a target or a status, with `!` if the connection ends after it.
  private mutating func next(at time: NIODeadline? = nil) -> String {
    switch state.next(now: time ?? start) {
    case .wait: return "wait"
    case .end: return "end"
    case .exchange(let exchange):
      let mark = exchange.keepsAlive ? "" : "!"
      switch exchange.content {
      case .request(let request): return request.target + mark
      case .refusal(let status): return "\(status)" + mark
      }
    }
  }

  @Test mutating func `requests are handed out one by one and in their order`() {
    #expect(next() == "wait")
    for target in ["/a", "/b", "/c"] { receive(target) }
    #expect([next(), next(), next(), next()] == ["/a", "/b", "/c", "wait"])
  }

  @Test mutating func `an unfinished request is not handed out`() {
    receiveHead()
    receiveBody(5)
    #expect(next() == "wait")
    _ = state.received(.end(nil), now: start)
    guard case .exchange(let exchange) = state.next(now: start),
      case .request(let request) = exchange.content
    else {
      Issue.record("no request")
      return
    }
    #expect(request.body == [0, 0, 0, 0, 0])
  }

  @Test mutating func `no more is read while a request is ready`() {
    #expect(state.wantsInput)
    receive("/a")
    #expect(!state.wantsInput)
    #expect(next() == "/a")
    #expect(state.wantsInput)
  }

  @Test(arguments: [
    ("connection", "close"), ("connection", "Close"), ("upgrade", "websocket"),
  ])
  mutating func `what comes after the last request is dropped`(name: String, value: String) {
    receive("/a", [name: value])
    receive("/b")
    #expect([next(), next()] == ["/a!", "end"])
  }

  @Test mutating func `old clients keep the connection only if they say so`() {
    receiveHead("/a", ["connection": "keep-alive"], version: .http1_0)
    _ = state.received(.end(nil), now: start)
    receiveHead("/b", version: .http1_0)
    _ = state.received(.end(nil), now: start)
    #expect([next(), next(), next()] == ["/a", "/b!", "end"])
  }

  @Test(arguments: [[], ["a", "b"]])
  mutating func `a request without exactly one host is refused`(hosts: [String]) {
    let fields = HTTPHeaders(hosts.map { ("host", $0) })
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: fields)
    _ = state.received(.head(head), now: start)
    #expect([next(), next()] == ["400!", "end"])
  }

  @Test mutating func `a refusal comes after the requests that were understood`() {
    receive("/a")
    state.refuse(400)
    state.refuse(431)
    receive("/b")
    #expect([next(), next(), next()] == ["/a", "400!", "end"])
  }

  @Test mutating func `a body that announces too much is refused before it comes`() {
    receiveHead("/", ["content-length": "1048577"])
    #expect([next(), next()] == ["413!", "end"])
  }

  @Test mutating func `a body that grows too large is refused`() {
    receiveHead("/", ["transfer-encoding": "chunked"])
    receiveBody(1_048_576)
    #expect(next() == "wait")
    receiveBody(1)
    #expect([next(), next()] == ["413!", "end"])
  }

  @Test mutating func `a client that waits for permission to send its body gets it`() {
    #expect(receiveHead("/", ["expect": "100-Continue", "content-length": "4"]))
  }

  @Test mutating func `nobody else gets it`() {
    #expect(!receiveHead("/", ["content-length": "4"]))
    _ = state.received(.end(nil), now: start)
    #expect(!receiveHead("/", ["expect": "100-continue", "content-length": "4"]))
  }

  @Test mutating func `what came before the client ended its side is answered`() {
    receive("/a")
    receive("/b")
    receiveHead("/half")
    state.inputClosed()
    #expect([next(), next(), next()] == ["/a", "/b!", "end"])
  }

  @Test mutating func `draining ends an idle connection`() {
    state.drain()
    #expect(next() == "end")
  }

  @Test mutating func `draining lets a request be received and answered`() {
    receiveHead("/a")
    state.drain()
    #expect(next() == "wait")
    _ = state.received(.end(nil), now: start)
    #expect([next(), next()] == ["/a!", "end"])
  }

  @Test mutating func `draining ends the connection with the answer under way`() {
    receive("/a")
    receive("/b")
    #expect(next() == "/a")
    var endsWithAnswer = state.endsWithAnswer()
    #expect(!endsWithAnswer)
    state.drain()
    endsWithAnswer = state.endsWithAnswer()
    #expect(endsWithAnswer)
    receive("/c")
    #expect(next() == "end")
  }

  @Test mutating func `what is ready or comes is dropped at the end`() {
    receive("/a")
    receiveHead("/b")
    state.end()
    receive("/c")
    #expect(state.wantsInput)
    #expect(next() == "end")
  }

  @Test mutating func `a client that floods us after its end is not remembered in full`() {
    for _ in 0..<3000 { receive("/") }
    var count = 0
    while next() != "end" { count += 1 }
    #expect(count == 2501)
  }

  @Test mutating func `an idle connection is closed after its time`() {
    #expect(state.check(now: start + .seconds(59), unsent: 0) == .again(after: .seconds(1)))
    #expect(state.check(now: start + .seconds(60), unsent: 0) == .finish)
    #expect(next() == "end")
  }

  @Test mutating func `idle time counts from the end of the last answer`() {
    receive("/a")
    _ = next()
    #expect(state.check(now: start + .seconds(100), unsent: 0) == .again(after: .seconds(30)))
    #expect(next(at: start + .seconds(110)) == "wait")
    #expect(state.check(now: start + .seconds(169), unsent: 0) == .again(after: .seconds(1)))
    #expect(state.check(now: start + .seconds(170), unsent: 0) == .finish)
  }

  @Test mutating func `a body that does not come in time is refused`() {
    receiveHead()
    #expect(state.check(now: start + .seconds(10), unsent: 0) == .again(after: .seconds(20)))
    #expect(state.check(now: start + .seconds(30), unsent: 0) == .handOut)
    #expect(next() == "408!")
  }

  @Test mutating func `a client that takes nothing for a while is cut off`() {
    #expect(state.check(now: start + .seconds(70), unsent: 9) == .again(after: .seconds(30)))
    #expect(state.check(now: start + .seconds(100), unsent: 8) == .again(after: .seconds(30)))
    #expect(state.check(now: start + .seconds(130), unsent: 8) == .close)
  }
}
