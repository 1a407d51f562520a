import Testing

/// Which rooms (folders of Sources/Bakery) each room may use besides itself.
private let rooms: [String: Set<String>] = [
  "Core": [],
  "Synchronization": ["Core"],
  "Channels": ["Core"],
  "Threads": ["Core"],
  "Tasks": ["Core", "Synchronization", "Channels", "Threads"],
  "Limits": ["Core", "Synchronization", "Channels", "Threads", "Tasks"],
]

/// The room of a file, if it is in the toolkit.
private func room(_ file: SourceFile) -> String? {
  guard file.isSwift, file.isIn("Sources/Bakery") else { return nil }
  return String(file.path.split(separator: "/")[2])
}

/// Who declares what in Sources/Bakery.
///
/// One module has one namespace, so the compiler does not keep the rooms apart.
struct RoomNames {
  /// Types and functions that other files can see, by name, with the rooms that declare them.
  private(set) var visible: [String: Set<String>] = [:]
  /// Every name declared in a room, at any depth: these are its own, whatever others call theirs.
  private(set) var own: [String: Set<String>] = [:]

  init(_ files: [SourceFile]) {
    for file in files {
      guard let room = room(file) else { continue }
      for declaration in file.declarations where declaration.isType || declaration.kind == "func" {
        own[room, default: []].insert(declaration.name)
        guard declaration.parent == nil, !declaration.isPrivate else { continue }
        visible[declaration.name, default: []].insert(room)
      }
    }
  }
}

/// Finds uses of a type or free function of a room that is not below the file's own.
func roomArrows(_ file: SourceFile, _ names: RoomNames) -> [Finding] {
  guard let room = room(file) else { return [] }
  guard let allowed = rooms[room] else {
    return [file.finding(1, "\(room) is no room of the toolkit", "move the file into one of them")]
  }
  return file.tokens.indices.compactMap { index in
    let token = file.tokens[index]
    guard let owners = names.visible[token.text], owners.isDisjoint(with: allowed) else {
      return nil
    }
    guard !(names.own[room]?.contains(token.text) ?? false), isUse(file.tokens, index) else {
      return nil
    }
    return file.finding(
      token.line,
      "\(room) uses \(token.text) of \(owners.sorted().joined(separator: " and "))",
      "move what both need to Core"
    )
  }
}

/// Whether the name at `index` can mean a type, or a free function that is called.
private func isUse(_ tokens: [Token], _ index: Int) -> Bool {
  // Behind a dot the name is somebody's member.
  if index > 0, tokens[index - 1].text == "." { return false }
  if tokens[index].text.first?.isUppercase ?? false { return true }
  switch index + 1 < tokens.count ? tokens[index + 1].text : "" {
  case "(", "<":
    return true
  case "{":
    // `switch outcome {` opens a block, `race {` passes a closure.
    let statement = tokens[..<index].reversed().prefix { $0.line == tokens[index].line }
    return !statement.contains { ["switch", "if", "while", "for", "guard"].contains($0.text) }
  default:
    return false
  }
}

struct RoomTests {
  private let planted = RoomNames([
    SourceFile(
      "Sources/Bakery/Channels/Channel.swift",
      "public struct Channel {}\nprivate struct Ring {}"
    ),
    SourceFile("Sources/Bakery/Tasks/Gather.swift", "public func gather() {}"),
    SourceFile("Sources/Bakery/Core/Lock.swift", "struct Lock {}"),
  ])

  private func lines(_ path: String, _ text: String) -> [Int] {
    roomArrows(SourceFile(path, text), planted).map(\.line)
  }

  @Test func `rooms of the toolkit use only the rooms below them`() {
    let names = RoomNames(Repository.files)
    expectTidy("room arrows") { roomArrows($0, names) }
  }

  @Test func `a type of a room that is not below is found`() {
    #expect(lines("Sources/Bakery/Core/a.swift", "// Channel\nlet channel: Channel?") == [2])
    #expect(lines("Sources/Bakery/Synchronization/a.swift", "extension Channel {}") == [1])
    #expect(lines("Sources/Bakery/Channels/a.swift", "let all = gather()") == [1])
    #expect(lines("Sources/Bakery/Channels/a.swift", "let all = gather { 1 }") == [1])
    #expect(lines("Sources/Bakery/New/a.swift", "") == [1])
  }

  @Test func `types of the rooms below, private types and members are welcome`() {
    #expect(lines("Sources/Bakery/Tasks/a.swift", "let channel: Channel?, lock: Lock?").isEmpty)
    #expect(lines("Sources/Bakery/Limits/a.swift", "let all = gather()").isEmpty)
    #expect(lines("Sources/Bakery/Core/a.swift", "let ring: Ring?, text = \"Channel\"").isEmpty)
    #expect(lines("Sources/Bakery/Core/a.swift", "let port = Event.Channel(), gather = 1").isEmpty)
    #expect(lines("Sources/Bakery/Core/a.swift", "switch gather {}").isEmpty)
  }
}
