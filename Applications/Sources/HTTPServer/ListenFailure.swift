internal import Glibc
internal import NIOCore

/// An address on which the system lets nobody listen, or not us.
package struct ListenFailure: Error, Hashable, CustomStringConvertible {
  /// Where the server was to listen.
  package let address: Address
  /// The system's number for what is wrong, such as `EADDRINUSE`.
  package let code: Int32

  /// The address, what is wrong, and what to do.
  package var description: String {
    let advice =
      switch code {
      case EADDRINUSE:
        "another program listens there; stop it (`ss -ltnp` names it) or choose another port, "
          + "0 for a free one"
      case EACCES:
        "permission denied; choose a port of 1024 or above, or grant CAP_NET_BIND_SERVICE"
      case EADDRNOTAVAIL:
        "this machine has no such address; choose one that `ip address` lists, or 127.0.0.1"
      case EMFILE, ENFILE:
        "too many open files; raise the limit with `ulimit -n`"
      default:
        "\(String(cString: strerror(code))); choose another address"
      }
    return "cannot listen on \(address): \(advice)"
  }

  init(_ address: Address, _ code: Int32) {
    self.address = address
    self.code = code
  }
}
