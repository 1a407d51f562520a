/// Takes what a page says from its tags and text.
struct PageScanner {
  private var text = TextCollector()
  private var title = TextCollector()
  private var links: LinkCollector
  private var base: String?
  private var robots: [String] = []

  private var tokenizer: HTMLTokenizer
  private var open = OpenElements()
  /// How many of the open elements have a trait.
  private var hiddenCount = 0
  private var inertCount = 0
  private var preformattedCount = 0
  private var paragraphCount = 0
  private var anchorCount = 0
  private var hasTitle = false
  private var isInTitle = false

  private let elements = ElementTable.html
  private let svgElements = ElementTable.svg
  private let mathElements = ElementTable.math

  /// Makes a scanner of a text in valid UTF-8 without NUL bytes.
  init(_ text: UnsafeBufferPointer<UInt8>, linkLimit: Int, targetLimit: Int) {
    tokenizer = HTMLTokenizer(text)
    links = LinkCollector(linkLimit: linkLimit, targetLimit: targetLimit)
  }

  /// Reads the text from its begin to its end.
  mutating func run() {
    while let token = tokenizer.next(allowsCDATA: open.isInForeign) {
      switch token {
      case .text(let characters): add(characters)
      case .reference(let reference): reference.withCharacters { add($0) }
      case .startTag(let tag): begin(tag)
      case .endTag(let tag): end(tag.name)
      }
    }
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

  private mutating func add(_ characters: UnsafeBufferPointer<UInt8>) {
    if isInTitle { title.append(characters) }
    guard hiddenCount == 0 else { return }
    text.append(characters, keepsLines: preformattedCount != 0)
  }

  private mutating func separate(_ traits: ElementTraits) {
    guard hiddenCount == 0, traits.overlaps(.separating) else { return }
    text.separate(traits.contains(.row) ? .row : traits.contains(.cell) ? .cell : .line)
  }
}

/// Elements that begin.
extension PageScanner {
  private mutating func begin(_ tag: HTMLTag) {
    var traits = elements.traits(of: tag.name)
    if open.takesForeignTags {
      guard traits.contains(.breakout) else { return beginForeign(tag) }
      while open.takesForeignTags { endLast() }
    }
    guard !traits.isEmpty else { return push(tag.name, []) }
    guard !traits.contains(.implied), makesRoom(for: tag.name, traits) else { return }
    separate(traits)
    if traits.overlaps(.references), inertCount == 0 { addReference(traits, tag.attributes) }
    guard !traits.contains(.void) else { return }
    if traits.contains(.foreignRoot) {
      guard !tag.isSelfClosing else { return }
      traits.insert(.foreign)
    }
    push(tag.name, traits)
    if traits.overlaps(.texts) { enterText(traits) }
  }

  private mutating func beginForeign(_ tag: HTMLTag) {
    let isMath = open.lastHas(.math)
    var traits = (isMath ? mathElements : svgElements).traits(of: tag.name)
    if traits.contains(.anchor), inertCount == 0 { addReference(.anchor, tag.attributes) }
    guard !tag.isSelfClosing else { return }
    traits.insert(.foreign)
    if isMath { traits.insert(.math) }
    push(tag.name, traits)
  }

  private mutating func enterText(_ traits: ElementTraits) {
    if traits.contains(.title), !hasTitle, inertCount == 0 {
      hasTitle = true
      isInTitle = true
    }
    if traits.contains(.escapableText) {
      tokenizer.enter(.escapableText)
    } else if traits.contains(.script) {
      tokenizer.enter(.script)
    } else {
      tokenizer.enter(traits.contains(.plainText) ? .plainText : .rawText)
    }
  }

  private mutating func push(_ name: ElementName, _ traits: ElementTraits) {
    if open.isFull { endLast() }
    open.push(name, traits)
    count(traits, by: 1)
  }

  private mutating func count(_ traits: ElementTraits, by change: Int) {
    guard traits.overlaps(.counted) else { return }
    if traits.contains(.hidden) { hiddenCount += change }
    if traits.contains(.inert) { inertCount += change }
    if traits.contains(.preformatted) { preformattedCount += change }
    if traits.contains(.paragraph) { paragraphCount += change }
    if traits.contains(.anchor) { anchorCount += change }
  }

  /// Ends the elements that the element about to begin cannot stand in; `false` if it cannot begin here.
  private mutating func makesRoom(for name: ElementName, _ traits: ElementTraits) -> Bool {
    if traits.contains(.tablePart) { return makesRoomInTable(traits) }
    if traits.contains(.endsParagraph) { endParagraph() }
    if traits.contains(.heading) {
      if open.lastHas(.heading) { endLast() }
    } else if traits.contains(.item) {
      end(to: open.lastIndex(with: .item, within: .itemScope))
    } else if traits.contains(.description) {
      end(to: open.lastIndex(with: .description, within: .itemScope))
    } else if traits.overlaps([.option, .optionGroup]) {
      if open.lastHas(.option) { endLast() }
      if traits.contains(.optionGroup), open.lastHas(.optionGroup) { endLast() }
    } else if traits.contains(.button) {
      end(to: open.lastIndex(with: .button, within: .scope))
    } else if traits.contains(.anchor), anchorCount != 0 {
      endFormatting(name)
    } else if traits.contains(.table) {
      // A table in a table, but not in a cell of it, ends it.
      end(to: open.lastIndex(with: .table, within: .scope))
    }
    return true
  }

  private mutating func makesRoomInTable(_ traits: ElementTraits) -> Bool {
    guard let place = open.lastIndex(with: .tableScope, within: []),
      open.elements[place].traits.contains(.table)
    else { return false }
    var parents: ElementTraits = .table
    if traits.contains(.tableRow) { parents.insert(.tableSection) }
    if traits.contains(.cell) { parents.formUnion([.tableSection, .tableRow]) }
    if let parent = open.lastIndex(with: parents, within: []) { end(above: parent) }
    return true
  }

  private mutating func endParagraph() {
    guard paragraphCount != 0 else { return }
    end(to: open.lastIndex(with: .paragraph, within: [.scope, .button]))
  }
}

/// Elements that end.
extension PageScanner {
  private mutating func end(_ name: ElementName) {
    let traits = elements.traits(of: name)
    if open.isInForeign {
      if let index = open.lastForeignIndex(of: name) { return end(to: index) }
      if traits.overlaps([.paragraph, .lineBreak]) {
        while open.takesForeignTags { endLast() }
      }
    }
    if traits.contains(.formatting) {
      endFormatting(name)
    } else if traits.contains(.form) {
      endForm()
    } else if traits.contains(.heading) {
      end(to: open.lastIndex(with: .heading, within: .scope))
    } else if traits.overlaps([.paragraph, .lineBreak]) {
      let index = open.lastIndex(of: name, within: [.scope, .button])
      // Without its start tag it is an element without content.
      if index == nil { separate(.line) } else { end(to: index) }
    } else {
      end(to: open.lastIndex(of: name, within: boundary(of: traits)))
    }
  }

  /// What an end tag of an element with `traits` does not reach through.
  private func boundary(of traits: ElementTraits) -> ElementTraits {
    if traits.contains(.sealed) { return [] }
    if traits.overlaps([.table, .tablePart]) { return .tableScope }
    if traits.contains(.item) { return [.scope, .list] }
    return traits.contains(.block) ? .scope : .special
  }

  /// Ends an element such as `b` and all in it but blocks, which go on.
  ///
  /// Source: HTML Standard, "adoption agency algorithm".
  private mutating func endFormatting(_ name: ElementName) {
    guard let index = open.lastIndex(of: name, within: .scope) else { return }
    guard index < open.elements.count - 1 else { return endLast() }
    for element in open.removeInline(from: index) { leave(element.traits) }
  }

  /// Ends a form, but not the elements that have begun in it.
  private mutating func endForm() {
    guard let index = open.lastIndex(with: .form, within: .scope) else { return }
    while open.elements.count > index + 1,
      open.lastHas([.paragraph, .item, .description, .option, .optionGroup])
    {
      endLast()
    }
    let traits = open.elements[index].traits
    open.remove(at: index)
    leave(traits)
  }

  /// Ends the element at `index` and all in it.
  private mutating func end(to index: Int?) {
    guard let index else { return }
    end(above: index - 1)
  }

  private mutating func end(above index: Int) {
    while open.elements.count > index + 1 { endLast() }
  }

  private mutating func endLast() {
    guard let element = open.pop(), !element.traits.isEmpty else { return }
    leave(element.traits)
  }

  /// Notes that an element with `traits` is open no more.
  private mutating func leave(_ traits: ElementTraits) {
    count(traits, by: -1)
    if traits.contains(.title) { isInTitle = false }
    separate(traits)
  }
}

/// What a crawler looks for.
extension PageScanner {
  private mutating func addReference(_ traits: ElementTraits, _ attributes: AttributeReader) {
    let attributes = ReferenceAttributes(attributes)
    if traits.contains(.anchor) { addLink(.anchor, attributes.reference, attributes) }
    if traits.contains(.area) { addLink(.area, attributes.reference, attributes) }
    if traits.contains(.iframe) { addLink(.iframe, attributes.source, attributes) }
    if traits.contains(.frame) { addLink(.frame, attributes.source, attributes) }
    if traits.contains(.link), let relation = attributes.relation {
      let (isNext, isCanonical) = relation.withValue {
        ($0.hasToken("next"), $0.hasToken("canonical"))
      }
      if isNext { addLink(.next, attributes.reference, attributes) }
      if isCanonical { addLink(.canonical, attributes.reference, attributes) }
    }
    if traits.contains(.meta) { addMeta(attributes) }
    if traits.contains(.base), base == nil { base = attributes.reference?.string }
  }

  private mutating func addLink(
    _ kind: LinkKind,
    _ reference: HTMLAttribute?,
    _ attributes: ReferenceAttributes
  ) {
    guard let reference else { return }
    let isNofollow = attributes.relation?.withValue { $0.hasToken("nofollow") } ?? false
    reference.withValue { links.add(kind, $0, isNofollow: isNofollow) }
  }

  private mutating func addMeta(_ attributes: ReferenceAttributes) {
    guard let content = attributes.content else { return }
    let isForUs = attributes.name?.withValue {
      let name = $0.trimming(while: \.isHTMLSpace)
      return name.equalsIgnoringCase("robots") || name.equalsIgnoringCase("bakery")
    }
    if isForUs == true { robots.append(content.string) }
    let isRefresh = attributes.directive?.withValue { $0.equalsIgnoringCase("refresh") }
    guard isRefresh == true else { return }
    content.withValue { content in
      guard let target = refreshTarget(content) else { return }
      links.add(.refresh, UnsafeBufferPointer(rebasing: target), isNofollow: false)
    }
  }
}

/// The attributes that say where an element leads; of several with one name the first.
private struct ReferenceAttributes {
  /// `href`.
  private(set) var reference: HTMLAttribute?
  /// `src`.
  private(set) var source: HTMLAttribute?
  /// `rel`.
  private(set) var relation: HTMLAttribute?
  private(set) var name: HTMLAttribute?
  private(set) var content: HTMLAttribute?
  /// `http-equiv`.
  private(set) var directive: HTMLAttribute?

  init(_ attributes: AttributeReader) {
    var attributes = attributes
    while let attribute = attributes.next() {
      switch attribute.name.count {
      case 3:
        attribute.take("src", into: &source)
        attribute.take("rel", into: &relation)
      case 4:
        attribute.take("href", into: &reference)
        attribute.take("name", into: &name)
      case 7: attribute.take("content", into: &content)
      case 10: attribute.take("http-equiv", into: &directive)
      default: break
      }
    }
  }
}

extension HTMLAttribute {
  fileprivate var string: String { withValue { String(decoding: $0, as: UTF8.self) } }

  /// Puts this into `place` if it is empty and `name` is that of this.
  fileprivate func take(_ name: StaticString, into place: inout HTMLAttribute?) {
    guard place == nil, self.name.equalsIgnoringCase(name) else { return }
    place = self
  }
}
