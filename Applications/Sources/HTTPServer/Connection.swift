internal import NIOCore
internal import NIOHTTP1

/// The task's side of a connection: runs the handler for one exchange after the other.
///
/// Two tasks serve a connection: one answers, the other waits for the client to end its side and then cancels the
/// first. They come to the event loop only to leave something there or to be woken from it.
final class Connection: Sendable {
  private let channel: any Channel
  private let loop: any EventLoop
  private let handler: NIOLoopBound<ConnectionHandler>

  /// Makes the connection of a channel that has just been accepted; called on its event loop.
  init(accepting channel: any Channel, settings: ServerSettings) throws {
    self.channel = channel
    loop = channel.eventLoop
    let nobody = Address(host: "", port: 0)
    let state = ConnectionState(
      settings: settings,
      local: channel.localAddress.map(Address.init) ?? nobody,
      remote: channel.remoteAddress.map(Address.init) ?? nobody,
      now: .now()
    )
    handler = NIOLoopBound(ConnectionHandler(state: state, loop: loop), eventLoop: loop)
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = settings.headMaximum
    limits.maxHeaderListSize = settings.headMaximum
    // Framing is decided here, as the encoder does not know which answers are to HEAD.
    var encoding = HTTPResponseEncoder.Configuration()
    encoding.automaticallySetFramingHeaders = false
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(HTTPResponseEncoder(configuration: encoding))
    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
    try pipeline.addHandler(handler.value)
  }

  /// Answers requests until either side ends the connection, then closes it.
  ///
  /// > Cancellation: cancels the body and waits for it; the connection is closed at once.
  func serve(_ handle: @escaping Server.Handler, _ settings: ServerSettings) async {
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.answerAll(handle, settings) }
        await withCheckedContinuation { waiter in self.perform { $0.waitForEnd(waiter) } }
        group.cancelAll()
      }
    } onCancel: {
      close()
    }
  }

  /// Lets the connection end when the request under way, if there is one, is answered.
  func drain() {
    perform { $0.drain() }
  }

  func close() {
    channel.close(promise: nil)
  }

  /// Calls `action` when the connection is closed, or at once if it is.
  func whenClosed(_ action: @escaping @Sendable () -> Void) {
    channel.closeFuture.whenComplete { _ in action() }
  }

  private func answerAll(_ handle: @escaping Server.Handler, _ settings: ServerSettings) async {
    while let exchange = await next() {
      guard await answer(exchange, handle, settings) else { break }
    }
    perform { $0.finish() }
  }

  /// Answers one request.
  ///
  /// - Returns: Whether the connection may serve another one.
  private func answer(
    _ exchange: Exchange,
    _ handle: @escaping Server.Handler,
    _ settings: ServerSettings
  ) async -> Bool {
    let request: Request
    switch exchange.content {
    case .request(let received): request = received
    case .refusal(let status): return send(status, for: exchange)
    }
    let response: Response
    let framing: Framing
    do {
      response = try await handle(request)
      framing = try Framing(response, for: exchange)
    } catch {
      // A handler that was cancelled has nobody left to answer.
      guard !Task.isCancelled else { return false }
      settings.handlerFailed(request, error)
      return send(500, for: exchange)
    }
    do {
      return try await send(response.body, framing)
    } catch {
      if !(error is ConnectionClosed), !Task.isCancelled { settings.handlerFailed(request, error) }
      close()
      return false
    }
  }

  private func send(_ body: Response.Body, _ framing: Framing) async throws -> Bool {
    switch body {
    case .bytes(let bytes):
      send(bytes, framing)
    case .stream(let length, let produce):
      guard framing.sendsBody else {
        send([], framing)
        break
      }
      perform { $0.beginStream(framing.head, length: length) }
      try await produce(ResponseWriter { try await self.write($0, isRaw: false) })
      try await loop.submit { try self.handler.value.endStream() }.get()
    case .raw(let produce):
      try await produce(ResponseWriter { try await self.write($0, isRaw: true) })
      return false
    }
    return framing.keepsAlive
  }

  private func send(_ bytes: [UInt8], _ framing: Framing) {
    let body = framing.sendsBody && !bytes.isEmpty ? ByteBuffer(bytes: bytes) : nil
    perform { $0.write(framing.head, body: body) }
  }

  /// Sends the reason of a status as the whole answer.
  private func send(_ status: Int, for exchange: Exchange) -> Bool {
    let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
    let text = Array("\(status) \(reason)\n".utf8)
    let framing = Framing(status: status, length: text.count, for: exchange)
    send(text, framing)
    return framing.keepsAlive
  }

  /// Sends a piece of an answer; returns when the system has taken it.
  private func write(_ bytes: [UInt8], isRaw: Bool) async throws {
    let buffer = ByteBuffer(bytes: bytes)
    do {
      try await loop.flatSubmit {
        let handler = self.handler.value
        return isRaw ? handler.writeRaw(buffer) : handler.writePiece(buffer)
      }.get()
    } catch let error as BodyLengthMismatch {
      throw error
    } catch {
      throw ConnectionClosed()
    }
  }

  /// Waits for the next exchange; `nil` when none will come.
  private func next() async -> Exchange? {
    await withCheckedContinuation { waiter in perform { $0.waitForNext(waiter) } }
  }

  private func perform(_ action: @escaping @Sendable (ConnectionHandler) -> Void) {
    loop.execute { action(self.handler.value) }
  }
}
