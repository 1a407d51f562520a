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

  private static let others: Set<String> = [
    "Bakery", "BakeryTesting", "Swift", "_Concurrency", "Synchronization", "compiler",
  ]

  /// Reads the answers: for each address the symbol, file:line:column, and an empty line.
  static func parse(_ output: String) -> [CodePlace] {
    var places: [CodePlace] = []
    var lines = output.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let symbol = lines.popFirst(), let position = lines.popFirst() {
      _ = lines.popFirst()
      guard !symbol.isEmpty else { continue }
      let parts = position.split(separator: ":")
      // Of packages that this one depends on, files of C stand there with their folders.
      let file = parts.first?.split(separator: "/").last ?? ""
      // `??`, `<compiler-generated>`, and `@__swiftmacro…` for the text that a macro makes of its arguments.
      let isKnown = parts.count >= 2 && !"?<@".contains(file.prefix(1)) && parts[1] != "0"
      let name = Self.parts(of: demangled(String(symbol)))
      places.append(
        CodePlace(
          function: symbol == "??" ? "" : name.short,
          location: isKnown ? "\(file):\(parts[1])" : nil,
          isOfOthers: others.contains(name.owner)
            || ["bakery_", "_swift_"].contains { symbol.hasPrefix($0) }
            || ["CBakeryRuntime.c", "Outside.c", "Strand.c"].contains { file == $0 }
        )
      )
    }
    return places
  }

  /// The name without modules, types of arguments and what the compiler adds.
  static func shortName(of name: String) -> String { parts(of: name).short }

  /// Whose code it is, and what it is called there; the owner of a thunk is the compiler.
  private static func parts(of name: String) -> (owner: String, short: String) {
    if name.contains("reabstraction thunk") { return ("compiler", "") }
    // The discriminator of a private name, and the module of an extension, stand in parentheses; only closures are "in".
    var name =
      withoutGenerics(name).replacing(/\((\S+) in _[0-9A-F]+\)/) { "\($0.1)" }
      .replacing("(extension in ", with: "(extension of ")[...]
    for thunk in ["partial function for ", "partial apply forwarder for ", "specialization  of "] {
      if let part = name.ranges(of: thunk).last { name = name[part.upperBound...] }
    }
    if name.hasPrefix("closure #"), let end = name.firstIndex(of: " ") {
      let number = name[end...].dropFirst().prefix { $0 != " " }
      guard let place = name.ranges(of: " in ").last else { return ("", "closure \(number)") }
      let owner = parts(of: String(name[place.upperBound...]))
      return (owner.owner, "closure \(number) in \(owner.short)")
    }
    var owner: Substring?
    if let extended = name.firstRange(of: "(extension of "),
      let end = name[extended.upperBound...].firstRange(of: "):")
    {
      owner = name[extended.upperBound..<end.lowerBound]
      name = name[end.upperBound...]
    }
    let base = name.prefix { !"(@".contains($0) }
    let parts = base.split(separator: " ").last?.split(separator: ".") ?? []
    // The first part is the module.
    guard parts.count > 1 else { return ("", String(base)) }
    return (String(owner ?? parts[0]), parts.dropFirst().joined(separator: "."))
  }

  private static func withoutGenerics(_ name: String) -> String {
    var (result, depth, last) = ("", 0, Character(" "))
    for character in name {
      if character == "<" { depth += 1 }
      if depth == 0 { result.append(character) }
      if character == ">", last != "-", depth > 0 { depth -= 1 }
      last = character
    }
    return result
  }

  private static func demangled(_ symbol: String) -> String {
    guard let name = bakery_demangled(symbol) else { return symbol }
    defer { bakery_free(name) }
    return String(cString: name)
  }
}
