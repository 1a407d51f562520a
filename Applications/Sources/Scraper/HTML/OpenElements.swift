/// The elements that have begun and not ended, as far as that decides which text and links count.
///
/// Elements that browsers move or make again, such as a `b` that goes on behind the paragraph it began in,
/// are none of that and are not moved. Source: HTML Standard, section 13.2.4.2.
struct OpenElements {
  /// Deeper elements end their parents, as in browsers.
  static let limit = 512

  struct Element {
    var name: ElementName
    var traits: ElementTraits
  }

  private(set) var elements: [Element] = []

  init() {
    elements.reserveCapacity(64)
  }

  var isFull: Bool { elements.count == Self.limit }

  /// Whether the innermost element is one of SVG or MathML.
  @inline(__always)
  var isInForeign: Bool { elements.last?.traits.contains(.foreign) ?? false }

  /// Whether start tags are those of SVG or MathML here.
  @inline(__always)
  var takesForeignTags: Bool {
    guard let traits = elements.last?.traits else { return false }
    return traits.contains(.foreign) && !traits.contains(.integration)
  }

  @inline(__always)
  func lastHas(_ traits: ElementTraits) -> Bool { elements.last?.traits.overlaps(traits) ?? false }

  mutating func push(_ name: ElementName, _ traits: ElementTraits) {
    elements.append(Element(name: name, traits: traits))
  }

  mutating func pop() -> Element? { elements.popLast() }

  mutating func remove(at index: Int) { elements.remove(at: index) }

  /// The innermost element `name` of HTML, unless one of `boundary` is within it.
  @inline(__always)
  func lastIndex(of name: ElementName, within boundary: ElementTraits) -> Int? {
    var index = elements.count - 1
    while index >= 0 {
      let element = elements[index]
      if element.name == name, !element.traits.contains(.foreign) { return index }
      if element.traits.overlaps(boundary) { return nil }
      index -= 1
    }
    return nil
  }

  /// The innermost element with one of `traits`, unless one of `boundary` is within it.
  func lastIndex(with traits: ElementTraits, within boundary: ElementTraits) -> Int? {
    var index = elements.count - 1
    while index >= 0 {
      let element = elements[index]
      if element.traits.overlaps(traits) { return index }
      if element.traits.overlaps(boundary) { return nil }
      index -= 1
    }
    return nil
  }

  /// The innermost element `name` of SVG or MathML, unless one of HTML is within it.
  func lastForeignIndex(of name: ElementName) -> Int? {
    var index = elements.count - 1
    while index >= 0, elements[index].traits.contains(.foreign) {
      if elements[index].name == name { return index }
      index -= 1
    }
    return nil
  }

  /// Removes the element at `index` and those in it that are not special, and returns what was removed.
  mutating func removeInline(from index: Int) -> [Element] {
    let removed = elements[index...].filter { !$0.traits.contains(.special) }
    elements.replaceSubrange(
      index...,
      with: elements[index...].filter { $0.traits.contains(.special) }
    )
    return removed
  }
}
