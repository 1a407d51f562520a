internal import Glibc

/// Takes what a page says from the events of an HTML parser.
struct PageScanner {
  private var text = TextCollector()
  private var title = TextCollector()
  private var links: LinkCollector
  private var base: String?
  private var robots: [String] = []

  /// The depths of the outermost open elements with a trait, 0 without one.
  private var hiddenDepth = 0
  private var inertDepth = 0
  private var preformattedDepth = 0
  private var svgDepth = 0
  private var titleDepth = 0
  private var hasTitle = false

  private let table = ElementTable.html

  init(linkLimit: Int, targetLimit: Int) {
    links = LinkCollector(linkLimit: linkLimit, targetLimit: targetLimit)
  }

  func content(encoding: String) -> PageContent {
    PageContent(
      title: hasTitle ? title.string : nil,
      text: text.string,
      links: links.links,
      droppedLinks: links.dropped,
      base: base,
      robots: robots.isEmpty ? nil : robots.joined(separator: ","),
      encoding: encoding
    )
  }

  /// Takes note of an element that begins; the root's depth is 1.
  mutating func startElement(
    _ name: UnsafePointer<UInt8>,
    _ attributes: ElementAttributes,
    depth: Int
  ) {
    let traits = table.traits(of: name)
    guard !traits.isEmpty else { return }
    separate(traits)
    if traits.overlaps(.references), inertDepth == 0 { addReference(traits, attributes) }
    if traits.overlaps(.regions) { enter(traits, depth) }
  }

  mutating func endElement(_ name: UnsafePointer<UInt8>, depth: Int) {
    let traits = table.traits(of: name)
    guard !traits.isEmpty else { return }
    if traits.overlaps(.regions) { leave(depth) }
    separate(traits)
  }

  mutating func characters(_ characters: UnsafeBufferPointer<UInt8>) {
    if titleDepth != 0 { title.append(characters) }
    guard hiddenDepth == 0 else { return }
    text.append(characters, keepsLines: preformattedDepth != 0)
  }

  private mutating func separate(_ traits: ElementTraits) {
    guard hiddenDepth == 0, traits.overlaps(.separating) else { return }
    text.separate(traits.contains(.row) ? .row : traits.contains(.cell) ? .cell : .line)
  }

  private mutating func enter(_ traits: ElementTraits, _ depth: Int) {
    if traits.contains(.title), !hasTitle, inertDepth == 0, svgDepth == 0 {
      hasTitle = true
      titleDepth = depth
    }
    if traits.contains(.hidden), hiddenDepth == 0 { hiddenDepth = depth }
    if traits.contains(.inert), inertDepth == 0 { inertDepth = depth }
    if traits.contains(.preformatted), preformattedDepth == 0 { preformattedDepth = depth }
    if traits.contains(.svg), svgDepth == 0 { svgDepth = depth }
  }

  private mutating func leave(_ depth: Int) {
    if titleDepth == depth { titleDepth = 0 }
    if hiddenDepth == depth { hiddenDepth = 0 }
    if inertDepth == depth { inertDepth = 0 }
    if preformattedDepth == depth { preformattedDepth = 0 }
    if svgDepth == depth { svgDepth = 0 }
  }

  private mutating func addReference(_ traits: ElementTraits, _ attributes: ElementAttributes) {
    if traits.contains(.anchor) { addLink(.anchor, attributes["href"], attributes) }
    if traits.contains(.area) { addLink(.area, attributes["href"], attributes) }
    if traits.contains(.iframe) { addLink(.iframe, attributes["src"], attributes) }
    if traits.contains(.frame) { addLink(.frame, attributes["src"], attributes) }
    if traits.contains(.link), let relation = attributes["rel"] {
      if relation.hasToken("next") { addLink(.next, attributes["href"], attributes) }
      if relation.hasToken("canonical") { addLink(.canonical, attributes["href"], attributes) }
    }
    if traits.contains(.meta) { addMeta(attributes) }
    if traits.contains(.base), base == nil, let reference = attributes["href"] {
      base = String(decoding: reference, as: UTF8.self)
    }
  }

  private mutating func addLink(
    _ kind: LinkKind,
    _ reference: UnsafeBufferPointer<UInt8>?,
    _ attributes: ElementAttributes
  ) {
    guard let reference else { return }
    let isNofollow = attributes["rel"]?.hasToken("nofollow") ?? false
    links.add(kind, reference, isNofollow: isNofollow)
  }

  private mutating func addMeta(_ attributes: ElementAttributes) {
    guard let content = attributes["content"] else { return }
    if let name = attributes["name"]?.trimming(while: \.isHTMLSpace),
      name.equalsIgnoringCase("robots") || name.equalsIgnoringCase("bakery")
    {
      robots.append(String(decoding: content, as: UTF8.self))
    }
    if let directive = attributes["http-equiv"], directive.equalsIgnoringCase("refresh"),
      let target = refreshTarget(content)
    {
      links.add(.refresh, UnsafeBufferPointer(rebasing: target), isNofollow: false)
    }
  }
}

/// The attributes of an element as libxml2 hands them over.
struct ElementAttributes {
  /// A name in lower case, its value, the next name and so on; `nil` behind the last.
  let pairs: UnsafeMutablePointer<UnsafePointer<UInt8>?>?

  /// The value of an attribute, `nil` without the attribute or without a value.
  subscript(name: StaticString) -> UnsafeBufferPointer<UInt8>? {
    guard var pair = pairs else { return nil }
    while let candidate = pair[0] {
      if isEqual(candidate, name) {
        return pair[1].map { value in
          UnsafeBufferPointer(start: value, count: length(value))
        }
      }
      pair += 2
    }
    return nil
  }

  private func isEqual(_ name: UnsafePointer<UInt8>, _ literal: StaticString) -> Bool {
    name.withMemoryRebound(to: CChar.self, capacity: 1) { name in
      literal.utf8Start.withMemoryRebound(to: CChar.self, capacity: 1) { strcmp(name, $0) == 0 }
    }
  }

  private func length(_ value: UnsafePointer<UInt8>) -> Int {
    value.withMemoryRebound(to: CChar.self, capacity: 1) { strlen($0) }
  }
}
