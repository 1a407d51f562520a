internal import NIOHTTP1

/// The header fields of a message, in their order; names are compared without regard to case.
package struct Headers: Sendable, ExpressibleByDictionaryLiteral {
  var fields: HTTPHeaders

  init(_ fields: HTTPHeaders) {
    self.fields = fields
  }

  /// Fields in the order in which they are written, names as often as they appear.
  package init(dictionaryLiteral fields: (String, String)...) {
    self.fields = HTTPHeaders(fields)
  }

  /// Fields in the given order.
  package init(_ fields: [(name: String, value: String)] = []) {
    self.fields = HTTPHeaders(fields.map { ($0.name, $0.value) })
  }

  /// The value of the first field called `name`; setting it replaces all of them.
  package subscript(name: String) -> String? {
    get { fields.first(name: name) }
    set {
      fields.remove(name: name)
      if let newValue { fields.add(name: name, value: newValue) }
    }
  }

  /// The values of all fields called `name`.
  package func all(_ name: String) -> [String] { fields[name] }

  /// Adds a field behind the others.
  package mutating func add(_ name: String, _ value: String) {
    fields.add(name: name, value: value)
  }

  /// Whether every field may be sent: a line end in one would let its author write further fields.
  ///
  /// Syntax: RFC 9110, 5.5 and 5.6.2.
  var areValid: Bool {
    fields.allSatisfy { name, value in
      !name.isEmpty && name.utf8.allSatisfy(isTokenByte)
        && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
  }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default:
    "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
