/// What a page says, taken from its HTML in one pass and without a tree.
package struct PageContent: Sendable {
  /// The first `title`, its white space collapsed; `nil` without one.
  package var title: String?
  /// What a reader sees, a line per block: no scripts, styles or templates, white space collapsed.
  package var text: String
  /// The links by their targets without fragments, each once, in order of first appearance.
  package var links: [PageLink]
  /// How many links are missing in `links`, because they were too long or too many.
  package var droppedLinks: Int
  /// The `href` of the first `base` that has one, as written.
  package var base: String?
  /// The `content` of every `meta name=robots` (or of our own name), joined with commas.
  package var robots: String?
  /// The character encoding that was used, by its WHATWG name.
  package var encoding: String

  package init(
    title: String? = nil,
    text: String = "",
    links: [PageLink] = [],
    droppedLinks: Int = 0,
    base: String? = nil,
    robots: String? = nil,
    encoding: String = "UTF-8"
  ) {
    self.title = title
    self.text = text
    self.links = links
    self.droppedLinks = droppedLinks
    self.base = base
    self.robots = robots
    self.encoding = encoding
  }
}

/// A link as it stands in a page.
package struct PageLink: Hashable, Sendable {
  package var kind: LinkKind
  /// As written, without its fragment and white space around it; relative if it was.
  package var target: String
  /// Whether every link of the page to this target has `rel=nofollow`.
  package var isNofollow: Bool

  package init(kind: LinkKind, target: String, isNofollow: Bool = false) {
    self.kind = kind
    self.target = target
    self.isNofollow = isNofollow
  }
}

/// Which element a link was written in.
package enum LinkKind: String, Hashable, Sendable, CaseIterable {
  case anchor, area, iframe, frame, refresh, next, canonical
}
