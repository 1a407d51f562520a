/// Writes a JSON object, its keys in the order in which they come.
package struct JSONObject {
  private var members: [String] = []

  package init() {}

  package var text: String { "{\(members.joined(separator: ","))}" }

  package mutating func set(_ key: String, raw value: String) {
    members.append("\(Self.quoted(key)):\(value)")
  }

  package mutating func set(_ key: String, _ value: Int) { set(key, raw: "\(value)") }

  package mutating func set(_ key: String, _ value: Double, places: Int) {
    set(key, raw: fixed(value, places, trimsZeros: true))
  }

  package mutating func set(_ key: String, _ value: Bool) { set(key, raw: "\(value)") }

  package mutating func set(_ key: String, _ value: String) { set(key, raw: Self.quoted(value)) }

  package mutating func set(_ key: String, list: [String]) {
    set(key, raw: "[\(list.map(Self.quoted).joined(separator: ","))]")
  }

  private static func quoted(_ text: String) -> String {
    var json = JSONText()
    json.append(string: text)
    return json.text
  }
}
