internal import Bakery
package import HTTPServer
internal import Synchronization

extension SampleWebsite {
  /// Serves all hosts while `body` runs, and returns what `body` returns.
  ///
  /// `body` gets the site with the port that the system chose if `base` had port 0, so that `start` can be opened.
  /// Beside its pages host 0 answers `/expected.json`, to which nothing links, with the `expectation`. Pages that are
  /// busy at first are so once in each call. With a capacity it also answers `/capacity.json`: how many requests it has refused.
  ///
  /// > Cancellation: cancels the body and waits for it.
  ///
  /// - Parameters:
  ///   - settings: The limits of the server.
  ///   - capacity: How many requests each host serves at one time; half as many wait, and further ones are answered with
  ///     429. Without it hosts bear anything.
  ///   - body: What to do while the site is served.
  /// - Returns: What `body` returns.
  /// - Throws: `ListenFailure`, or what `body` throws.
  package func serve<Success: Sendable>(
    settings: ServerSettings = ServerSettings(),
    capacity: Int? = nil,
    _ body: (SampleWebsite) async throws -> Success
  ) async throws -> Success {
    let counter = BusyPages()
    let limits = capacity.map { SiteCapacity(limit: $0, hosts: hosts) }
    let (host, port) = (base.host, base.port)
    return try await Server.run(
      listen: (0..<hosts).map(address(ofHost:)),
      name: "sample site",
      settings: settings,
      handler: { request in
        let here = Address(host: host, port: port == 0 ? request.localAddress.port : port)
        return try await self.moved(to: here).answer(request, counter, limits)
      },
      { running in try await body(self.moved(to: running.addresses[0])) }
    )
  }

  func answer(
    _ request: Request,
    _ counter: BusyPages,
    _ capacity: SiteCapacity? = nil
  ) async throws -> Response {
    guard ["GET", "HEAD"].contains(request.method) else {
      var refusal = Response(status: 405, text: "405: only GET and HEAD\n")
      refusal.headers["Allow"] = "GET, HEAD"
      return refusal
    }
    let path = request.path + (request.query.map { "?\($0)" } ?? "")
    guard let host = (0..<hosts).first(where: { address(ofHost: $0) == request.localAddress })
    else {
      return Response(status: 421, text: "421: no host of this site\n")
    }
    if host == 0, path == "/expected.json" { return .json(expectation.json) }
    guard let capacity else { return try await answer(path, host, counter) }
    if host == 0, path == "/capacity.json" { return .json(capacity.json) }
    return try await capacity.serve(host: host) { try await answer(path, host, counter) }
  }

  private func answer(
    _ path: String,
    _ host: Int,
    _ counter: BusyPages
  ) async throws -> Response {
    var page = page(host: host, path: path)
    if page.isBusyAtFirst, counter.isFirst(host, path) { page = page.busyAnswer }
    try await sleep(until: .after(page.latency))
    return page.response
  }
}

/// Which pages that are busy at first have been asked for.
final class BusyPages: Sendable {
  private let asked = Mutex<Set<String>>([])

  func isFirst(_ host: Int, _ path: String) -> Bool {
    asked.withLock { $0.insert("\(host)\(path)").inserted }
  }
}

extension Response {
  fileprivate static func json(_ text: String) -> Response {
    Response(headers: ["Content-Type": "application/json"], body: .bytes(Array(text.utf8)))
  }
}

extension SamplePage {
  /// The page as the server's answer.
  var response: Response {
    let body = body
    let drip = drip
    guard drip > .zero else {
      return Response(status: status, headers: Headers(headers), body: .bytes(body))
    }
    let pieces = 10
    return Response(
      status: status,
      headers: Headers(headers),
      body: .stream(length: body.count) { writer in
        for piece in 0..<pieces {
          try await sleep(until: .after(drip / pieces))
          let range = piece * body.count / pieces..<(piece + 1) * body.count / pieces
          try await writer.write(Array(body[range]))
        }
      }
    )
  }
}
