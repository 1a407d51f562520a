internal import Bakery

/// Chance that depends on a seed and on what it is thrown for, so that every page comes out the same in any order.
struct Dice {
  private let source: SeededRandom

  /// Dice for the thing that `words` name.
  ///
  /// Algorithm: FNV-1a (Fowler, Noll, Vo), 64 bits, over the words; a generator of Bakery from there on.
  init(seed: UInt64, _ words: String...) {
    var hash = seed ^ 0xCBF2_9CE4_8422_2325
    for word in words {
      for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      // A byte that UTF-8 does not have: ("ab", "c") is another thing than ("a", "bc").
      hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
    }
    source = SeededRandom(seed: hash)
  }

  func below(_ bound: Int) -> Int { Int(source.next() % UInt64(bound)) }

  func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  func chance(percent: Int) -> Bool { below(100) < percent }
}
