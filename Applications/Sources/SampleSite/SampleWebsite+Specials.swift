/// The oddities.
extension SampleWebsite {
  func page(of special: Special, _ host: Int) -> SamplePage {
    let path = special.rawValue
    switch special {
    case .missing: return failure(404, "It was here this morning.", host, path)
    case .broken: return failure(500, "The oven is cold, and nobody knows why.", host, path)
    case .oldAddress: return redirect(to: .section(.breads), host)
    case .moved1: return redirect(to: .special(.moved2), host)
    case .moved2: return redirect(to: .special(.moved3), host)
    case .moved3: return redirect(to: .section(.journal), host)
    case .loopA: return redirect(to: .special(.loopB), host)
    case .loopB: return redirect(to: .special(.loopA), host)
    case .catalogue:
      return SamplePage(type: "application/json", Array(catalogue(host).utf8))
    case .priceList: return SamplePage(text: priceList(host))
    case .picture: return SamplePage(type: "image/png", Picture.loaf(dice("picture", host, path)))
    case .brochure:
      let text = "\(name(ofHost: host)): bread since the first winter"
      return SamplePage(type: "application/pdf", Brochure.pdf(saying: text))
    case .germanMenu: return germanMenu(host)
    case .soldOut, .slowProof, .everything, .login, .ledger, .houseRecipes, .openingHours, .window,
      .pane, .todaysSpecial, .specialOfToday, .favourite, .favouriteFromFront:
      return ordinaryPage(of: special, host)
    }
  }

  private func redirect(to place: Place, _ host: Int) -> SamplePage {
    SamplePage(redirectTo: path(of: place, host: host))
  }

  private func ordinaryPage(of special: Special, _ host: Int) -> SamplePage {
    var (document, links) = document(of: .special(special), host)
    let dice = dice("text", host, special.rawValue)
    document.content = paragraphs(3, dice)
    if special == .everything {
      while document.content.utf8.count < 2_000_000 { document.content += paragraphs(20, dice) }
    }
    var page = page(document, links)
    page.isBusyAtFirst = special == .soldOut
    page.drip = special == .slowProof ? .seconds(1) : .zero
    return page
  }

  /// A page in ISO-8859-1 that says so in the document alone.
  private func germanMenu(_ host: Int) -> SamplePage {
    var (document, links) = document(of: .special(.germanMenu), host)
    document.language = "de"
    document.encoding = "iso-8859-1"
    document.site = document.site.replacing("–", with: "-")
    document.content = """
      <p class="lead">Müsli, Brötchen und Nußecken, täglich außer sonntags.</p>
      <p>Für größere Bestellungen fragen Sie bitte früh am Morgen in der Backstube nach Jürgen.</p>
      """
    var page = page(document, links)
    // The first 256 characters of Unicode are those of ISO-8859-1; the dash of the title is not among them.
    page.body = document.html.replacing("–", with: "-").unicodeScalars.map {
      UInt8(exactly: $0.value) ?? UInt8(ascii: "?")
    }
    page.title = page.title.replacing("–", with: "-")
    page.headers = [(name: "Content-Type", value: "text/html")]
    return page
  }

  private func catalogue(_ host: Int) -> String {
    let count = counts(.breads, host: host).articles
    let names = (0..<min(count, 100)).map { title(of: .article(.breads, $0), host: host) }
    return "{\"bakery\": \"\(name(ofHost: host))\", \"breads\": [\n"
      + names.map { "  \"\($0)\"" }.joined(separator: ",\n") + "\n]}\n"
  }

  private func priceList(_ host: Int) -> String {
    let dice = dice("prices", host, "")
    let prose = Prose(dice: dice)
    return "Prices of \(name(ofHost: host)) in crowns\n\n"
      + (0..<40).map { _ in
        "\(dice.number(in: 2...9)).\(dice.number(in: 10...99))  \(prose.bread())\n"
      }
      .joined()
  }
}
