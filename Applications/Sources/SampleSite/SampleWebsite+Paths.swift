/// The plan of the site: how much there is of everything, and at which path.
extension SampleWebsite {
  func name(ofHost host: Int) -> String {
    let round = host / Words.bakeries.count
    return Words.bakeries[host % Words.bakeries.count] + (round == 0 ? "" : " \(round + 1)")
  }

  func dice(_ purpose: String, _ host: Int, _ path: String) -> Dice {
    Dice(seed: seed, purpose, "\(host)", path)
  }

  /// How many shelves a section has on a host, none if one list will do, and how many articles.
  ///
  /// A host's share of the pages is a front page, a list of curiosities, and the sections.
  func counts(_ section: Section, host: Int) -> (shelves: Int, articles: Int) {
    let share = Self.share(of: pages, among: hosts, host) - 2 - Section.allCases.count
    let index = Section.allCases.firstIndex(of: section) ?? 0
    let count = Self.share(of: share, among: Section.allCases.count, index)
    guard count > 30 else { return (0, count) }
    let size = max(30, Int(Double(count).squareRoot()))
    let shelves = (count + size) / (size + 1)
    return (shelves, count - shelves)
  }

  /// Deals `total` out so that no share is larger by more than one.
  private static func share(of total: Int, among count: Int, _ index: Int) -> Int {
    total / count + (index < total % count ? 1 : 0)
  }

  /// The articles on a shelf.
  func articles(onShelf shelf: Int, _ section: Section, host: Int) -> Range<Int> {
    let (shelves, articles) = counts(section, host: host)
    return shelf * articles / shelves..<(shelf + 1) * articles / shelves
  }

  func path(of place: Place, host: Int) -> String {
    switch place {
    case .front: "/"
    case .curiosities: "/curiosities"
    case .section(let section): "/\(section)"
    case .shelf(let section, let index): "/\(section)/shelf-\(index + 1)"
    case .article(.orders, let index): "/orders/\(1001 + index)"
    case .article(.journal, let index): "/journal/day-\(index + 1)"
    case .article(let section, let index):
      "/\(section)/\(slug(name(ofArticle: index, section, host)))-\(index + 1)"
    case .invoice(let index): "/orders/\(1001 + index)/invoice"
    case .special(let special): special.rawValue
    }
  }

  /// What there is at `path`, its query included.
  func place(host: Int, path: String) -> Place? {
    guard (0..<hosts).contains(host) else { return nil }
    if path == "/" { return .front }
    if path == "/curiosities" { return .curiosities }
    if let special = Special(rawValue: path) {
      return special.home(among: hosts) ?? host == host ? .special(special) : nil
    }
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard let section = parts.first.flatMap({ Section(rawValue: String($0)) }) else { return nil }
    let place: Place
    if parts.count == 1 {
      place = .section(section)
    } else {
      guard let number = parts[1].split(separator: "-").last.flatMap({ Int($0) }) else {
        return nil
      }
      let index = number - (section == .orders ? 1001 : 1)
      if parts[1].hasPrefix("shelf-") {
        place = .shelf(section, number - 1)
      } else {
        place = parts.count == 2 ? .article(section, index) : .invoice(index)
      }
    }
    return isThere(place, host) && self.path(of: place, host: host) == path ? place : nil
  }

  private func isThere(_ place: Place, _ host: Int) -> Bool {
    switch place {
    case .shelf(let section, let index):
      (0..<counts(section, host: host).shelves).contains(index)
    case .article(let section, let index):
      (0..<counts(section, host: host).articles).contains(index)
    case .invoice(let index):
      (0..<counts(.orders, host: host).articles).contains(index)
    default: true
    }
  }

  func title(of place: Place, host: Int) -> String {
    switch place {
    case .front: name(ofHost: host)
    case .curiosities: "Curiosities"
    case .section(let section): section.title
    case .shelf(let section, let index): "\(section.title), shelf \(index + 1)"
    case .article(let section, let index): name(ofArticle: index, section, host)
    case .invoice(let index): "Invoice \(1001 + index)"
    case .special(let special): special.title
    }
  }

  private func name(ofArticle index: Int, _ section: Section, _ host: Int) -> String {
    let dice = Dice(seed: seed, "name", "\(host)", section.rawValue, "\(index)")
    switch section {
    case .breads: return Prose(dice: dice).bread()
    case .recipes: return Prose(dice: dice).cake()
    case .orders: return "Order \(1001 + index) for \(dice.pick(Words.customers))"
    case .journal: return "Day \(index + 1): \(dice.pick(Words.events))"
    }
  }

  private func slug(_ name: String) -> String {
    name.lowercased().split(separator: " ").joined(separator: "-")
  }
}
