#if canImport(Glibc)
internal import Glibc
#endif

/// All addresses of a host by the system's resolver; empty when it knows none.
///
/// It blocks its thread, for seconds if a name server is slow.
func addresses(of host: String) -> [IPAddress] {
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
  defer { freeaddrinfo(list) }
  var found: [IPAddress] = []
  var entry = list
  while let info = entry?.pointee {
    if let address = address(of: info) { found.append(address) }
    entry = info.ai_next
  }
  return found
}

private func address(of info: addrinfo) -> IPAddress? {
  guard let socket = info.ai_addr else { return nil }
  switch info.ai_family {
  case AF_INET:
    return socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
      withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
    }
  case AF_INET6:
    return socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
      withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
    }
  default: return nil
  }
}
