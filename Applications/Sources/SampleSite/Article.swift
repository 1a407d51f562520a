/// What the articles say.
struct Article {
  let section: Section
  let title: String
  let dice: Dice

  private var prose: Prose {
    Prose(dice: dice, subject: [.breads, .recipes].contains(section) ? title.lowercased() : nil)
  }

  /// The article as HTML, filled up with text to about `size` bytes.
  func html(size: Int) -> String {
    var html = "<p class=\"lead\">\(prose.paragraph(sentences: 2))</p>\n\(facts)\n"
    while html.utf8.count < size {
      if dice.chance(percent: 30) { html += "<h2>\(dice.pick(Words.headings))</h2>\n" }
      html += "<p>\(prose.paragraph(sentences: dice.number(in: 3...6)))</p>\n"
    }
    return html
  }

  private var facts: String {
    switch section {
    case .breads:
      Self.table([
        ("Flour", dice.pick(Words.flours)), ("Water", "\(dice.number(in: 58...85)) %"),
        ("Weight", "\(dice.number(in: 4...20) * 50) g"),
        ("Proof", "\(dice.number(in: 2...24)) hours"),
        ("In the oven", "\(dice.number(in: 3...12) * 5) minutes"), ("Price", price(150...900)),
      ])
    case .recipes:
      Self.table(ingredients) + "\n<ol>\n\(steps.joined(separator: "\n"))\n</ol>"
    case .orders:
      Self.table(
        (0..<dice.number(in: 3...9)).map { _ in
          ("\(dice.number(in: 2...40)) × \(prose.bread())", price(300...9000))
        }
      )
    case .journal:
      Self.table([
        ("Up at", "\(dice.number(in: 1...4)):\(dice.number(in: 1...5))0"),
        ("Outside", "\(dice.number(in: -9...28)) °C"),
        ("Baked", "\(dice.number(in: 90...600)) loaves"),
        ("Left over", "\(dice.below(20))"), ("At the oven", dice.pick(Words.people)),
      ])
    }
  }

  private var ingredients: [(String, String)] {
    let extras = Words.extras.filter { _ in dice.chance(percent: 40) }
    return [(dice.pick(Words.flours), "\(dice.number(in: 4...20) * 50) g")]
      + extras.map { ($0, "\(dice.number(in: 1...12) * 10) g") }
  }

  private var steps: [String] {
    (0..<dice.number(in: 4...8)).map { _ in "<li>\(prose.step())</li>" }
  }

  static func table(_ rows: [(String, String)]) -> String {
    let rows = rows.map { "<tr><th>\($0.0)</th><td>\($0.1)</td></tr>" }
    return "<table id=\"facts\">\n\(rows.joined(separator: "\n"))\n</table>"
  }

  private func price(_ cents: ClosedRange<Int>) -> String {
    let amount = dice.number(in: cents)
    return "\(amount / 100).\(amount % 100 < 10 ? "0" : "")\(amount % 100) crowns"
  }
}
