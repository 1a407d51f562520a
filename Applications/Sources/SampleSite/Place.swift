/// The parts of a bakery's catalogue.
enum Section: String, CaseIterable, Sendable {
  case breads, recipes, orders, journal

  var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

/// What there is at a path of a host.
enum Place: Hashable, Sendable {
  case front
  case curiosities
  case section(Section)
  /// A part of a section that is too large for one list.
  case shelf(Section, Int)
  case article(Section, Int)
  /// The invoice of an order, which robots must not read.
  case invoice(Int)
  case special(Special)
}

/// The oddities, by their paths.
enum Special: String, CaseIterable, Sendable {
  // Every host has these.
  case login = "/account/login"
  case ledger = "/private/ledger"
  case houseRecipes = "/private/house-recipes"
  case openingHours = "/private/opening-hours"
  case missing = "/missing-loaf"
  case broken = "/broken-oven"
  case soldOut = "/sold-out"
  case oldAddress = "/old-address"
  case catalogue = "/catalogue.json"
  case priceList = "/price-list.txt"
  case picture = "/loaf.png"
  // One host has each of these.
  case moved1 = "/moved/1"
  case moved2 = "/moved/2"
  case moved3 = "/moved/3"
  case loopA = "/loop/a"
  case loopB = "/loop/b"
  case everything = "/everything"
  case slowProof = "/slow-proof"
  case brochure = "/brochure.pdf"
  case window = "/window"
  case pane = "/window/pane"
  case todaysSpecial = "/todays-special"
  case specialOfToday = "/specials/today"
  case germanMenu = "/alte-karte"
  case favourite = "/favourite"
  case favouriteFromFront = "/favourite?from=front"

  /// Which of `hosts` hosts has it; `nil` for all.
  func home(among hosts: Int) -> Int? {
    switch self {
    case .login, .ledger, .houseRecipes, .openingHours, .missing, .broken, .soldOut, .oldAddress,
      .catalogue, .priceList, .picture:
      nil
    case .moved1, .moved2, .moved3: 1 % hosts
    case .loopA, .loopB: 2 % hosts
    case .everything: 3 % hosts
    case .slowProof: 4 % hosts
    case .brochure, .germanMenu: 5 % hosts
    case .window, .pane: 6 % hosts
    case .todaysSpecial, .specialOfToday, .favourite, .favouriteFromFront: 7 % hosts
    }
  }

  /// Whether the list of curiosities links to it; the others are found through these.
  var isListed: Bool {
    ![.login, .moved2, .moved3, .loopB, .pane, .specialOfToday, .favourite].contains(self)
  }

  var title: String {
    switch self {
    case .login: "Sign in"
    case .ledger: "The ledger"
    case .houseRecipes: "Recipes of the house"
    case .openingHours: "Opening hours"
    case .missing: "The loaf that is missing"
    case .broken: "The broken oven"
    case .soldOut: "Sold out, for a moment"
    case .oldAddress: "Our old address"
    case .catalogue: "The catalogue for machines"
    case .priceList: "Price list"
    case .picture: "A picture of a loaf"
    case .moved1, .moved2, .moved3: "Moved, and moved again"
    case .loopA, .loopB: "Round the block"
    case .everything: "Everything we ever baked"
    case .slowProof: "The slow proof"
    case .brochure: "Our brochure"
    case .window: "The shop window"
    case .pane: "Behind the glass"
    case .todaysSpecial: "Today's special"
    case .specialOfToday: "The special of today"
    case .germanMenu: "Alte Karte"
    case .favourite, .favouriteFromFront: "The favourite"
    }
  }
}
