/// A megabyte of gzip that unpacks to a gigabyte of zeros.
///
/// DEFLATE (RFC 1951) copies at most 258 bytes at a time. A block with its own codes may give the commonest symbols
/// codes of one bit: here "copy 258 bytes" and "from one byte ago" are both a single 0. So after one literal zero
/// every two 0 bits stand for 258 more zeros, and the block is nothing but zero bytes up to its end.
struct GzipBomb {
  /// How many zero bytes there are between `opening` and `closing`.
  static let zeros = 1 << 20
  /// What comes out: the literal, and 258 bytes for every two bits.
  static let unpackedSize: UInt32 = 1 + 258 * 4_194_308
  /// The CRC-32 of so many zeros.
  private static let checksum: UInt32 = 0x3640_010B

  /// The gzip header (RFC 1952), the block's codes and its literal, filled up with 0 bits to a whole byte.
  static let opening: [UInt8] = {
    var bits = BitWriter(bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
    bits.write(1, count: 1)  // the last block
    bits.write(2, count: 2)  // with codes of its own
    bits.write(286 - 257, count: 5)  // symbols for literals and lengths
    bits.write(1 - 1, count: 5)  // symbols for distances
    bits.write(18 - 4, count: 4)  // lengths of the codes in which the codes are written
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
      bits.write(symbol == 18 ? 1 : [1, 2].contains(symbol) ? 2 : 0, count: 3)
    }
    // These give 18 the code 0, 1 the code 10, and 2 the code 11; 18 stands for a run of unused symbols.
    func unused(_ count: Int) {
      bits.write(0, count: 1)
      bits.write(count - 11, count: 7)
    }
    bits.writeCode("11")  // literal 0: a code of two bits
    unused(138)
    unused(117)
    bits.writeCode("11")  // 256, the end of the block: two bits
    unused(28)
    bits.writeCode("10")  // 285, copy 258 bytes: one bit
    bits.writeCode("10")  // distance 1: one bit
    // So 285 and the distance have the code 0, the literal has 10, and the end of the block 11.
    bits.writeCode("10")
    return bits.bytes
  }()

  /// The second 0 bit of the last copy, the end of the block, and the gzip trailer.
  static let closing: [UInt8] = {
    var bits = BitWriter(bytes: [])
    bits.writeCode("011")
    for number in [checksum, unpackedSize] {
      bits.bytes += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
    return bits.bytes
  }()
}

/// Packs bits into bytes as DEFLATE does, from the lowest bit up.
private struct BitWriter {
  var bytes: [UInt8]
  private var used = 8

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Writes a number, its lowest bit first.
  mutating func write(_ number: Int, count: Int) {
    for position in 0..<count {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      bytes[bytes.count - 1] |= UInt8(number >> position & 1) << used
      used += 1
    }
  }

  /// Writes a code, its highest bit first.
  mutating func writeCode(_ code: String) {
    for digit in code { write(digit == "1" ? 1 : 0, count: 1) }
  }
}
