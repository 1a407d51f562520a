internal import Bakery

/// An HTTP/1.1 server that lives as long as a closure.
package enum Server {
  /// Answers one request; many run at once, and an error is answered with 500.
  package typealias Handler = @concurrent @Sendable (Request) async throws -> Response

  /// A server that is listening.
  package struct Running: Sendable {
    /// The addresses in the order in which they were asked for, with the ports that the system chose.
    package let addresses: [Address]
  }

  /// Listens, answers requests with `handler` while `body` runs, and returns what `body` returns.
  ///
  /// When `body` ends, no more connections are accepted and idle ones are closed; requests under way may
  /// take `drainTimeout` more before their handlers are cancelled. A handler is also cancelled when its client
  /// leaves, and a client that closes only its sending side counts as one that leaves.
  ///
  /// > Cancellation: cancels the body and waits for it, and for the handlers under way.
  ///
  /// - Parameters:
  ///   - addresses: Where to listen. Addresses with port 0 get one common free port.
  ///   - name: What dumps call the server.
  ///   - settings: The limits.
  ///   - handler: Answers a request.
  ///   - body: What to do while the server runs.
  /// - Returns: What `body` returns.
  /// - Throws: `ListenFailure`, or what `body` throws.
  package static func run<Success: Sendable>(
    listen addresses: [Address] = [.loopback(port: 8080)],
    name: String = "HTTP",
    settings: ServerSettings = ServerSettings(),
    handler: @escaping Handler,
    _ body: (Running) async throws -> Success
  ) async throws -> Success {
    let connections = Connections()
    let places = AsyncSemaphore(limit: settings.connectionMaximum, name: "\(name) connections")
    let listeners = try await Listener.listen(on: addresses) { channel in
      let connection = try Connection(accepting: channel, settings: settings)
      connections.add(connection)
      return connection
    }
    let running = Running(addresses: listeners.map(\.address))
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await accept(from: listeners, places) { await $0.serve(handler, settings) }
      }
      let result: Result<Success, any Error>
      do { result = .success(try await body(running)) } catch { result = .failure(error) }
      for listener in listeners { listener.close() }
      places.close()
      connections.drain()
      // Whichever comes first, the end of the last connection or the deadline, ends the other.
      group.addTask { try await sleep(until: .after(settings.drainTimeout)) }
      _ = await group.nextResult()
      group.cancelAll()
      _ = await group.nextResult()
      connections.close()
      return try result.get()
    }
  }

  /// Serves connections from all listeners until these are closed and the connections have ended.
  private static func accept(
    from listeners: [Listener],
    _ places: AsyncSemaphore,
    _ serve: @escaping @Sendable (Connection) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      for listener in listeners {
        group.addTask {
          await withDiscardingTaskGroup { served in
            // An error of a listener is the end of it, as when it is closed.
            try? await listener.forEachConnection { connection in
              guard let place = try? await places.acquire() else { return connection.close() }
              served.addTask {
                await serve(connection)
                _ = place.count
              }
            }
          }
        }
      }
    }
  }
}
