/// Gathers the links of a page, each target once.
///
/// Targets are compared as bytes, and become strings at the end.
struct LinkCollector {
  /// How many links a page may have, and how many bytes their targets.
  private let linkLimit: Int
  private let targetLimit: Int
  private var entries: [Entry] = []
  /// The targets, one behind the other.
  private var bytes: [UInt8] = []
  /// A hash table that is at most half full: the index of an entry plus 1, or 0 for nothing.
  private var slots: [UInt32] = Array(repeating: 0, count: 128)
  /// How many links went over a limit.
  private(set) var dropped = 0

  private struct Entry {
    var target: Range<Int>
    var hash: Int
    var kind: LinkKind
    var isNofollow: Bool
  }

  init(linkLimit: Int, targetLimit: Int) {
    self.linkLimit = linkLimit
    self.targetLimit = targetLimit
  }

  /// In order of first appearance.
  var links: [PageLink] {
    entries.map {
      let target = String(decoding: bytes[$0.target], as: UTF8.self)
      return PageLink(kind: $0.kind, target: target, isNofollow: $0.isNofollow)
    }
  }

  /// Adds a link to `reference`, unless it leads nowhere but to a place in the page.
  mutating func add(_ kind: LinkKind, _ reference: UnsafeBufferPointer<UInt8>, isNofollow: Bool) {
    let target = UnsafeRawBufferPointer(
      rebasing: UnsafeRawBufferPointer(reference).prefix { $0 != UInt8(ascii: "#") }
        .trimming { $0 <= 0x20 }
    )
    guard !target.isEmpty else { return }
    guard target.count <= targetLimit else {
      dropped += 1
      return
    }
    var hasher = Hasher()
    hasher.combine(bytes: target)
    let hash = hasher.finalize()
    let slot = slot(of: target, hash: hash)
    if slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      entries[index].isNofollow = entries[index].isNofollow && isNofollow
    } else if entries.count == linkLimit {
      dropped += 1
    } else {
      let range = bytes.count..<(bytes.count + target.count)
      bytes.append(contentsOf: target)
      entries.append(Entry(target: range, hash: hash, kind: kind, isNofollow: isNofollow))
      slots[slot] = UInt32(entries.count)
      if entries.count * 2 > slots.count { grow() }
    }
  }

  /// Where `target` is in the table, or would be.
  private func slot(of target: UnsafeRawBufferPointer, hash: Int) -> Int {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      let entry = entries[Int(slots[slot]) - 1]
      if entry.hash == hash, bytes[entry.target].elementsEqual(target) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for (index, entry) in entries.enumerated() {
      var slot = entry.hash & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(index + 1)
    }
  }
}
