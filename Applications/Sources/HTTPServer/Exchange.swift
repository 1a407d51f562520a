internal import NIOHTTP1

/// One request of a connection with what its answer has to keep to.
struct Exchange: Sendable {
  enum Content: Sendable {
    case request(Request)
    /// What arrived is no request, or too large a one; the server answers by itself.
    case refusal(status: Int)
  }

  let content: Content
  let version: HTTPVersion
  /// The body of the answer is not sent, only what its header says of it.
  let isHead: Bool
  /// Whether the connection may serve another request after this one.
  var keepsAlive: Bool

  static func refusal(_ status: Int) -> Exchange {
    Exchange(
      content: .refusal(status: status),
      version: .http1_1,
      isHead: false,
      keepsAlive: false
    )
  }
}

/// How an answer goes over the wire.
struct Framing: Sendable {
  /// The header, but for the date.
  var head: HTTPResponseHead
  /// Whether the body follows.
  let sendsBody: Bool
  /// Whether the connection may serve another request afterwards.
  let keepsAlive: Bool

  /// Frames `response` as the answer in `exchange`.
  ///
  /// - Throws: `UnsendableResponse`.
  init(_ response: Response, for exchange: Exchange) throws(UnsendableResponse) {
    guard (200...599).contains(response.status), response.headers.areValid else {
      throw UnsendableResponse(status: response.status)
    }
    self.init(response.status, response.headers, length: response.body.length, for: exchange)
  }

  /// Frames a text that the server answers by itself.
  init(status: Int, length: Int, for exchange: Exchange) {
    let headers: Headers = ["Content-Type": "text/plain; charset=utf-8"]
    self.init(status, headers, length: length, for: exchange)
  }

  /// Rules: RFC 9112, 6 and 9.3; RFC 9110, 8.6.
  private init(_ status: Int, _ headers: Headers, length: Int?, for exchange: Exchange) {
    let mayHaveBody = ![204, 304].contains(status)
    var keepsAlive = exchange.keepsAlive && headers["connection"]?.lowercased() != "close"
    var fields = headers.fields
    for name in ["content-length", "transfer-encoding", "connection"] { fields.remove(name: name) }
    switch length {
    case _ where !mayHaveBody: break
    case let length?: fields.add(name: "Content-Length", value: String(length))
    // With the coding announced, the encoder would send the end of a body that must not be there.
    case nil where exchange.isHead: break
    case nil where exchange.version != .http1_0:
      fields.add(name: "Transfer-Encoding", value: "chunked")
    // The end of the connection is the end of the body.
    case nil: keepsAlive = false
    }
    if !keepsAlive {
      fields.add(name: "Connection", value: "close")
    } else if exchange.version == .http1_0 {
      fields.add(name: "Connection", value: "keep-alive")
    }
    head = HTTPResponseHead(
      version: .http1_1,
      status: HTTPResponseStatus(statusCode: status),
      headers: fields
    )
    sendsBody = mayHaveBody && !exchange.isHead
    self.keepsAlive = keepsAlive
  }
}

extension Response.Body {
  fileprivate var length: Int? {
    switch self {
    case .bytes(let bytes): bytes.count
    case .stream(let length, _): length
    case .raw: nil
    }
  }
}

/// A handler's answer that would not be understood.
struct UnsendableResponse: Error, CustomStringConvertible {
  let status: Int

  var description: String {
    "a response with status \(status) cannot be sent; use a status of 200 to 599, and no control characters in "
      + "header fields"
  }
}
