internal import Glibc
internal import NIOCore
internal import NIOPosix

/// A bound address from which connections are taken.
struct Listener: Sendable {
  /// Where the system let us listen, with the port that it chose.
  let address: Address
  private let channel: NIOAsyncChannel<Connection, Never>

  /// Listens on every address, or on none if one fails.
  ///
  /// Addresses with port 0 get one common port, so that a site on several addresses needs to tell only one.
  ///
  /// > Cancellation: does not observe cancellation.
  ///
  /// - Throws: `ListenFailure`.
  static func listen(
    on addresses: [Address],
    attempts: Int = 10,
    _ accept: @escaping @Sendable (any Channel) throws -> Connection
  ) async throws -> [Listener] {
    var listeners: [Listener] = []
    var commonPort = 0
    do {
      for address in addresses {
        let port = address.port == 0 ? commonPort : address.port
        let listener = try await Listener(Address(host: address.host, port: port), accept)
        listeners.append(listener)
        if address.port == 0 { commonPort = listener.address.port }
      }
      return listeners
    } catch {
      for listener in listeners { listener.close() }
      // The port that was free on the first address is taken on another: the next one may not be.
      let isTaken = (error as? ListenFailure)?.code == EADDRINUSE
      guard isTaken, commonPort != 0, attempts > 1 else { throw error }
      return try await listen(on: addresses, attempts: attempts - 1, accept)
    }
  }

  private init(
    _ address: Address,
    _ accept: @escaping @Sendable (any Channel) throws -> Connection
  ) async throws {
    do {
      channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.backlog, value: 1024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        // The default of 4 lets a burst of clients wait for many turns of the loop.
        .serverChannelOption(.maxMessagesPerRead, value: 64)
        .childChannelOption(.maxMessagesPerRead, value: 1)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .bind(
          to: address.socketAddress,
          serverBackPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)
        ) { channel in
          channel.eventLoop.makeCompletedFuture { try accept(channel) }
        }
    } catch let error as IOError {
      throw ListenFailure(address, error.errnoCode)
    }
    self.address = channel.channel.localAddress.map(Address.init) ?? address
  }

  /// Calls `body` for every connection, in the order in which they are accepted, until the listener is closed.
  ///
  /// While `body` does not return, few connections are accepted; the others wait in the system's queue.
  ///
  /// > Cancellation: cancels the body and waits for it.
  func forEachConnection(_ body: (Connection) async throws -> Void) async throws {
    try await channel.executeThenClose { connections in
      for try await connection in connections { try await body(connection) }
    }
  }

  func close() {
    channel.channel.close(promise: nil)
  }
}
