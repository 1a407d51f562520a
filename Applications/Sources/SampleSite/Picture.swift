/// A small image, made here so that no file is needed.
enum Picture {
  /// A loaf of 96 × 48 points as PNG with a palette.
  ///
  /// Format: PNG (RFC 2083); its compressed data are stored blocks of DEFLATE (RFC 1950 and 1951).
  static func loaf(_ dice: Dice) -> [UInt8] {
    let (width, height) = (96, 48)
    var rows: [UInt8] = []
    for y in 0..<height {
      rows.append(0)  // no filter
      for x in 0..<width { rows.append(colour(x * 2 - width + 1, y * 2 - height + 1, dice)) }
    }
    let palette: [UInt8] = [251, 246, 238, 201, 138, 75, 246, 223, 184, 169, 100, 47]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", bytes(of: UInt32(width)) + bytes(of: UInt32(height)) + [8, 3, 0, 0, 0])
      + chunk("PLTE", palette) + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  /// The palette's index for a point, counted from the middle in half points.
  private static func colour(_ x: Int, _ y: Int, _ dice: Dice) -> UInt8 {
    // An ellipse, cuts across it, and a speckled crust.
    guard x * x * 4 + y * y * 16 < 96 * 96 * 3 else { return 0 }
    if abs(y) < 24, (x + y / 2 + 400) % 40 < 5 { return 2 }
    return dice.chance(percent: 12) ? 3 : 1
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bytes(of: UInt32(content.count)) + body + bytes(of: Checksum.crc32(body))
  }

  private static func stored(_ content: [UInt8]) -> [UInt8] {
    let count = UInt16(content.count)
    let length = [UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
    return [0x78, 0x01, 0x01] + length + content + bytes(of: Checksum.adler32(content))
  }

  private static func bytes(of number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
