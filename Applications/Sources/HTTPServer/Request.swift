/// A request that has been received completely.
package struct Request: Sendable {
  /// The method in capitals, `GET`.
  package let method: String
  /// What is asked for, as it stands in the request: mostly a path with its query.
  package let target: String
  /// The header fields.
  package let headers: Headers
  /// The body; empty for most methods.
  package let body: [UInt8]
  /// Where the client connected to; tells the addresses of one server apart.
  package let localAddress: Address
  /// Who is connected.
  package let remoteAddress: Address

  /// Describes a request; the server makes them, and tests.
  package init(
    method: String = "GET",
    target: String,
    headers: Headers = [:],
    body: [UInt8] = [],
    localAddress: Address,
    remoteAddress: Address = .loopback(port: 0)
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.localAddress = localAddress
    self.remoteAddress = remoteAddress
  }

  /// The path of the target, percent-encoded as received, without the query.
  ///
  /// A target in absolute form counts as if it were a path (RFC 9112, 3.2.2).
  package var path: String { String(resource.prefix { $0 != "?" }) }

  /// What follows the first `?` of the target, if there is one.
  package var query: String? {
    resource.firstIndex(of: "?").map { String(resource[resource.index(after: $0)...]) }
  }

  private var resource: Substring {
    guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else {
      return target[...]
    }
    let rest = target[scheme.upperBound...]
    guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
    return rest[start] == "/" ? rest[start...] : "/" + rest[start...]
  }
}
