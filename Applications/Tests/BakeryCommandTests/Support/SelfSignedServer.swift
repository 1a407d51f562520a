import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A server on loopback that nobody should trust: its certificate is signed by its own key.
///
/// It gets no further than the handshake. The key is no secret: its number on the curve P-256 is 1.
enum SelfSignedServer {
  /// Serves while `body` runs, which gets the port.
  static func serve<Success: Sendable>(
    _ body: (Int) async throws -> Success
  ) async throws
    -> Success
  {
    let context = try NIOSSLContext(configuration: configuration())
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Success, any Error>
    do {
      result = .success(try await body(channel.localAddress?.port ?? 0))
    } catch {
      result = .failure(error)
    }
    try await channel.close()
    return try result.get()
  }

  private static func configuration() throws -> TLSConfiguration {
    .makeServerConfiguration(
      certificateChain: [
        .certificate(try NIOSSLCertificate(bytes: bytes(certificate), format: .der))
      ],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: bytes(key), format: .der))
    )
  }

  private static func bytes(_ base64: String) -> [UInt8] {
    Array(Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data())
  }

  /// CN=localhost, IP:127.0.0.1, until 2126.
  private static let certificate = """
    MIIBkDCCATagAwIBAgIUSN7zPwxnjB0NJRKzuP9zXvKGE2kwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0
    MCAXDTI2MTEyODEzMjM1MloYDzIxMjYxMTA0MTMyMzUyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIB
    BggqhkjOPQMBBwNCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFe
    zsu2QGg3v1H1o2QwYjAdBgNVHQ4EFgQUtGejmZ6176Zx3gAy8Iqcnl79oOEwHwYDVR0jBBgwFoAUtGejmZ6176Zx3gAy
    8Iqcnl79oOEwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIQDq5v/y3T6t
    3mqJdbnbtlCPgEuq5aHpnYKJT29Gru9SEwIgAaioWeLDaGd00Ou9e9TSe/b+oinOxTiB9Jj8mPndqoo=
    """
  private static let key = """
    MHcCAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABoAoGCCqGSM49AwEHoUQDQgAEaxfR8uEsQkf4vObl
    Y6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
    """
}
