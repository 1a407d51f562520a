/// A link of a page, and where it leads.
package struct SampleLink: Hashable, Sendable {
  /// How a link is written into a page.
  package enum Kind: Hashable, Sendable {
    /// An `a` element.
    case anchor
    /// The same with `rel="nofollow"`.
    case nofollow
    /// An `iframe` element.
    case frame
    /// A `meta` element that refreshes.
    case refresh
    /// A `link` element with `rel="canonical"`.
    case canonical
  }

  package let kind: Kind
  /// As written in the page: relative, from the root, or absolute, and sometimes with a fragment.
  package let reference: String
  /// Which host it leads to.
  package let host: Int
  /// Which path of that host, with its query and without the fragment.
  package let path: String
  /// What the reader sees.
  let label: String
}

/// How the target of a link is written.
enum LinkStyle {
  case relative, fromRoot, absolute
}

extension SampleWebsite {
  /// A link from `path` of `host` to a place.
  func link(
    from path: String,
    _ host: Int,
    to place: Place,
    on target: Int,
    _ style: LinkStyle = .fromRoot,
    kind: SampleLink.Kind = .anchor,
    fragment: String = ""
  ) -> SampleLink {
    let targetPath = self.path(of: place, host: target)
    let reference =
      switch style {
      case _ where target != host: url(host: target, path: targetPath)
      case .absolute: url(host: target, path: targetPath)
      case .fromRoot: targetPath
      case .relative: relativeReference(from: path, to: targetPath)
      }
    return SampleLink(
      kind: kind,
      reference: reference + fragment,
      host: target,
      path: targetPath,
      label: title(of: place, host: target)
    )
  }

  /// The shortest reference without dots for a neighbour, and one with `..` for the rest.
  private func relativeReference(from path: String, to target: String) -> String {
    let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex) + "/"
    if target.hasPrefix(folder), target != folder { return String(target.dropFirst(folder.count)) }
    let depth = folder.count { $0 == "/" } - 1
    let up = String(repeating: "../", count: depth)
    return up.isEmpty ? target : up + target.dropFirst()
  }
}
