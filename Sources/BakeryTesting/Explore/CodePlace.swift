internal import CBakeryRuntime

/// A place in the code, as far as debug information and symbols tell.
struct CodePlace: Equatable, Sendable {
  /// The function, for example `transfer(_:)`; empty when it is not known.
  var function = ""
  /// The file's name and the line, or `nil`.
  var location: String?
  /// Whether it is the system's or the toolkit's, where a report does not want to point at.
  var isOfOthers = false

  /// For example `Bank.swift:12 transfer(_:)`.
  var text: String {
    [location, function.isEmpty ? nil : function].compactMap(\.self).joined(separator: " ")
  }

  /// Looks addresses up, all at once because each call starts a program.
  ///
  /// `llvm-symbolizer` comes with Swift's toolchain. Where it is not found, places have no text.
  static func places(of addresses: Set<UInt>) -> [UInt: CodePlace] {
    var byFile: [String: [(address: UInt, offset: UInt)]] = [:]
    for address in addresses.sorted() {
      var offset: UInt = 0
      guard let file = bakery_place_of(address, &offset) else { continue }
      byFile[String(cString: file), default: []].append((address, offset))
    }
    var places: [UInt: CodePlace] = [:]
    for (file, found) in byFile where !file.contains("'") {
      let offsets = found.map { "0x" + String($0.offset, radix: 16) }.joined(separator: " ")
      let command =
        "llvm-symbolizer --no-inlines --basenames --functions=linkage --obj='\(file)' \(offsets) 2>/dev/null"
      guard let output = bakery_output_of(command) else { continue }
      defer { bakery_free(output) }
      let isOfSystem =
        ["/usr/lib", "/lib"].contains { file.hasPrefix($0) } || file.contains("/lib/swift/")
      for (place, var one) in zip(found, parse(String(cString: output))) {
        if isOfSystem { one.isOfOthers = true }
        places[place.address] = one
      }
    }
    return places
  }

  /// Reads the answers: for each address the symbol, file:line:column, and an empty line.
  static func parse(_ output: String) -> [CodePlace] {
    var places: [CodePlace] = []
    var lines = output.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let symbol = lines.popFirst(), let position = lines.popFirst() {
      _ = lines.popFirst()
      guard !symbol.isEmpty else { continue }
      let parts = position.split(separator: ":")
      // `??`, `<compiler-generated>`, and `@__swiftmacro…` for the text that a macro makes of its arguments.
      let isKnown = parts.count >= 2 && !"?<@".contains(parts[0].prefix(1)) && parts[1] != "0"
      places.append(
        CodePlace(
          function: symbol == "??" ? "" : shortName(of: demangled(String(symbol))),
          location: isKnown ? "\(parts[0]):\(parts[1])" : nil,
          isOfOthers: [
            "$s6Bakery", "$s13BakeryTesting", "bakery_", "$s15Synchronization", "_swift_",
          ].contains {
            symbol.hasPrefix($0)
          } || ["CBakeryRuntime.c", "Outside.c"].contains { parts.first == $0[...] }
        )
      )
    }
    return places
  }

  /// The name without modules, types of arguments and what the compiler adds.
  static func shortName(of name: String) -> String {
    var name = name[...]
    for thunk in ["partial function for ", "partial apply forwarder for "] {
      if let part = name.firstRange(of: thunk) { name = name[part.upperBound...] }
    }
    if name.hasPrefix("closure #"), let end = name.firstIndex(of: " ") {
      let number = name[end...].dropFirst().prefix { $0 != " " }
      let owner = name.ranges(of: " in ").last.map { shortName(of: String(name[$0.upperBound...])) }
      return "closure \(number)" + (owner.map { " in \($0)" } ?? "")
    }
    let base = name.prefix { !"(<@".contains($0) }
    let parts = base.split(separator: " ").last?.split(separator: ".") ?? []
    // The first part is the module.
    return parts.count > 1 ? parts.dropFirst().joined(separator: ".") : String(base)
  }

  private static func demangled(_ symbol: String) -> String {
    guard let name = bakery_demangled(symbol) else { return symbol }
    defer { bakery_free(name) }
    return String(cString: name)
  }
}
