import HTTPServer
import NIOCore
import NIOPosix

/// A client that sends exactly what it is told and hears exactly what comes; for one task.
final class RawClient {
  private let channel: any Channel
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var heard = ""

  private init(
    _ channel: any Channel,
    _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.channel = channel
    self.inbound = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  /// Connects, runs `body`, and closes the connection.
  static func connect<Success: Sendable>(
    to address: Address,
    _ body: (RawClient) async throws -> Success
  ) async throws -> Success {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await body(RawClient(channel.channel, inbound, outbound))
    }
  }

  func send(_ text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  /// Closes our side; the other one may still send.
  func endSending() async throws {
    try await channel.close(mode: .output)
  }

  /// What comes up to `mark`, the mark included; less if the connection ends before.
  func hear(until mark: String) async throws -> String {
    while heard.firstRange(of: mark) == nil, try await more() {}
    let end = heard.firstRange(of: mark)?.upperBound ?? heard.endIndex
    defer { heard = String(heard[end...]) }
    return String(heard[..<end])
  }

  /// What comes until the connection ends.
  func hearAll() async throws -> String {
    while try await more() {}
    defer { heard = "" }
    return heard
  }

  /// An answer with a `Content-Length`.
  func hearAnswer() async throws -> Answer {
    let head = try await hear(until: "\r\n\r\n")
    var answer = Answer(head: head)
    let length = answer["content-length"].flatMap { Int($0) } ?? 0
    while heard.utf8.count < length, try await more() {}
    answer.body = String(heard.prefix(length))
    heard.removeFirst(answer.body.count)
    return answer
  }

  private func more() async throws -> Bool {
    guard let bytes = try await inbound.next(isolation: #isolation) else { return false }
    heard += String(buffer: bytes)
    return true
  }
}

/// An answer, taken apart just enough to ask about it.
struct Answer {
  let lines: [String]
  var body = ""

  init(head: String) {
    lines = head.split(separator: "\r\n").map(String.init)
  }

  var status: Int? { lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

  subscript(name: String) -> String? {
    let prefix = name.lowercased() + ":"
    let line = lines.dropFirst().first { $0.lowercased().hasPrefix(prefix) }
    return line.map { $0.dropFirst(prefix.count).drop { $0 == " " } }.map(String.init)
  }
}

func get(_ path: String, _ fields: String..., version: String = "1.1") -> String {
  (["GET \(path) HTTP/\(version)", "Host: test"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
}
