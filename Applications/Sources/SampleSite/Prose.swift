/// Writes sentences from `Words`.
struct Prose {
  let dice: Dice
  /// What most sentences with a loaf are about; any loaf if `nil`.
  var subject: String?

  /// `count` sentences with spaces between them.
  func paragraph(sentences count: Int) -> String {
    (0..<count).map { _ in sentence() }.joined(separator: " ")
  }

  func sentence() -> String { filled(dice.pick(Self.sentences)) }

  /// A step of a recipe.
  func step() -> String { filled(dice.pick(Self.steps)) }

  /// The sentences taken apart: text and names of slots in turn, text first.
  private static let sentences = Words.sentences.map(parts)
  private static let steps = Words.steps.map(parts)

  private static func parts(_ sentence: String) -> [String] {
    sentence.split(omittingEmptySubsequences: false) { $0 == "{" || $0 == "}" }.map(String.init)
  }

  private func filled(_ parts: [String]) -> String {
    var text = ""
    for (index, part) in parts.enumerated() { text += index.isMultiple(of: 2) ? part : word(part) }
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  func bread() -> String {
    [dice.pick(Words.adjectives), dice.pick(Words.grains), dice.pick(Words.shapes)]
      .joined(separator: " ")
  }

  func cake() -> String { "\(dice.pick(Words.fruits)) \(dice.pick(Words.cakes))" }

  private func word(_ slot: String) -> String {
    switch slot {
    case "loaf" where subject != nil && dice.chance(percent: 70): subject ?? ""
    case "loaf": "\(dice.pick(Words.grains).lowercased()) \(dice.pick(Words.shapes).lowercased())"
    case "person": dice.pick(Words.people)
    case "place": dice.pick(Words.places)
    case "customer": dice.pick(Words.customers)
    case "flour": dice.pick(Words.flours)
    case "liquid": dice.pick(Words.liquids)
    case "extra": dice.pick(Words.extras)
    case "weekday": dice.pick(Words.weekdays)
    case "hour": "\(dice.number(in: 2...6)) in the morning"
    case "minutes": "\(dice.number(in: 2...12) * 5)"
    case "count": "\(dice.number(in: 12...90))"
    case "days": "\(dice.number(in: 2...9))"
    default: "\(dice.number(in: 2...5))"
    }
  }
}
