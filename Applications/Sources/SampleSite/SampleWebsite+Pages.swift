extension SampleWebsite {
  /// Whether robots may read a path; `robots.txt` of every host says the same.
  package static func isAllowed(path: String) -> Bool {
    !path.hasPrefix("/private/") && !path.hasSuffix("/invoice")
      || path == Special.openingHours.rawValue
  }

  private static let robots = """
    # Baking is done at night; please read slowly.
    User-agent: *
    Disallow: /private/
    Disallow: /*/invoice$
    Allow: /private/opening-hours

    User-agent: crumb-counter
    Disallow: /

    """

  /// The answer of a host to a path, which includes its query; 404 where there is nothing.
  package func page(host: Int, path: String) -> SamplePage {
    var page =
      switch place(host: host, path: path) {
      case nil where path == "/robots.txt": SamplePage(text: Self.robots)
      case nil: failure(404, "There is nothing here but crumbs.", host, path)
      case .special(let special)?: self.page(of: special, host)
      case let place?: self.page(of: place, host)
      }
    page.latency = latency(host: host, path: path)
    return page
  }

  /// How long a host waits before it answers: 20 to 200 milliseconds.
  func latency(host: Int, path: String) -> Duration {
    .milliseconds(dice("latency", host, path).number(in: 20...200))
  }

  /// A page with its links, but without content.
  func document(of place: Place, _ host: Int) -> (document: Document, links: [SampleLink]) {
    let path = path(of: place, host: host)
    let navigation = navigation(from: path, host)
    let groups = groups(of: place, host: host)
    let footer = footer(from: path, host)
    let crusts = ["#c98a4b", "#a9642f", "#d9a25f", "#8a5230", "#b9783c"]
    var document = Document(title: title(of: place, host: host), site: name(ofHost: host))
    document.navigation = navigation
    document.groups = groups
    document.footer = footer
    document.crust = dice("crust", host, path).pick(crusts)
    let inHead = groups.flatMap(\.links).filter { [.canonical, .refresh].contains($0.kind) }
    document.head = inHead.map { $0.html + "\n" }.joined()
    let inBody = groups.flatMap(\.links).filter { ![.canonical, .refresh].contains($0.kind) }
    return (document, inHead + navigation + inBody + footer)
  }

  func page(_ document: Document, _ links: [SampleLink]) -> SamplePage {
    var page = SamplePage(type: "text/html; charset=utf-8", Array(document.html.utf8))
    page.title = document.fullTitle
    page.links = links
    return page
  }

  func failure(_ status: Int, _ text: String, _ host: Int, _ path: String) -> SamplePage {
    var document = Document(title: "\(status)", site: name(ofHost: host))
    document.content = "<p class=\"lead\">\(text)</p>"
    var page = page(document, [])
    page.status = status
    return page
  }

  private func page(of place: Place, _ host: Int) -> SamplePage {
    var (document, links) = document(of: place, host)
    let path = path(of: place, host: host)
    let dice = dice("text", host, path)
    switch place {
    case .article(let section, _):
      let frame = document.html.utf8.count
      let article = Article(section: section, title: document.title, dice: dice)
      document.content = article.html(size: size(dice) - frame)
    case .invoice(let index):
      document.content = Article.table([("To be paid", "\(1001 + index) crowns")])
    case .front:
      let welcome = "Welcome to \(document.title), one of \(hosts) bakeries of the guild."
      document.content = "<p class=\"lead\">\(welcome)</p>\n" + paragraphs(2, dice)
    default:
      document.content = paragraphs(1, dice)
    }
    return page(document, links)
  }

  func paragraphs(_ count: Int, _ dice: Dice) -> String {
    let prose = Prose(dice: dice)
    return (0..<count).map { _ in "<p>\(prose.paragraph(sentences: 4))</p>\n" }.joined()
  }

  /// The size of an article in bytes: some 9,000 in the middle, most between 4,000 and 20,000, a few very large.
  ///
  /// A product of many factors is distributed about log-normally, as the sizes of real pages are.
  private func size(_ dice: Dice) -> Int {
    let size = (0..<5).reduce(3200) { size, _ in size * dice.number(in: 60...200) / 100 }
    return min(size, 58_000)
  }
}
