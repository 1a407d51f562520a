/// One schedule of one test as a short text that repeats it.
///
/// The text is a version, what tells the test from others, the seed of random numbers, and the choices, in which the
/// order of readiness (0) is the usual one; then a check, all in base 32.
struct ReplayString: Equatable, Sendable {
  /// Why a text is none that this test can repeat.
  struct Mismatch: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  static let version: UInt8 = 1
  /// Digits and letters that are not taken for one another, as in Crockford's base 32.
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// What tells the test from others; only the lower 24 bits are kept.
  let test: UInt32
  let seed: UInt64
  /// Before which step the body is cancelled; 0 if it is not.
  let cancelledStep: Int
  /// The index taken at each choice; those that are left out at the end are 0.
  let choices: [Int]

  init(test: UInt32, seed: UInt64, cancelledStep: Int = 0, choices: [Int]) {
    self.test = test & 0xFF_FFFF
    self.seed = seed
    self.cancelledStep = cancelledStep
    self.choices = Array(choices[..<(choices.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)])
  }

  /// The same with other choices.
  func with(_ choices: [Int]) -> ReplayString {
    ReplayString(test: test, seed: seed, cancelledStep: cancelledStep, choices: choices)
  }

  /// The same with a cancellation.
  func cancelled(before step: Int) -> ReplayString {
    ReplayString(test: test, seed: seed, cancelledStep: step, choices: choices)
  }

  /// Reads a text that was made for `test`.
  init(_ text: String, test: UInt32) throws(Mismatch) {
    guard let bytes = Self.bytes(of: text), bytes.count >= 8 else {
      throw Mismatch(
        description: "\"\(text)\" is no replay string: a part is missing or was changed"
      )
    }
    guard bytes[0] == Self.version else {
      throw Mismatch(
        description:
          "the replay string is of version \(bytes[0]) and this is \(Self.version): explore again"
      )
    }
    guard Self.check(bytes.dropLast(2)).elementsEqual(bytes.suffix(2)) else {
      throw Mismatch(
        description: "\"\(text)\" is no replay string: a part is missing or was changed"
      )
    }
    let made = bytes[1...3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard made == test & 0xFF_FFFF else {
      throw Mismatch(
        description:
          "the replay string is of another test: use it where explore failed, or explore again"
      )
    }
    var rest = bytes[4...].dropLast(2)
    guard let seed = Self.takeNumber(&rest), let cancelled = Self.takeNumber(&rest),
      let choices = Self.takeChoices(&rest)
    else {
      throw Mismatch(
        description: "\"\(text)\" is no replay string: a part is missing or was changed"
      )
    }
    self.init(test: made, seed: seed, cancelledStep: Int(clamping: cancelled), choices: choices)
  }

  var text: String {
    var bytes = [Self.version] + [16, 8, 0].map { UInt8(truncatingIfNeeded: test >> UInt32($0)) }
    Self.append(seed, to: &bytes)
    Self.append(UInt64(cancelledStep), to: &bytes)
    var usual: UInt64 = 0
    for choice in choices {
      guard choice != 0 else {
        usual += 1
        continue
      }
      Self.append(usual, to: &bytes)
      Self.append(UInt64(choice), to: &bytes)
      usual = 0
    }
    bytes += Self.check(bytes[...])
    return Self.text(of: bytes)
  }

  /// A number for a test that is the same in every process.
  static func test(file: StaticString, function: StaticString) -> UInt32 {
    UInt32(truncatingIfNeeded: hash("\(file) \(function)".utf8) >> 32) & 0xFF_FFFF
  }

  private static func check(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let hash = hash(bytes)
    return [UInt8(truncatingIfNeeded: hash >> 40), UInt8(truncatingIfNeeded: hash >> 32)]
  }

  /// Algorithm: FNV-1a (Fowler, Noll, Vo).
  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// Seven bits a byte, the lowest first; the highest bit says that more follow.
  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var number = number
    while number >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: number) | 0x80)
      number >>= 7
    }
    bytes.append(UInt8(number))
  }

  private static func takeNumber(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      number |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return number }
    }
    return nil
  }

  private static func takeChoices(_ bytes: inout ArraySlice<UInt8>) -> [Int]? {
    var choices: [Int] = []
    while !bytes.isEmpty {
      guard let usual = takeNumber(&bytes), usual < 1 << 24, let choice = takeNumber(&bytes) else {
        return nil
      }
      choices += Array(repeating: 0, count: Int(usual)) + [Int(clamping: choice)]
    }
    return choices
  }

  private static func text(of bytes: [UInt8]) -> String {
    var text = ""
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 5 {
        count -= 5
        text.append(Character(Unicode.Scalar(alphabet[Int(bits >> UInt32(count)) & 31])))
      }
    }
    if count > 0 {
      text.append(Character(Unicode.Scalar(alphabet[Int(bits << UInt32(5 - count)) & 31])))
    }
    return text
  }

  private static func bytes(of text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for letter in text.lowercased().utf8 {
      guard let value = alphabet.firstIndex(of: letter) else { return nil }
      bits = bits << 5 | UInt32(value)
      count += 5
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
