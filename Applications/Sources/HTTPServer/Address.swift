internal import NIOCore

/// An IP address and a TCP port: where a server listens, or who is connected.
package struct Address: Hashable, Sendable, CustomStringConvertible {
  /// The IP address as text, `127.0.0.1` or `::1`.
  package let host: String
  /// The port; when listening, 0 asks for a free one.
  package let port: Int

  /// Describes an address; `host` is checked when a server listens on it.
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// A port of this machine that other machines cannot reach.
  package static func loopback(port: Int) -> Address { Address(host: "127.0.0.1", port: port) }

  /// Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`; without a host the address is loopback.
  ///
  /// Names are not looked up, except `localhost`: a server listens on addresses.
  ///
  /// - Throws: `AddressFailure`.
  package init(parsing text: String) throws(AddressFailure) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var host = parts.dropLast().joined(separator: ":")
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") || host.contains("[") {
      throw AddressFailure(text: text, reason: "an IPv6 address needs brackets: [::1]:8080")
    }
    if host.isEmpty || host == "localhost" { host = "127.0.0.1" }
    guard let digits = parts.last, let port = UInt16(digits) else {
      throw AddressFailure(text: text, reason: "a port of 0 to 65535 is missing")
    }
    self.init(host: host, port: Int(port))
    guard (try? socketAddress) != nil else {
      throw AddressFailure(text: text, reason: "\(host) is not an IP address")
    }
  }

  /// `HOST:PORT`, with brackets around an IPv6 address, as in a URL.
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  var socketAddress: SocketAddress {
    get throws { try SocketAddress(ipAddress: host, port: port) }
  }

  init(_ address: SocketAddress) {
    self.init(host: address.ipAddress ?? "", port: address.port ?? 0)
  }
}

/// Text that is no address to listen on.
package struct AddressFailure: Error, Hashable, CustomStringConvertible {
  /// What was given.
  package let text: String
  /// What is wrong with it.
  package let reason: String

  /// The text, what is wrong with it, and what to write.
  package var description: String {
    "cannot listen on \"\(text)\": \(reason); write HOST:PORT, for example 127.0.0.1:8080"
  }
}
