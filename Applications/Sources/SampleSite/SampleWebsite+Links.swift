/// Which page links to which.
///
/// The front page of host 0 leads to all hosts, a front page to the sections, a section to its articles (through
/// shelves if there are many): so the way to any page is short, and a crawl can spread out fast.
extension SampleWebsite {
  /// The links of a page in groups, each with a heading.
  struct LinkGroup {
    let heading: String
    var links: [SampleLink]
  }

  /// The links at the head of every page of a host.
  func navigation(from path: String, _ host: Int) -> [SampleLink] {
    ([.front] + Section.allCases.map(Place.section)).map {
      link(from: path, host, to: $0, on: host)
    }
  }

  /// The links at its foot.
  func footer(from path: String, _ host: Int) -> [SampleLink] {
    var links = [link(from: path, host, to: .curiosities, on: host)]
    for step in 1...2 where step < hosts {
      links.append(link(from: path, host, to: .front, on: (host + step) % hosts))
    }
    links.append(link(from: path, host, to: .special(.login), on: host, kind: .nofollow))
    return links
  }

  /// The links in the middle.
  func groups(of place: Place, host: Int) -> [LinkGroup] {
    let path = path(of: place, host: host)
    switch place {
    case .front: return frontGroups(host)
    case .curiosities:
      let specials = specials(of: host).map {
        link(from: path, host, to: .special($0), on: host, .relative)
      }
      return [LinkGroup(heading: "Things to see", links: specials)]
    case .section(let section):
      let (shelves, articles) = counts(section, host: host)
      let places: [Place] =
        shelves == 0
        ? (0..<articles).map { .article(section, $0) } : (0..<shelves).map { .shelf(section, $0) }
      let links = places.map { link(from: path, host, to: $0, on: host, .relative) }
      return [LinkGroup(heading: "All \(section)", links: links)]
    case .shelf(let section, let index):
      let links = articles(onShelf: index, section, host: host).map {
        link(from: path, host, to: .article(section, $0), on: host, .relative)
      }
      return [LinkGroup(heading: "On this shelf", links: links)]
    case .article(let section, let index):
      return articleGroups(section, index, host)
    case .special(let special):
      return specialGroups(special, host)
    case .invoice: return []
    }
  }

  /// The oddities of a host that its curiosities list.
  private func specials(of host: Int) -> [Special] {
    Special.allCases.filter { special in
      special.isListed && (special.home(among: hosts) ?? host) == host
    }
  }

  private func frontGroups(_ host: Int) -> [LinkGroup] {
    let dice = dice("links", host, "/")
    var groups = [
      LinkGroup(
        heading: "Fresh today",
        links: (0..<6).map { _ in anyArticle(of: host, "/", host, dice) }
      ),
      LinkGroup(heading: "In the back", links: [link(from: "/", host, to: .curiosities, on: host)]),
      LinkGroup(heading: "Worth the wait", links: waits(of: host)),
    ]
    let others = host == 0 ? Array(1..<hosts) : [0]
    let links = others.filter { $0 < hosts }.map { link(from: "/", host, to: .front, on: $0) }
    if !links.isEmpty { groups.append(LinkGroup(heading: "Bakeries of the guild", links: links)) }
    return groups
  }

  /// What takes longest stands in front, so that a crawl in the order of discovery can begin with it.
  private func waits(of host: Int) -> [SampleLink] {
    [Special.soldOut, .slowProof].filter(specials(of: host).contains).map {
      link(from: "/", host, to: .special($0), on: host)
    }
  }

  private func articleGroups(_ section: Section, _ index: Int, _ host: Int) -> [LinkGroup] {
    let path = path(of: .article(section, index), host: host)
    let dice = dice("links", host, path)
    var links: [SampleLink] = []
    for _ in 0..<dice.number(in: 4...28) {
      switch dice.below(100) {
      case 0..<45:
        let sibling = Place.article(section, dice.below(counts(section, host: host).articles))
        links.append(
          link(from: path, host, to: sibling, on: host, .relative, fragment: fragment(dice))
        )
      case 45..<70: links.append(anyArticle(of: host, path, host, dice))
      case 70..<88: links.append(anyArticle(of: dice.below(hosts), path, host, dice))
      case 88..<93:
        links.append(link(from: path, host, to: .special(dice.pick(specials(of: host))), on: host))
      default: links.append(links.last ?? anyArticle(of: host, path, host, dice))
      }
    }
    var groups = [LinkGroup(heading: "From the same oven", links: links)]
    if section == .orders {
      let invoice = link(from: path, host, to: .invoice(index), on: host, .relative)
      groups.append(LinkGroup(heading: "Papers", links: [invoice]))
    }
    return groups
  }

  private func specialGroups(_ special: Special, _ host: Int) -> [LinkGroup] {
    func link(_ place: Place, _ kind: SampleLink.Kind) -> SampleLink {
      self.link(from: special.rawValue, host, to: place, on: host, kind: kind)
    }
    switch special {
    case .window: return [LinkGroup(heading: "", links: [link(.special(.pane), .frame)])]
    case .todaysSpecial:
      return [LinkGroup(heading: "", links: [link(.special(.specialOfToday), .refresh)])]
    case .favouriteFromFront, .favourite:
      return [LinkGroup(heading: "", links: [link(.special(.favourite), .canonical)])]
    default: return []
    }
  }

  private func anyArticle(of target: Int, _ path: String, _ host: Int, _ dice: Dice) -> SampleLink {
    let section = dice.pick(Section.allCases)
    let place = Place.article(section, dice.below(counts(section, host: target).articles))
    let style = dice.pick([LinkStyle.relative, .fromRoot, .fromRoot, .absolute])
    return link(from: path, host, to: place, on: target, style, fragment: fragment(dice))
  }

  private func fragment(_ dice: Dice) -> String {
    dice.chance(percent: 15) ? "#facts" : ""
  }
}
