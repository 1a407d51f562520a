extension IPAddress {
  /// Whether this is no address of a host on the public Internet.
  ///
  /// A page out there has no business to link to it. These are loopback, private and local
  /// networks, multicast, and what is reserved, or set aside for documentation and tests, after the
  /// registries that RFC 6890 established. An address of IPv6 that carries one of IPv4 is judged by
  /// that.
  package var isPrivate: Bool {
    switch self {
    case .version4(let value):
      Self.privateVersion4.contains { ($0.prefix ^ value) >> (32 - $0.length) == 0 }
    case .version6(let value):
      if let carried = Self.carriedAddress(in: value) {
        carried.isPrivate
      } else {
        // All that is assigned for general use is in 2000::/3.
        value >> 125 != 1
          || Self.privateVersion6.contains { ($0.prefix ^ value) >> (128 - $0.length) == 0 }
      }
    }
  }

  private static let privateVersion4: [(prefix: UInt32, length: Int)] = [
    (0x0000_0000, 8),  // this network, RFC 791
    (0x0A00_0000, 8),  // private, RFC 1918
    (0x6440_0000, 10),  // shared by customers of a provider, RFC 6598
    (0x7F00_0000, 8),  // loopback, RFC 1122
    (0xA9FE_0000, 16),  // link-local, RFC 3927
    (0xAC10_0000, 12),  // private, RFC 1918
    (0xC000_0000, 24),  // protocol assignments, RFC 6890
    (0xC000_0200, 24),  // documentation, RFC 5737
    (0xC0A8_0000, 16),  // private, RFC 1918
    (0xC612_0000, 15),  // benchmarks, RFC 2544
    (0xC633_6400, 24),  // documentation, RFC 5737
    (0xCB00_7100, 24),  // documentation, RFC 5737
    (0xE000_0000, 4),  // multicast, RFC 1112
    (0xF000_0000, 4),  // reserved, and broadcast, RFC 1112
  ]

  /// Ranges within 2000::/3.
  private static let privateVersion6: [(prefix: UInt128, length: Int)] = [
    (0x2001 << 112, 23),  // protocol assignments, RFC 2928
    (0x2001_0DB8 << 96, 32),  // documentation, RFC 3849
    (0x3FFF << 112, 20),  // documentation, RFC 9637
  ]

  /// The IPv4 address in a mapped (RFC 4291), translated (RFC 6052) or 6to4 address (RFC 3056).
  private static func carriedAddress(in value: UInt128) -> IPAddress? {
    switch (value >> 32, value >> 112) {
    case (0xFFFF, _), (0x0064_FF9B << 64, _): .version4(UInt32(truncatingIfNeeded: value))
    case (_, 0x2002): .version4(UInt32(truncatingIfNeeded: value >> 80))
    default: nil
    }
  }
}
