#if canImport(Glibc)
internal import Glibc
#endif

/// The proxies that the environment asks for, by the scheme of the URLs they are for.
///
/// `http_proxy`, `https_proxy` (or `HTTPS_PROXY`), `all_proxy` and `no_proxy` are read as curl reads them. `HTTP_PROXY` in
/// capitals is ignored, since a server that runs us may have set it from a request's header (httpoxy, CVE-2016-5385).
package struct Proxies: Sendable {
  private(set) var all: [String: ProxyAddress] = [:]
  private var exceptions: [String] = []

  package init(environment: [String: String]) {
    let common = environment["all_proxy"] ?? environment["ALL_PROXY"]
    for (scheme, names) in [("http", ["http_proxy"]), ("https", ["https_proxy", "HTTPS_PROXY"])] {
      let text = names.lazy.compactMap { environment[$0] }.first ?? common
      if let address = text.flatMap({ ProxyAddress($0) }) { all[scheme] = address }
    }
    exceptions = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
      .split { $0 == "," || $0 == " " }
      .map { $0.lowercased() }
  }

  /// The proxies of this process's environment.
  package static func fromEnvironment() -> Proxies {
    let names = [
      "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
    ]
    var environment: [String: String] = [:]
    for name in names {
      guard let value = getenv(name) else { continue }
      environment[name] = String(cString: value)
    }
    return Proxies(environment: environment)
  }

  /// The key in `all` of the proxy for `url`; `nil` to connect directly.
  func name(for url: WebURL) -> String? {
    guard !all.isEmpty, all[url.scheme] != nil, let host = url.host else { return nil }
    let isExcepted = exceptions.contains { exception in
      let name = exception.hasPrefix(".") ? String(exception.dropFirst()) : exception
      return name == "*" || host == name || host.hasSuffix("." + name)
    }
    return isExcepted ? nil : String(url.scheme)
  }
}

struct ProxyAddress: Hashable, Sendable {
  var host: String
  var port: Int

  /// Reads `http://host:port`, `host:port` or `host`.
  init?(_ text: String) {
    let address = text.contains("://") ? text : "http://\(text)"
    guard let url = try? WebURL(address), url.scheme == "http", let host = url.host else {
      return nil
    }
    self.host = host
    self.port = url.port ?? 80
  }
}
