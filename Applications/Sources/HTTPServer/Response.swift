/// What a handler answers to a request.
///
/// The server adds the length or the transfer coding, `Date`, and what becomes of the connection; to `HEAD` it
/// sends the same header without the body.
package struct Response: Sendable {
  /// The status code, 200 to 599.
  package var status: Int
  /// The header fields; those about framing are overwritten by the server.
  package var headers: Headers
  /// What follows the header.
  package var body: Body

  /// What follows the header.
  package enum Body: Sendable {
    /// A body that is ready.
    case bytes([UInt8])
    /// A body that is written piece by piece; in chunks if its length is not known. An error that the producer
    /// throws cuts the connection, so that the client does not take a part for the whole.
    case stream(length: Int? = nil, Producer)
    /// Not an answer of the server but everything that goes over the wire, the header included; afterwards the
    /// connection is closed. It exists to test how clients take faulty answers.
    case raw(Producer)
  }

  /// Writes a body; it ends when the function returns.
  package typealias Producer = @concurrent @Sendable (ResponseWriter) async throws -> Void

  /// An answer with a body.
  package init(status: Int = 200, headers: Headers = [:], body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer with a short text.
  package init(status: Int = 200, text: String) {
    self.init(
      status: status,
      headers: ["Content-Type": "text/plain; charset=utf-8"],
      body: .bytes(Array(text.utf8))
    )
  }
}
