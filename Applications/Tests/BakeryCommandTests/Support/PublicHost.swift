import NIOCore
import NIOPosix

/// A proxy on loopback which plays every host itself: all of them redirect into a private network.
///
/// A host that is asked for through a proxy counts as public, and no test can have a public address.
enum PublicHost {
  /// Serves while `body` runs, which gets the URL of the proxy.
  static func serve<Success: Sendable>(
    _ body: (String) async throws -> Success
  ) async throws
    -> Success
  {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answers())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Success, any Error>
    do {
      result = .success(try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)"))
    } catch {
      result = .failure(error)
    }
    try await channel.close()
    return try result.get()
  }

  /// Answers requests without a body as soon as their header is there.
  private final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var head = ""

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      head += String(buffer: unwrapInboundIn(data))
      guard head.hasSuffix("\r\n\r\n") else { return }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
      head = ""
    }

    private var answer: String {
      if head.hasPrefix("CONNECT ") { return "HTTP/1.1 200 OK\r\n\r\n" }
      if head.hasPrefix("GET /robots.txt ") {
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
      }
      return "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    }
  }
}
