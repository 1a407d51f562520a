/// What an element means to a reader of the page and to a crawler.
struct ElementTraits: OptionSet, Hashable {
  var rawValue: UInt32

  /// Begins and ends a line.
  static let line = Self(rawValue: 1 << 0)
  /// A cell of a table.
  static let cell = Self(rawValue: 1 << 1)
  /// Begins and ends a line even in a cell of a table around it.
  static let row = Self(rawValue: 1 << 2)
  /// Keeps line breaks as they are written.
  static let preformatted = Self(rawValue: 1 << 3)
  /// Text in it is not shown.
  static let hidden = Self(rawValue: 1 << 4)
  /// What looks like elements in it is none: links and titles there do not count.
  static let inert = Self(rawValue: 1 << 5)
  static let title = Self(rawValue: 1 << 6)
  static let svg = Self(rawValue: 1 << 7)

  static let anchor = Self(rawValue: 1 << 8)
  static let area = Self(rawValue: 1 << 9)
  static let iframe = Self(rawValue: 1 << 10)
  static let frame = Self(rawValue: 1 << 11)
  static let link = Self(rawValue: 1 << 12)
  static let meta = Self(rawValue: 1 << 13)
  static let base = Self(rawValue: 1 << 14)

  // Traits that are asked for together.
  static let separating: Self = [.line, .cell, .row]
  static let regions: Self = [.preformatted, .hidden, .inert, .title, .svg]
  static let references: Self = [.anchor, .area, .iframe, .frame, .link, .meta, .base]

  func overlaps(_ others: Self) -> Bool { !isDisjoint(with: others) }
}

/// Finds the traits of elements by their names in lower case, in a hash table.
struct ElementTable: Sendable {
  /// A third of them is taken, so that nearly every search ends at once.
  private var slots = [Slot](repeating: Slot(), count: 256)

  private struct Slot {
    var name = PackedName()
    var traits: ElementTraits = []
  }

  /// The elements of HTML that are more to us than inline text.
  ///
  /// What is meant for those who lack something (scripts, frames, video) is hidden, but its links
  /// count: a crawler lacks these things. Source: HTML Standard, section 15.3.
  static let html: ElementTable = {
    var table = ElementTable()
    let lines = """
      address article aside blockquote body center dd details dialog dir div dl dt fieldset \
      figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li \
      listing main menu nav ol optgroup option p plaintext pre search section select summary ul \
      xmp br
      """
    for name in lines.split(separator: " ") { table.add(name, .line) }
    for name in ["table", "caption", "thead", "tbody", "tfoot", "tr"] { table.add(name, .row) }
    for name in ["td", "th"] { table.add(name, .cell) }
    for name in ["listing", "plaintext", "pre", "textarea", "xmp"] {
      table.add(name, .preformatted)
    }
    let hidden = """
      audio canvas datalist iframe noembed noframes noscript script style template title video
      """
    for name in hidden.split(separator: " ") { table.add(name, .hidden) }
    for name in ["template", "textarea", "title"] { table.add(name, .inert) }
    table.add("title", .title)
    table.add("svg", .svg)
    table.add("a", .anchor)
    table.add("area", .area)
    table.add("iframe", .iframe)
    table.add("frame", .frame)
    table.add("link", .link)
    table.add("meta", .meta)
    table.add("base", .base)
    return table
  }()

  private mutating func add(_ name: some StringProtocol, _ traits: ElementTraits) {
    guard let packed = PackedName(name.utf8) else { preconditionFailure("\(name) is too long") }
    let index = index(of: packed)
    slots[index].name = packed
    slots[index].traits.formUnion(traits)
  }

  /// The traits of the element `name`, which ends with a NUL; none for inline and unknown elements.
  func traits(of name: UnsafePointer<UInt8>) -> ElementTraits {
    guard let packed = PackedName(name) else { return [] }
    return slots[index(of: packed)].traits
  }

  /// Where `name` is, or would be.
  private func index(of name: PackedName) -> Int {
    var index = name.hash
    while slots[index].name != name, slots[index].name != PackedName() { index = (index + 1) & 255 }
    return index
  }
}

/// A name of at most 16 bytes as two numbers: quick to make, to hash and to compare.
private struct PackedName: Equatable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init() {}

  init?(_ bytes: some Sequence<UInt8>) {
    for (index, byte) in bytes.enumerated() {
      guard index < 16 else { return nil }
      add(byte, at: index)
    }
  }

  /// Packs the bytes up to a NUL.
  init?(_ bytes: UnsafePointer<UInt8>) {
    var index = 0
    while bytes[index] != 0 {
      guard index < 16 else { return nil }
      add(bytes[index], at: index)
      index += 1
    }
  }

  private mutating func add(_ byte: UInt8, at index: Int) {
    let shifted = UInt64(byte) << UInt64((index & 7) * 8)
    if index < 8 { low |= shifted } else { high |= shifted }
  }

  /// A number from 0 to 255.
  ///
  /// The multiplier, 2^64 divided by the golden ratio, spreads names that differ little.
  var hash: Int { Int(((low ^ high) &* 0x9E37_79B9_7F4A_7C15) >> 56) }
}
