internal import AsyncHTTPClient
internal import Bakery
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL

/// The real network, through AsyncHTTPClient: HTTP/1.1 and 2, TLS verified, gzip and deflate decoded.
package final class NetworkFetcher: Fetcher {
  private let direct: HTTPClient
  private let proxies: Proxies
  private let proxied: [String: HTTPClient]
  private let bodyMaximum: Int

  /// Runs `body` with a fetcher for a crawl with `settings`, and closes all connections afterwards.
  ///
  /// > Cancellation: cancels the body and waits for it.
  package static func run<Success: Sendable>(
    settings: CrawlSettings,
    proxies: Proxies = .fromEnvironment(),
    _ body: (NetworkFetcher) async throws -> Success
  ) async throws -> Success {
    let fetcher = NetworkFetcher(settings: settings, proxies: proxies)
    let result: Result<Success, any Error>
    do { result = .success(try await body(fetcher)) } catch { result = .failure(error) }
    await fetcher.shutdown()
    return try result.get()
  }

  private init(settings: CrawlSettings, proxies: Proxies) {
    self.bodyMaximum = settings.bodyMaximum
    self.proxies = proxies
    self.direct = Self.client(settings, proxy: nil)
    self.proxied = proxies.all.mapValues { Self.client(settings, proxy: $0) }
  }

  private func shutdown() async {
    for client in [direct] + proxied.values { try? await client.shutdown() }
  }

  private static func client(_ settings: CrawlSettings, proxy: ProxyAddress?) -> HTTPClient {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(settings.connectTimeout),
        read: TimeAmount(settings.headTimeout)
      ),
      decompression: .enabled(limit: .size(settings.bodyMaximum))
    )
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.perHost
    // The engine retries, and counts what it retries.
    configuration.connectionPool.retryConnectionEstablishment = false
    if let proxy { configuration.proxy = .server(host: proxy.host, port: proxy.port) }
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func fetch(_ request: FetchRequest) async throws -> FetchAnswer {
    var message = HTTPClientRequest(url: request.url.string)
    for field in request.headers { message.headers.add(name: field.name, value: field.value) }
    let encodings = request.acceptsCompression ? "gzip, deflate" : "identity"
    message.headers.replaceOrAdd(name: "Accept-Encoding", value: encodings)
    let client = proxies.name(for: request.url).flatMap { proxied[$0] } ?? direct
    let host = request.url.host ?? ""
    do {
      let timeout = request.deadline.duration(since: .now)
      let answer = try await client.execute(message, timeout: TimeAmount(timeout))
      return FetchAnswer(
        status: Int(answer.status.code),
        headers: AnswerHeaders(answer.headers.map { ($0.name, $0.value) }),
        body: NetworkBody(answer.body, host: host, maximum: bodyMaximum)
      )
    } catch {
      throw try NetworkFailure(host: host, isBody: false, bodyMaximum: bodyMaximum).translate(error)
    }
  }

  package func isPrivate(_ url: WebURL) async throws -> Bool {
    let host = url.host ?? ""
    if let address = IPAddress(host) { return address.isPrivate }
    guard proxies.name(for: url) == nil else { return false }
    let found = try await NIOThreadPool.singleton.runIfActive { addresses(of: host) }
    guard !found.isEmpty else {
      throw FetchFailure(.resolve, "no address is known for \(host)", isTransient: true)
    }
    return found.contains { $0.isPrivate }
  }
}

/// A body as it comes from the network.
private final class NetworkBody: AnswerBody {
  // Safe because one task reads a body, and waits for each piece before it asks for the next.
  nonisolated(unsafe) private var iterator: HTTPClientResponse.Body.AsyncIterator
  private let host: String
  private let maximum: Int

  init(_ body: HTTPClientResponse.Body, host: String, maximum: Int) {
    self.host = host
    self.iterator = body.makeAsyncIterator()
    self.maximum = maximum
  }

  func read(deadline: Deadline, _ take: (UnsafeRawBufferPointer) -> Void) async throws -> Bool {
    let piece: ByteBuffer?
    do {
      piece = try await iterator.next()
    } catch {
      throw try NetworkFailure(host: host, isBody: true, bodyMaximum: maximum).translate(error)
    }
    guard deadline > .now else {
      throw FetchFailure.timeout(.body, "the body is too slow for --page-timeout")
    }
    guard let piece else { return false }
    piece.withUnsafeReadableBytes(take)
    return true
  }
}
