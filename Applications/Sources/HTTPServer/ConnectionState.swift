internal import NIOCore
internal import NIOHTTP1

/// The decisions of one HTTP/1.1 connection: pure, without a channel, a clock or a task.
///
/// Requests become exchanges, which are handed out one at a time and in their order, so pipelined requests are
/// answered in theirs. What cannot be understood becomes an exchange too, the last one.
///
/// Invariant: after `input` has ended nothing is added to `ready`.
struct ConnectionState {
  enum Next {
    case exchange(Exchange)
    /// Nothing is ready yet.
    case wait
    /// Nothing will come: the connection is to be closed.
    case end
  }

  enum Check: Equatable {
    case again(after: TimeAmount)
    /// `next` has news; look again as well.
    case handOut
    /// Nothing is under way and nothing comes: the connection ends in good order.
    case finish
    /// The client does not take its answer: it is cut off.
    case close
  }

  private enum Input {
    case head
    case body(of: HTTPRequestHead, since: NIODeadline)
    case ended
  }

  private let settings: ServerSettings
  private let local: Address
  private let remote: Address
  private var input = Input.head
  /// What has come of the body.
  private var body = ByteBuffer()
  private var ready = CircularBuffer<Exchange>()
  private var isDraining = false
  /// Since when nothing is ready or under way; meaningless otherwise.
  private var idleSince: NIODeadline
  private var isAnswering = false
  /// The bytes that waited for the client at the last check.
  private var unsent = 0

  init(settings: ServerSettings, local: Address, remote: Address, now: NIODeadline) {
    self.settings = settings
    self.local = local
    self.remote = remote
    idleSince = now
  }

  /// Whether more should be read; what is ready comes first, so that a client cannot pile up requests.
  var wantsInput: Bool { ready.isEmpty }

  /// Takes the next part of a request.
  ///
  /// - Returns: Whether the client waits for `100 Continue` before it sends the body.
  mutating func received(_ part: HTTPServerRequestPart, now: NIODeadline) -> Bool {
    switch (part, input) {
    case (.head(let head), .head):
      return begin(head, now)
    case (.body(let bytes), .body):
      body.writeImmutableBuffer(bytes)
      if body.readableBytes > settings.bodyMaximum { refuse(413) }
    case (.end, .body(let head, _)):
      complete(head)
    default:
      break
    }
    return false
  }

  private mutating func begin(_ head: HTTPRequestHead, _ now: NIODeadline) -> Bool {
    // Without exactly one host it is not clear what is asked for (RFC 9112, 3.2).
    guard head.version == .http1_0 || head.headers["host"].count == 1 else {
      refuse(400)
      return false
    }
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    guard length <= settings.bodyMaximum else {
      refuse(413)
      return false
    }
    input = .body(of: head, since: now)
    return ready.isEmpty && !isAnswering && head.version != .http1_0
      && head.headers.first(name: "expect")?.lowercased() == "100-continue"
  }

  private mutating func complete(_ head: HTTPRequestHead) {
    let request = Request(
      method: head.method.rawValue,
      target: head.uri,
      headers: Headers(head.headers),
      body: Array(body.readableBytesView),
      localAddress: local,
      remoteAddress: remote
    )
    body = ByteBuffer()
    // The decoder stops at what may be the start of another protocol; we speak no other.
    let isUpgrade = head.method == .CONNECT || head.headers.contains(name: "upgrade")
    // One read brings no more requests than this. Many reads without a pause come only when the client has ended
    // its side: the rest is dropped then.
    let isFlooded = ready.count >= 2500
    let keepsAlive = head.isKeepAlive && !isUpgrade && !isFlooded
    input = keepsAlive ? .head : .ended
    ready.append(
      Exchange(
        content: .request(request),
        version: head.version,
        isHead: head.method == .HEAD,
        keepsAlive: keepsAlive
      )
    )
  }

  /// Gives up on what the client sends: it is told why after the answers that it still gets.
  mutating func refuse(_ status: Int) {
    if case .ended = input { return }
    input = .ended
    body = ByteBuffer()
    ready.append(.refusal(status))
  }

  /// Takes note that the client sends nothing more; what it sent completely is still answered.
  mutating func inputClosed() {
    input = .ended
  }

  /// Lets the connection end after the request that is under way, or being received.
  mutating func drain() {
    isDraining = true
  }

  /// Whether the answer that begins now is the last one because the connection was drained meanwhile.
  mutating func endsWithAnswer() -> Bool {
    if isDraining { end() }
    return isDraining
  }

  /// Drops what is ready and what still comes: the connection is about to end.
  mutating func end() {
    input = .ended
    body = ByteBuffer()
    ready.removeAll()
  }

  /// Hands out the next exchange, the one before being answered.
  mutating func next(now: NIODeadline) -> Next {
    if isAnswering {
      isAnswering = false
      idleSince = now
    }
    if var exchange = ready.popFirst() {
      isAnswering = true
      if isDraining || ready.isEmpty && hasEnded { exchange.keepsAlive = false }
      return .exchange(exchange)
    }
    return hasEnded || isDraining && isBetweenRequests ? .end : .wait
  }

  private var hasEnded: Bool { if case .ended = input { true } else { false } }
  private var isBetweenRequests: Bool { if case .head = input { true } else { false } }

  /// Looks for a client that lets us wait: for a request, for a body, or to take its answer.
  ///
  /// Called when the time that the last check named has passed, which is never longer than the shortest timeout: so
  /// no wait begins and runs out between two checks. A stall shows when two checks see the same.
  ///
  /// - Parameters:
  ///   - now: The time.
  ///   - unsent: How many bytes of answers wait for the client.
  /// - Returns: What is to be done.
  mutating func check(now: NIODeadline, unsent: Int) -> Check {
    let before = self.unsent
    self.unsent = unsent
    if unsent > 0 {
      idleSince = now
      return before == unsent ? .close : .again(after: interval)
    }
    if case .body(_, let since) = input {
      let deadline = since + TimeAmount(settings.bodyTimeout)
      guard now >= deadline else { return .again(after: min(deadline - now, interval)) }
      refuse(408)
      return .handOut
    }
    // While a handler works it is not the client who lets wait.
    guard !isAnswering, ready.isEmpty else { return .again(after: interval) }
    let deadline = idleSince + TimeAmount(settings.idleTimeout)
    guard now >= deadline else { return .again(after: min(deadline - now, interval)) }
    input = .ended
    return .finish
  }

  /// The longest time from one check to the next.
  var interval: TimeAmount {
    TimeAmount(min(settings.idleTimeout, settings.bodyTimeout, settings.stallTimeout))
  }
}
