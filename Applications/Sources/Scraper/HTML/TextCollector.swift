/// Puts the text of a page together, with one separator for all that lies between two pieces.
///
/// Invariant: the text neither begins nor ends with a separator, and never has two in a row.
struct TextCollector {
  /// What stands between two pieces of text; of several the greatest is used.
  enum Separator: UInt8, Comparable {
    case none, space, line, cell, row

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    fileprivate var byte: UInt8 {
      switch self {
      case .none, .space: UInt8(ascii: " ")
      case .line, .row: UInt8(ascii: "\n")
      case .cell: UInt8(ascii: "\t")
      }
    }
  }

  /// The text in UTF-8, and room for more of it.
  private var bytes: [UInt8] = []
  private var end = 0
  /// What comes before the next piece, unless that is the first.
  private var pending = Separator.none

  var string: String { String(decoding: bytes[..<end], as: UTF8.self) }

  mutating func separate(_ separator: Separator) {
    pending = max(pending, separator)
  }

  /// Adds `characters`, in UTF-8, their white space collapsed.
  ///
  /// A no-break space is white space too: pages use it to keep things apart. With `keepsLines` a
  /// line break is a separator of lines.
  mutating func append(_ characters: UnsafeBufferPointer<UInt8>, keepsLines: Bool = false) {
    // Each separator but the first takes the place of white space.
    reserve(characters.count + 1)
    let lineBreak = keepsLines ? Separator.line : .space
    var (end, pending) = (end, pending)
    bytes.withUnsafeMutableBufferPointer { bytes in
      var index = 0
      while index < characters.count {
        let byte = characters[index]
        index += 1
        if byte.isHTMLSpace {
          let isLineBreak = byte == 0x0A || byte == 0x0D
          pending = max(pending, isLineBreak ? lineBreak : .space)
          continue
        }
        if byte == 0xC2, index < characters.count, characters[index] == 0xA0 {
          pending = max(pending, .space)
          index += 1
          continue
        }
        if pending != .none {
          if end > 0 {
            bytes[end] = pending.byte
            end += 1
          }
          pending = .none
        }
        bytes[end] = byte
        end += 1
      }
    }
    (self.end, self.pending) = (end, pending)
  }

  private mutating func reserve(_ count: Int) {
    guard end + count > bytes.count else { return }
    let size = max(2 * bytes.count, end + count, 4096)
    bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
  }
}
