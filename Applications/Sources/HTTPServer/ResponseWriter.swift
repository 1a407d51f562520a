/// Takes an answer piece by piece.
package struct ResponseWriter: Sendable {
  private let send: @Sendable ([UInt8]) async throws -> Void

  /// A writer that hands every piece to `send`; the server makes its own, tests may make others.
  package init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.send = send
  }

  /// Sends a piece and returns when the system has taken it, so that no more than one piece waits for a slow client.
  ///
  /// > Cancellation: does not observe cancellation; the wait ends with the connection.
  ///
  /// - Throws: `ConnectionClosed`, or an error if the pieces have more bytes than the length that was promised.
  package func write(_ bytes: [UInt8]) async throws {
    try await send(bytes)
  }
}

/// An answer whose client is gone.
package struct ConnectionClosed: Error, CustomStringConvertible {
  /// What happened; there is nothing to do.
  package var description: String { "the client closed the connection before the answer ended" }
}

/// A streamed body that is not as long as its response said.
struct BodyLengthMismatch: Error, CustomStringConvertible {
  /// How many bytes are missing, or too many if negative.
  let remaining: Int

  var description: String {
    "the body is \(abs(remaining)) bytes too \(remaining > 0 ? "short" : "long") for the length of its response; "
      + "pass the true length, or nil"
  }
}
