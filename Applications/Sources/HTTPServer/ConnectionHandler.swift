internal import Glibc
internal import NIOCore
internal import NIOHTTP1

/// The event loop's side of a connection: carries out what `ConnectionState` decides.
///
/// Everything here runs on the connection's event loop.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = Never
  typealias OutboundOut = HTTPServerResponsePart

  private let loop: any EventLoop
  private var state: ConnectionState
  private var context: ChannelHandlerContext?
  private var date = HTTPDate()
  /// The connection's task, while it waits for the next exchange.
  private var nextWaiter: CheckedContinuation<Exchange?, Never>?
  /// The connection's task, while it waits for the client to end its side.
  private var endWaiter: CheckedContinuation<Void, Never>?
  private var inputHasEnded = false
  private var isFinishing = false
  private var isReadPending = false
  /// How many bytes of a streamed body are still to come, if its length was promised.
  private var remaining: Int?
  private var timer: Scheduled<Void>?

  init(state: ConnectionState, loop: any EventLoop) {
    self.loop = loop
    self.state = state
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    schedule(after: state.interval) { $0.check() }
  }

  /// The last thing that happens to a channel, however it ends.
  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    timer?.cancel()
    endInput()
    nextWaiter?.resume(returning: nil)
    nextWaiter = nil
  }

  // What the client does.

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state.received(unwrapInboundIn(data), now: .now()) else { return }
    let head = HTTPResponseHead(version: .http1_1, status: .continue)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    deliver()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    deliver()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else { return }
    endInput()
    deliver()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow: state.refuse(431)
    case HTTPParserError.invalidVersion: state.refuse(505)
    case is HTTPParserError: state.refuse(400)
    // The decoder was given more after an error; it is read only so that the client sees our answer.
    case is ByteToMessageDecoderError: return
    default: context.close(promise: nil)
    }
    deliver()
  }

  func read(context: ChannelHandlerContext) {
    isReadPending = !state.wantsInput
    if !isReadPending { context.read() }
  }

  private func endInput() {
    inputHasEnded = true
    state.inputClosed()
    endWaiter?.resume()
    endWaiter = nil
  }

  /// Hands the next exchange to the connection's task, if that waits and the client takes its answers.
  private func deliver() {
    guard let context, let waiter = nextWaiter, context.channel.isWritable else { return }
    switch state.next(now: .now()) {
    case .exchange(let exchange):
      nextWaiter = nil
      waiter.resume(returning: exchange)
    case .wait:
      break
    case .end:
      nextWaiter = nil
      waiter.resume(returning: nil)
    }
    readIfPending()
  }

  private func readIfPending() {
    guard isReadPending, state.wantsInput else { return }
    isReadPending = false
    context?.read()
  }

  // What the connection's task asks for.

  func waitForNext(_ waiter: CheckedContinuation<Exchange?, Never>) {
    guard context != nil else { return waiter.resume(returning: nil) }
    nextWaiter = waiter
    deliver()
  }

  func waitForEnd(_ waiter: CheckedContinuation<Void, Never>) {
    guard !inputHasEnded else { return waiter.resume() }
    endWaiter = waiter
  }

  func drain() {
    state.drain()
    deliver()
  }

  func write(_ head: HTTPResponseHead, body: ByteBuffer?) {
    writeHead(head)
    if let body { context?.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
    context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Begins an answer whose body comes in pieces, `length` bytes in all if that is known.
  func beginStream(_ head: HTTPResponseHead, length: Int?) {
    remaining = length
    writeHead(head)
    context?.flush()
  }

  /// Ends it.
  ///
  /// - Throws: `BodyLengthMismatch` when less was written than promised.
  func endStream() throws {
    if let remaining, remaining > 0 { throw BodyLengthMismatch(remaining: remaining) }
    context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Writes a piece of a body; the future succeeds when the system has taken it.
  func writePiece(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
    if let remaining {
      let left = remaining - bytes.readableBytes
      guard left >= 0 else { return loop.makeFailedFuture(BodyLengthMismatch(remaining: left)) }
      self.remaining = left
    }
    return flush(.body(.byteBuffer(bytes)))
  }

  /// Writes bytes past the encoder; the future succeeds when the system has taken them.
  func writeRaw(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
    let encoder = try? context?.pipeline.syncOperations.context(
      handlerType: HTTPResponseEncoder.self
    )
    guard let encoder else { return loop.makeFailedFuture(ConnectionClosed()) }
    let promise = loop.makePromise(of: Void.self)
    encoder.writeAndFlush(HTTPResponseEncoder.wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    return promise.futureResult
  }

  private func writeHead(_ head: HTTPResponseHead) {
    var head = head
    head.headers.add(name: "Date", value: date.value(at: time(nil)))
    if state.endsWithAnswer() { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    context?.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func flush(_ part: HTTPServerResponsePart) -> EventLoopFuture<Void> {
    guard let context else { return loop.makeFailedFuture(ConnectionClosed()) }
    let promise = loop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(part), promise: promise)
    return promise.futureResult
  }

  /// Closes once everything is written.
  ///
  /// A connection that is closed with unread input is reset, and the reset may overtake the answer. So only our side
  /// is closed at first, and what the client still sends is dropped for a while (RFC 9112, 9.6).
  func finish() {
    guard !isFinishing else { return }
    isFinishing = true
    state.end()
    readIfPending()
    // An empty piece is nothing on the wire, but its future comes after what was written before.
    flush(.body(.byteBuffer(ByteBuffer()))).assumeIsolated().whenComplete { _ in
      guard let context = self.context else { return }
      guard !self.inputHasEnded else { return context.close(promise: nil) }
      context.close(mode: .output, promise: nil)
      self.schedule(after: .seconds(2)) { $0.context?.close(promise: nil) }
    }
  }

  // Timeouts.

  private func check() {
    guard let context else { return }
    let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    switch state.check(now: .now(), unsent: unsent ?? 0) {
    case .again(let time):
      schedule(after: time) { $0.check() }
    case .handOut:
      deliver()
      schedule(after: state.interval) { $0.check() }
    case .finish:
      finish()
      deliver()
    case .close:
      context.close(promise: nil)
    }
  }

  private func schedule(
    after time: TimeAmount,
    _ action: @escaping (ConnectionHandler) -> Void
  ) {
    timer?.cancel()
    timer = loop.assumeIsolated().scheduleTask(in: time) { action(self) }
  }
}
