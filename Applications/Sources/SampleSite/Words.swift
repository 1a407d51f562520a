/// The vocabulary of the bakeries.
enum Words {
  static let bakeries = [
    "Harbour Street Bakery", "The Old Mill Bakehouse", "Lantern Lane Bakers", "North Gate Ovens",
    "The Copper Kettle Bakery", "Weaver's Yard Bread", "Saltmarsh Bakehouse", "The Orchard Oven",
    "Bridge End Bakery", "Quarry Hill Loaves", "Ferry Landing Bakers", "The Clocktower Oven",
  ]
  static let adjectives = [
    "Dark", "Golden", "Crusty", "Slow", "Country", "Smoked", "Seeded", "Malted", "Sour", "Morning",
    "Winter", "Harvest", "Stone-Baked", "Honeyed", "Rustic", "Toasted",
  ]
  static let grains = [
    "Rye", "Spelt", "Wheat", "Oat", "Barley", "Emmer", "Buckwheat", "Walnut", "Poppy", "Potato",
    "Sunflower", "Olive", "Caraway", "Chestnut",
  ]
  static let shapes = [
    "Loaf", "Baton", "Roll", "Ring", "Plait", "Round", "Flatbread", "Crown", "Twist", "Bun",
  ]
  static let fruits = [
    "Plum", "Apple", "Cherry", "Pear", "Apricot", "Rhubarb", "Quince", "Bilberry", "Lemon", "Fig",
    "Hazelnut", "Almond", "Cinnamon", "Ginger",
  ]
  static let cakes = [
    "Crumble Cake", "Tart", "Turnover", "Slice", "Pound Cake", "Strudel", "Biscuit", "Sponge",
    "Galette", "Pudding", "Shortbread", "Dumpling",
  ]
  static let customers = [
    "the Harbour Office", "the School on the Hill", "Mrs Albers", "the Lighthouse",
    "the Ferry Crew",
    "the Choir", "the Night Market", "Old Mr Tamm", "the Chess Club", "the Fire Station",
    "the Library", "the Rowing Team", "the Theatre", "Captain Brandt",
  ]
  static let events = [
    "The New Oven", "Flour From the Mill", "A Wedding Order", "Snow at the Door", "The Long Queue",
    "Burnt Again", "The Apprentice", "A Quiet Monday", "The Health Inspector", "Market Day",
    "Sourdough Rescue", "Harvest Supper", "The Power Cut", "Visitors From Afar",
  ]
  static let people = [
    "Ida", "Bruno", "Marta", "Otis", "Selma", "Anton", "Freya", "Jonas", "Greta", "Emil", "Tilda",
    "Hugo",
  ]
  static let places = [
    "the back room", "the shop window", "the yard", "the flour loft", "the cellar",
    "the corner table",
    "the market stall", "the quay", "the upper deck", "the counter",
  ]
  static let liquids = ["lukewarm water", "buttermilk", "cider", "whey", "milk", "dark beer"]
  static let flours = [
    "rye flour", "strong wheat flour", "wholemeal spelt", "fine white flour", "oatmeal",
    "barley flour",
  ]
  static let extras = [
    "sea salt", "caraway", "sunflower seeds", "walnuts", "honey", "molasses", "raisins",
    "poppy seeds",
    "butter", "brown sugar", "lemon peel", "yeast", "sourdough",
  ]
  static let headings = [
    "Before dawn", "What the crust tells", "From the mill", "Keeping it fresh",
    "With what to eat it",
    "A word on salt", "The second rise", "How it came to us", "For those who bake at home",
    "Small mistakes", "In summer and in winter", "What is left over",
  ]
  /// Braces stand for a word of the list with that name.
  static let sentences = [
    "The {loaf} goes into the oven at {hour}, when {place} is still dark.",
    "{person} mixes {flour} with {liquid} and leaves the dough alone for {minutes} minutes.",
    "A good {loaf} sounds hollow when you knock on it, and {person} knocks on every single one.",
    "On {weekday} we bake {count} of them, and by noon there is none left.",
    "Go easy on the {extra}: a little lifts the crumb, a lot weighs it down.",
    "{person} keeps the starter in {place}, in a jar that nobody else may open.",
    "The flour comes down from the mill every {weekday}, {count} sacks at a time.",
    "If the dough sticks, wet your hands rather than reach for more {flour}.",
    "We tried it with {liquid} once, and {person} still talks about that morning.",
    "The {loaf} keeps for {days} days in a linen cloth and for longer in a stone pot.",
    "Serve it with {extra}, or simply with butter, while the crust still crackles.",
    "Nobody remembers who first put {extra} into the {loaf}, but it has stayed there since.",
    "The oven holds its heat for {hours} hours, so the {loaf} bakes last and slowest.",
    "{person} says that patience is the only thing you cannot buy at the mill.",
    "A pinch of {extra} goes in at the end, after the dough has rested for {minutes} minutes.",
    "In winter the dough rises near the chimney; in summer {place} is warm enough.",
    "Cut it only when it has cooled, however hard that may be with {count} people waiting.",
    "The apprentices begin with the {loaf}, because it forgives almost everything.",
    "What is not sold by {hour} goes to {customer}, sliced and wrapped.",
    "{person} weighs the {flour} twice and the {extra} three times.",
    "The recipe hangs in {place}, with {count} corrections in as many hands.",
    "Steam makes the crust shine: a cup of water on the hot stone, and close the door at once.",
    "For a darker crumb replace a part of the {flour} and add a spoon of molasses.",
    "{customer} orders {count} for {weekday}, and has done so for {days} years.",
    "Fold the dough {days} times, with half an hour of rest in between.",
    "There was a year when {extra} could not be had, and the {loaf} was the better for it.",
    "Children get the end pieces; {person} insists on it.",
    "It takes {minutes} minutes in a hot oven and a little less in one that has been up all night.",
    "When the wind comes from the sea, the whole street knows that the {loaf} is ready.",
    "{person} writes down the weather beside each batch, and it does explain a good deal.",
  ]
  static let steps = [
    "Sift the {flour} into a wide bowl and make a hollow in the middle.",
    "Warm the {liquid} and stir in the {extra}.",
    "Knead for {minutes} minutes, until the dough comes off the bowl.",
    "Cover it with a cloth and let it rest in {place}.",
    "Shape it with floured hands, and do not press out the air.",
    "Brush the top with {liquid} and scatter the {extra} over it.",
    "Bake for {minutes} minutes, and turn it once.",
    "Let it cool on a rack before anybody touches it.",
    "Add the {extra} by the spoonful and taste in between.",
    "Roll it out as thick as a finger and fold it {days} times.",
  ]
  static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
}
