internal import Bakery
package import HTTPServer

/// A site of one host whose pages go wrong in every way that a client has to survive.
///
/// Its front page links to one page for each fault and to twenty good ones.
package enum FaultSite {
  /// A page that goes wrong.
  package struct Fault: Sendable {
    /// Where it is.
    package let path: String
    /// What is wrong with it.
    package let title: String
    let answer: @Sendable () async throws -> Response

    init(
      _ path: String,
      _ title: String,
      _ answer: @escaping @Sendable () async throws -> Response
    ) {
      self.path = path
      self.title = title
      self.answer = answer
    }
  }

  /// The paths of the good pages.
  package static let goodPaths = (1...20).map { "/good/\($0)" }

  /// All faults.
  package static let faults = bodies + connections + redirects + statuses + markup

  /// Serves the site while `body` runs, and returns what `body` returns.
  ///
  /// `body` gets the URL of the front page.
  ///
  /// > Cancellation: cancels the body and waits for it.
  ///
  /// - Throws: `ListenFailure`, or what `body` throws.
  package static func serve<Success: Sendable>(
    on address: Address,
    settings: ServerSettings = ServerSettings(),
    _ body: (_ start: String) async throws -> Success
  ) async throws -> Success {
    try await Server.run(
      listen: [address],
      name: "fault site",
      settings: settings,
      handler: { try await answer($0.path) },
      { running in try await body("http://\(running.addresses[0])/") }
    )
  }

  /// What the site answers to a path.
  @concurrent
  static func answer(_ path: String) async throws -> Response {
    if let fault = faults.first(where: { $0.path == path }) { return try await fault.answer() }
    if path == "/" { return front }
    if goodPaths.contains(path) {
      return page("Good page \(path.dropFirst("/good/".count))", "<p>Nothing is wrong here.</p>")
    }
    if path.hasPrefix(endlessRedirect), let step = Int(path.dropFirst(endlessRedirect.count)) {
      return redirect(to: "\(endlessRedirect)\(step + 1)")
    }
    return Response(status: 404, text: "404\n")
  }

  private static var front: Response {
    let links =
      faults.map { ($0.path, $0.title) } + goodPaths.map { ($0, "Good page") }
    let items = links.map { "<li><a href=\"\($0.0)\">\($0.1)</a></li>" }
    return page(
      "Faults",
      "<ul class=\"cards\">\n\(items.joined(separator: "\n"))\n</ul>"
    )
  }

  static let endlessRedirect = "/redirect-endless/"

  static func page(_ title: String, _ content: String) -> Response {
    var document = Document(title: title, site: "Fault site")
    document.content = content
    return html(Array(document.html.utf8))
  }

  static func html(_ bytes: [UInt8], type: String = "text/html; charset=utf-8") -> Response {
    Response(headers: ["Content-Type": type], body: .bytes(bytes))
  }

  static func redirect(to location: String?) -> Response {
    var response = Response(status: 302, text: "elsewhere\n")
    response.headers["Location"] = location
    return response
  }
}
