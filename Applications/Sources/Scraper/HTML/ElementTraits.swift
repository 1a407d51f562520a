/// What an element means to a reader of the page, to a crawler, and to the elements around it.
struct ElementTraits: OptionSet, Hashable {
  var rawValue: UInt64

  // What a reader sees.

  /// Begins and ends a line.
  static let line = trait(0)
  /// A cell of a table.
  static let cell = trait(1)
  /// Begins and ends a line even in a cell of a table around it.
  static let row = trait(2)
  /// Keeps line breaks as they are written.
  static let preformatted = trait(3)
  /// Text in it is not shown.
  static let hidden = trait(4)
  /// What looks like elements in it is none: links and titles there do not count.
  static let inert = trait(5)

  // What a crawler looks for.

  static let title = trait(8)
  static let anchor = trait(9)
  static let area = trait(10)
  static let iframe = trait(11)
  static let frame = trait(12)
  static let link = trait(13)
  static let meta = trait(14)
  static let base = trait(15)

  // What the text in it may contain.

  /// Text and character references.
  static let escapableText = trait(16)
  /// Nothing but text.
  static let rawText = trait(17)
  static let script = trait(18)
  /// Text up to the end of the page.
  static let plainText = trait(19)

  // Which elements it begins in, and which tags end it.

  /// Has no content and no end tag.
  static let void = trait(20)
  /// Is there without its tags, which do nothing.
  static let implied = trait(21)
  /// Is not ended by the end tags of elements like `span` around it.
  static let special = trait(22)
  /// Is not ended by the end tag of a block around it.
  static let scope = trait(23)
  static let list = trait(24)
  static let tableScope = trait(25)
  /// Is not ended by the next item of a list around it.
  static let itemScope = trait(26)
  /// Is ended by its end tag, but only in the same scope.
  static let block = trait(27)
  /// Is ended by its end tag whatever is open in it, and nothing around it is ended from within.
  static let sealed = trait(28)
  static let formatting = trait(29)
  static let endsParagraph = trait(30)
  static let paragraph = trait(31)
  static let heading = trait(32)
  static let item = trait(33)
  static let description = trait(34)
  static let option = trait(35)
  static let optionGroup = trait(36)
  static let button = trait(37)
  static let form = trait(38)
  static let lineBreak = trait(39)
  static let table = trait(40)
  static let tableSection = trait(41)
  static let tableRow = trait(42)
  /// Stands nowhere but in a table.
  static let tablePart = trait(43)

  // Where other languages begin and end.

  /// `svg` or `math`.
  static let foreignRoot = trait(44)
  /// Is an element of SVG or MathML, not of HTML.
  static let foreign = trait(45)
  /// Is an element of MathML.
  static let math = trait(46)
  /// Is an element of SVG or MathML with HTML in it.
  static let integration = trait(47)
  /// Never stands in SVG or MathML, and so ends it.
  static let breakout = trait(48)

  // Traits that are asked for together.
  static let separating: Self = [.line, .cell, .row]
  static let counted: Self = [.hidden, .inert, .preformatted, .paragraph, .anchor]
  static let references: Self = [.anchor, .area, .iframe, .frame, .link, .meta, .base]
  static let texts: Self = [.escapableText, .rawText, .script, .plainText]

  func overlaps(_ others: Self) -> Bool { !isDisjoint(with: others) }

  private static func trait(_ index: UInt64) -> Self { Self(rawValue: 1 << index) }
}

/// Finds the traits of elements by their names, in a hash table.
struct ElementTable: Sendable {
  /// Less than a third of them is taken, so that nearly every search ends at once.
  private var slots = [Slot](repeating: Slot(), count: 512)

  private struct Slot {
    var name = ElementName()
    var traits: ElementTraits = []
  }

  /// The elements of HTML that are more to us than inline text.
  static let html = ElementTable(htmlElements)

  /// What some elements of SVG are, by their names in lower case.
  static let svg = ElementTable(svgElements)

  static let math = ElementTable(mathElements)

  private init(_ lines: [(ElementTraits, String)]) {
    for (traits, names) in lines {
      for name in names.utf8.split(separator: UInt8(ascii: " ")) {
        Array(name).withUnsafeBufferPointer { add(ElementName($0, from: 0, to: $0.count), traits) }
      }
    }
  }

  private mutating func add(_ name: ElementName, _ traits: ElementTraits) {
    let index = index(of: name)
    slots[index].name = name
    slots[index].traits.formUnion(traits)
  }

  /// The traits of the element `name`; none for inline and unknown elements.
  func traits(of name: ElementName) -> ElementTraits { slots[index(of: name)].traits }

  /// Where `name` is, or would be.
  private func index(of name: ElementName) -> Int {
    var index = name.slot
    while slots[index].name != name, slots[index].name != ElementName() {
      index = (index + 1) & 511
    }
    return index
  }
}

/// Sources: HTML Standard, sections 13.2.4.2 (special, scopes), 13.2.6.4 (which tags end what) and 15.3
/// (what is shown).
///
/// Content for those who lack something (scripts, video) is hidden, but its links count where it is
/// markup: a crawler lacks these things.
private let htmlElements: [(ElementTraits, String)] = [
  (
    .line,
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption \
    figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav \
    ol optgroup option p plaintext pre search section select summary ul xmp br
    """
  ),
  (.row, "table caption thead tbody tfoot tr"),
  (.cell, "td th"),
  (.preformatted, "listing plaintext pre textarea xmp"),
  (
    .hidden,
    "audio canvas datalist iframe noembed noframes noscript script style template title video"
  ),
  (.inert, "template"),
  (.title, "title"),
  (.anchor, "a"), (.area, "area"), (.iframe, "iframe"), (.frame, "frame"), (.link, "link"),
  (.meta, "meta"), (.base, "base"),
  (.escapableText, "textarea title"),
  (.rawText, "iframe noembed noframes style xmp"),
  (.script, "script"),
  (.plainText, "plaintext"),
  (
    .void,
    """
    area base basefont bgsound br col embed frame hr image img input keygen link meta param source \
    track wbr
    """
  ),
  (.implied, "html head body"),
  (
    [.special, .itemScope],
    """
    applet article aside blockquote button caption center colgroup dd details dir dl dt fieldset \
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup iframe li listing main \
    marquee menu nav noembed noframes noscript object ol plaintext pre script search section \
    select style summary table tbody td template textarea tfoot th thead title tr ul xmp
    """
  ),
  (.special, "address div p"),
  (.scope, "applet caption marquee noscript object select table td template th"),
  (.list, "ol ul"),
  (.tableScope, "noscript table template"),
  (
    .block,
    """
    address applet article aside blockquote button center dd details dialog dir div dl dt fieldset \
    figcaption figure footer form header hgroup listing main marquee menu nav object ol pre search \
    section select summary ul
    """
  ),
  (.sealed, "noscript template"),
  (.formatting, "a b big code em font i nobr s small strike strong tt u"),
  (
    .endsParagraph,
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption \
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext \
    pre search section summary table ul xmp
    """
  ),
  (.paragraph, "p"),
  (.heading, "h1 h2 h3 h4 h5 h6"),
  (.item, "li"),
  (.description, "dd dt"),
  (.option, "option"),
  (.optionGroup, "optgroup"),
  (.button, "button"),
  (.form, "form"),
  (.lineBreak, "br"),
  (.table, "table"),
  (.tableSection, "tbody tfoot thead"),
  (.tableRow, "tr"),
  (.tablePart, "caption col colgroup tbody td tfoot th thead tr"),
  (.foreignRoot, "math svg"),
  (.math, "math"),
  (
    .breakout,
    """
    b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li \
    listing menu meta nobr ol p pre ruby s small span strike strong sub sup table tt u ul var
    """
  ),
]

/// Sources: HTML Standard, sections 13.2.4.2 (scopes) and 13.2.6.1 (integration points).
private let svgElements: [(ElementTraits, String)] = [
  (.anchor, "a"),
  (.hidden, "script style title"),
  ([.integration, .special, .itemScope, .scope], "desc foreignobject title"),
]
private let mathElements: [(ElementTraits, String)] = [
  (.anchor, "a"),
  ([.integration, .special, .itemScope, .scope], "mi mn mo ms mtext"),
  ([.special, .itemScope, .scope], "annotation-xml"),
]
