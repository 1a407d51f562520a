internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL

/// Says what went wrong on the network in words for people, and whether to try again.
struct NetworkFailure {
  let host: String
  /// Whether the head of the answer had come already.
  let isBody: Bool
  let bodyMaximum: Int

  /// - Throws: `CancellationError` when `error` only says that the task was cancelled.
  func translate(_ error: any Error) throws(CancellationError) -> FetchFailure {
    if Task.isCancelled || error is CancellationError { throw CancellationError() }
    switch error {
    case let error as FetchFailure: return error
    case let error as HTTPClientError: return client(error)
    case let error as NIOConnectionError: return connection(error)
    case let error as IOError: return io(error)
    case let error as HTTPParserError: return parser(error)
    case let error as NIOHTTPDecompression.DecompressionError: return decompression(error)
    case is NIOHTTPDecompression.ExtraDecompressionError:
      return FetchFailure(.body, "the compressed body is damaged", isTransient: false)
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      return FetchFailure(.connect, "TLS with \(host) failed: \(tls(error))", isTransient: false)
    default: return FetchFailure(stage, "\(error)", isTransient: true)
    }
  }

  private var stage: FetchFailure.Stage { isBody ? .body : .request }

  private func client(_ error: HTTPClientError) -> FetchFailure {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
      FetchFailure.timeout(.connect, "no connection to \(host) in time")
    case .deadlineExceeded: FetchFailure.timeout(.request, "no answer in time")
    case .readTimeout: FetchFailure.timeout(stage, "the server went silent")
    case .remoteConnectionClosed:
      FetchFailure(stage, "the server closed the connection too early", isTransient: true)
    default: FetchFailure(stage, "\(error.shortDescription)", isTransient: false)
    }
  }

  private func connection(_ error: NIOConnectionError) -> FetchFailure {
    guard let failed = error.connectionErrors.first else {
      return FetchFailure(.resolve, "no address is known for \(host)", isTransient: true)
    }
    if let error = failed.error as? IOError { return io(error) }
    if failed.error is ChannelError {
      return FetchFailure.timeout(.connect, "no connection to \(host) in time")
    }
    return FetchFailure(.connect, "\(failed.error)", isTransient: true)
  }

  private func io(_ error: IOError) -> FetchFailure {
    let place = isBody ? FetchFailure.Stage.body : .connect
    let text = String(cString: strerror(error.errnoCode))
    return FetchFailure(place, text.prefix(1).lowercased() + text.dropFirst(), isTransient: true)
  }

  /// What is left on a connection by an answer longer than it said breaks the next one, so a head that makes no sense is worth a
  /// second try, which gets a new connection.
  private func parser(_ error: HTTPParserError) -> FetchFailure {
    switch error {
    case .headerOverflow:
      FetchFailure(stage, "the header is longer than 80 KB", isTransient: false)
    case .invalidEOFState:
      FetchFailure(stage, "the server closed the connection too early", isTransient: true)
    default:
      FetchFailure(stage, "the answer is not valid HTTP (\(error))", isTransient: !isBody)
    }
  }

  private func decompression(_ error: NIOHTTPDecompression.DecompressionError) -> FetchFailure {
    let reason =
      error == .limit
      ? "the decompressed body is longer than --max-size \(byteText(bodyMaximum))"
      : "the compressed body is damaged"
    return FetchFailure(.body, reason, isTransient: false)
  }

  private func tls(_ error: any Error) -> String {
    let text = "\(error)"
    return text.contains("CERTIFICATE_VERIFY_FAILED")
      ? "its certificate cannot be verified" : text
  }
}
