internal import CPages

/// What a character reference such as `&amp;` stands for.
///
/// Source: HTML Standard, sections 13.2.5.72 to 13.2.5.80.
struct CharacterReference {
  /// How many bytes of the text it takes.
  let length: Int
  /// At most eight bytes of UTF-8, the first one lowest.
  private let utf8: UInt64
  private let count: Int

  /// Reads what begins at the "&" at `start`; `nil` if that is just an "&".
  init?(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, isInAttribute: Bool) {
    let first = start + 1
    guard first < bytes.count else { return nil }
    if bytes[first] == UInt8(ascii: "#") {
      self.init(numberIn: bytes, at: start)
    } else {
      self.init(nameIn: bytes, at: start, isInAttribute: isInAttribute)
    }
  }

  /// Calls `use` with the characters.
  func withCharacters(_ use: (UnsafeBufferPointer<UInt8>) -> Void) {
    withUnsafeBytes(of: utf8.littleEndian) { bytes in
      bytes.withMemoryRebound(to: UInt8.self) {
        use(UnsafeBufferPointer(rebasing: $0.prefix(count)))
      }
    }
  }

  /// The value of an attribute, its references replaced by what they stand for.
  static func decodeAttribute(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var value: [UInt8] = []
    // No reference is shorter than what it stands for.
    value.reserveCapacity(source.count)
    var position = 0
    while let found = source.index(of: .ampersand, in: position..<source.count) {
      value.append(contentsOf: source[position..<found])
      position = found
      if let reference = CharacterReference(source, at: found, isInAttribute: true) {
        reference.withCharacters { value.append(contentsOf: $0) }
        position += reference.length
      } else {
        value.append(.ampersand)
        position += 1
      }
    }
    value.append(contentsOf: source[position...])
    return value
  }
}

extension CharacterReference {
  private init?(numberIn bytes: UnsafeBufferPointer<UInt8>, at start: Int) {
    var index = start + 2
    let isHexadecimal = index < bytes.count && bytes[index] | 0x20 == UInt8(ascii: "x")
    if isHexadecimal { index += 1 }
    let begin = index
    var number: UInt32 = 0
    while index < bytes.count, let digit = bytes[index].hexDigitValue,
      isHexadecimal || digit < 10
    {
      // Beyond all characters it does not matter how far.
      if number <= 0x10FFFF { number = number * (isHexadecimal ? 16 : 10) + UInt32(digit) }
      index += 1
    }
    guard index > begin else { return nil }
    if index < bytes.count, bytes[index] == .semicolon { index += 1 }
    self.init(characters: Self.characters(of: number), length: index - start)
  }

  private static func characters(of number: UInt32) -> [UInt8] {
    guard number != 0, let scalar = Unicode.Scalar(number) else { return replacementCharacter }
    if (0x80..<0xA0).contains(number) { return windows1252[Int(number) - 0x80] }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private init(characters: [UInt8], length: Int) {
    self.length = length
    count = characters.count
    utf8 = characters.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private init?(
    nameIn bytes: UnsafeBufferPointer<UInt8>,
    at start: Int,
    isInAttribute: Bool
  ) {
    let table = NamedReferences.table
    let begin = start + 1
    var end = begin
    let limit = min(bytes.count, begin + NamedReferences.lengthMaximum)
    while end < limit, bytes[end].isASCIILetter || bytes[end].isASCIIDigit { end += 1 }
    guard end > begin else { return nil }
    // Only as the last character of a name is there a semicolon, so it decides which is longest.
    if end < bytes.count, bytes[end] == .semicolon,
      let value = table.value(of: UnsafeBufferPointer(rebasing: bytes[begin...end]))
    {
      (length, utf8, count) = (end + 1 - start, value.utf8, value.count)
      return
    }
    end = min(end, begin + NamedReferences.openLengthMaximum)
    while end > begin {
      if let value = table.value(of: UnsafeBufferPointer(rebasing: bytes[begin..<end])) {
        // Or the parameters of a URL would be taken for references.
        if isInAttribute, end < bytes.count,
          bytes[end] == .equals || bytes[end].isASCIILetter || bytes[end].isASCIIDigit
        {
          return nil
        }
        (length, utf8, count) = (end - start, value.utf8, value.count)
        return
      }
      end -= 1
    }
    return nil
  }
}

/// The names of characters, in a hash table.
struct NamedReferences: Sendable {
  /// Of a name with its semicolon.
  static let lengthMaximum = 32
  /// Of one that needs no semicolon.
  static let openLengthMaximum = 6

  static let table = NamedReferences(
    UnsafeBufferPointer(start: pages_entities(), count: pages_entities_count())
  )

  private struct Entry {
    var name: [UInt8]
    var utf8: UInt64
    var count: Int
  }

  private var entries: [Entry] = []
  /// The index of an entry plus 1, or 0 for nothing; about half of them are taken.
  private var slots = [UInt16](repeating: 0, count: 4096)

  /// Reads lines of a name and its code points in hexadecimal digits.
  init(_ lines: UnsafeBufferPointer<UInt8>) {
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      let name = Array(words[0])
      let characters = words.dropFirst().flatMap { word in
        let number = word.reduce(0 as UInt32) { $0 << 4 | UInt32($1.hexDigitValue ?? 0) }
        return Array(String(Character(Unicode.Scalar(number) ?? "\u{FFFD}")).utf8)
      }
      let slot = name.withUnsafeBufferPointer { self.slot(of: $0) }
      entries.append(
        Entry(
          name: name,
          utf8: characters.reversed().reduce(0) { $0 << 8 | UInt64($1) },
          count: characters.count
        )
      )
      slots[slot] = UInt16(entries.count)
    }
  }

  /// What `name` stands for, which is all of its name, with the semicolon if there is one.
  fileprivate func value(of name: UnsafeBufferPointer<UInt8>) -> (utf8: UInt64, count: Int)? {
    let place = slots[slot(of: name)]
    guard place != 0 else { return nil }
    let entry = entries[Int(place) - 1]
    return (entry.utf8, entry.count)
  }

  /// Where `name` is, or would be.
  private func slot(of name: UnsafeBufferPointer<UInt8>) -> Int {
    // FNV-1a, of which the upper bits are the better ones.
    let hash = name.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var slot = Int(hash >> 52)
    while slots[slot] != 0, !entries[Int(slots[slot]) - 1].name.elementsEqual(name) {
      slot = (slot + 1) & 4095
    }
    return slot
  }
}
