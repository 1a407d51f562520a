/// The parsers of the URL standard (section 3.5).
extension IPAddress {
  /// Reads one to four numbers with dots between them, of which the last fills all bytes left.
  ///
  /// Numbers are decimal, octal after `0` or hexadecimal after `0x`. A dot may follow.
  init?(version4 text: Span<UInt8>) {
    let end = text.count > 1 && text[text.count - 1] == .dot ? text.count - 1 : text.count
    var value: UInt32 = 0
    var start = 0
    for index in 0..<4 {
      let dot = text.extracting(start..<end).firstIndex(of: .dot, before: end - start)
      let partEnd = dot.map { start + $0 } ?? end
      guard let number = text.extracting(start..<partEnd).addressNumber else { return nil }
      if dot == nil {
        guard number < 1 << (8 * (4 - index)) else { return nil }
        self = .version4(value | UInt32(number))
        return
      }
      guard number <= 255 else { return nil }
      value |= UInt32(number) << (24 - 8 * index)
      start = partEnd + 1
    }
    return nil
  }

  /// Reads an IPv6 address without brackets.
  init?(version6 text: Span<UInt8>) {
    var pieces = IPv6Pieces()
    var index = 0
    if text.count >= 2, text[0] == .colon, text[1] == .colon {
      pieces.compress()
      index = 2
    }
    while index < text.count {
      guard pieces.count < 8 else { return nil }
      if text[index] == .colon {
        guard index > 0, pieces.compress() else { return nil }
        index += 1
        continue
      }
      let start = index
      var piece: UInt16 = 0
      while index < min(start + 4, text.count), let digit = text[index].hexDigitValue {
        piece = piece << 4 | UInt16(digit)
        index += 1
      }
      if index < text.count, text[index] == .dot {
        guard pieces.count <= 6, let address = text.extracting(start...).dottedDecimal else {
          return nil
        }
        pieces.append(UInt16(address >> 16))
        pieces.append(UInt16(truncatingIfNeeded: address))
        break
      }
      if index < text.count {
        guard text[index] == .colon, index + 1 < text.count else { return nil }
        index += 1
      }
      pieces.append(piece)
    }
    guard let value = pieces.value else { return nil }
    self = .version6(value)
  }
}

/// The pieces of 16 bits that an IPv6 address consists of.
private struct IPv6Pieces {
  private(set) var count = 0
  private var bits: UInt128 = 0
  /// How many pieces end with the one that `::` stands for at least.
  private var compressed: Int?

  mutating func append(_ piece: UInt16) {
    bits = bits << 16 | UInt128(piece)
    count += 1
  }

  /// Notes a `::` here; `false` if there was one.
  @discardableResult
  mutating func compress() -> Bool {
    guard compressed == nil else { return false }
    append(0)
    compressed = count
    return true
  }

  /// The address; `nil` if pieces are missing.
  var value: UInt128? {
    guard let compressed else { return count == 8 ? bits : nil }
    let tail = 16 * (count - compressed)
    let head = bits >> tail
    return head << (128 - 16 * compressed) | bits & ((1 << tail) - 1)
  }
}

extension Span<UInt8> {
  /// Whether a domain has to be an IPv4 address since its last label is a number.
  var endsInNumber: Bool {
    let end = !isEmpty && self[count - 1] == .dot ? count - 1 : count
    let start = (lastIndex(of: .dot, before: end) ?? -1) + 1
    let last = extracting(start..<end)
    guard !last.isEmpty, last[0].isASCIIDigit else { return false }
    return last.indices.allSatisfy { last[$0].isASCIIDigit } || last.addressNumber != nil
  }

  /// The value of four decimal numbers without leading zeros and with dots between them.
  fileprivate var dottedDecimal: UInt32? {
    var value: UInt32 = 0
    var index = 0
    for part in 0..<4 {
      if part > 0 {
        guard index < count, self[index] == .dot else { return nil }
        index += 1
      }
      let start = index
      var number: UInt32 = 0
      while index < count, self[index].isASCIIDigit {
        guard index == start || number > 0 else { return nil }
        number = number * 10 + UInt32(self[index] - UInt8(ascii: "0"))
        guard number <= 255 else { return nil }
        index += 1
      }
      guard index > start else { return nil }
      value = value << 8 | number
    }
    return index == count ? value : nil
  }

  /// The value of this part of an IPv4 address; 2³² for all that is larger.
  fileprivate var addressNumber: UInt64? {
    guard !isEmpty else { return nil }
    var digits = 0
    var radix: UInt64 = 10
    if count > 1, self[0] == UInt8(ascii: "0") {
      let isHexadecimal = self[1] == UInt8(ascii: "x") || self[1] == UInt8(ascii: "X")
      digits = isHexadecimal ? 2 : 1
      radix = isHexadecimal ? 16 : 8
    }
    var value: UInt64 = 0
    for index in digits..<count {
      guard let digit = self[index].hexDigitValue, digit < radix else { return nil }
      value = Swift.min(value * radix + UInt64(digit), 1 << 32)
    }
    return value
  }
}
