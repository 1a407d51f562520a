import Testing

/// Foundation costs megabytes and start-up time, and brings locks and threads of its own.
func foundation(_ file: SourceFile) -> [Finding] {
  guard file.isIn("Sources") else { return [] }
  return file.imports.compactMap { module, line in
    guard module.hasPrefix("Foundation") else { return nil }
    if module == "FoundationEssentials", file.isIn("Sources/BakeryProcesses") { return nil }
    return file.finding(
      line,
      "import \(module) in the toolkit",
      "use the standard library or Core instead"
    )
  }
}

/// A re-export makes somebody else's names part of our interface.
func exportedImport(_ file: SourceFile) -> [Finding] {
  guard file.module != nil else { return [] }
  return file.lines(of: "@_exported").map {
    file.finding($0, "@_exported", "use public import instead")
  }
}

/// A package with unsafe flags cannot be depended on by version.
func unsafeFlags(_ file: SourceFile) -> [Finding] {
  guard file.path.split(separator: "/").last == "Package.swift" else { return [] }
  return file.lines(of: "unsafeFlags").map {
    file.finding($0, "unsafeFlags", "use a named setting instead")
  }
}

/// What each of our modules may import of our modules: arrows point down only.
private let arrows: [String: Set<String>] = [
  "Bakery": ["CBakeryCore"],
  "BakeryProcesses": ["Bakery"],
  "BakeryTesting": ["Bakery", "CBakeryRuntime"],
  "BakeryInspector": ["Bakery", "CBakeryRuntime"],
  "HTTPServer": toolkit,
  "Pipeline": toolkit.union(["HTTPServer"]),
  "SampleSite": toolkit.union(["HTTPServer"]),
  "Scraper": application,
  "Site": application,
  "Chat": application,
  "Console": application,
  "Laboratory": application.union(["SampleSite"]),
  "BakeryCommand": application.union([
    "SampleSite", "Scraper", "Site", "Chat", "Console", "Laboratory",
  ]),
]

private let toolkit: Set<String> = [
  "Bakery", "BakeryProcesses", "BakeryTesting", "BakeryInspector",
]

private let application: Set<String> = toolkit.union(["HTTPServer", "Pipeline"])

func moduleArrows(_ file: SourceFile) -> [Finding] {
  guard file.isLibrary, let module = file.module else { return [] }
  guard let allowed = arrows[module] else {
    return [
      file.finding(1, "\(module) has no row in the table of arrows", "add it to ImportTests.swift")
    ]
  }
  let ours = Set(arrows.keys).union(["CBakeryCore", "CBakeryRuntime", "BakeryCommand"])
  return file.imports.compactMap { imported, line in
    guard ours.contains(imported), !allowed.contains(imported), imported != module else {
      return nil
    }
    return file.finding(
      line,
      "\(module) imports \(imported), which is not below it",
      "move what both need down, or pass it in from above"
    )
  }
}

struct ImportTests {
  @Test func `the toolkit does not import Foundation`() {
    expectTidy("foundation", foundation)
  }

  @Test func `nothing is re-exported`() {
    expectTidy("exported import", exportedImport)
  }

  @Test func `no package uses unsafe flags`() {
    expectTidy("unsafe flags", unsafeFlags)
  }

  @Test func `modules import only what is below them`() {
    expectTidy("module arrows", moduleArrows)
  }

  @Test(arguments: [
    ("Sources/Bakery/Core/a.swift", "import Foundation", 1),
    ("Sources/BakeryTesting/a.swift", "internal import FoundationEssentials", 1),
    ("Sources/BakeryProcesses/a.swift", "internal import FoundationEssentials", 0),
    ("Sources/BakeryProcesses/a.swift", "import struct Foundation.URL", 1),
    ("Sources/Bakery/Core/a.swift", "// import Foundation\nimport Synchronization", 0),
    ("Applications/Sources/Scraper/a.swift", "import Foundation", 0),
  ])
  func `Foundation is found in the toolkit`(path: String, text: String, count: Int) {
    #expect(foundation(SourceFile(path, text)).count == count)
  }

  @Test func `a re-export is found`() {
    #expect(
      exportedImport(SourceFile("Sources/Bakery/a.swift", "@_exported import CBakeryCore")).count
        == 1
    )
    #expect(
      exportedImport(SourceFile("Sources/Bakery/a.swift", "public import CBakeryCore")).isEmpty
    )
  }

  @Test func `unsafe flags are found in any manifest`() {
    let text = "settings.append(.unsafeFlags([]))"
    #expect(unsafeFlags(SourceFile("Package.swift", text)).count == 1)
    #expect(unsafeFlags(SourceFile("Benchmarks/Package.swift", text)).count == 1)
    #expect(unsafeFlags(SourceFile("Package.swift", "// unsafeFlags would ban versions")).isEmpty)
  }

  @Test(arguments: [
    ("Sources/Bakery/Core/a.swift", "BakeryTesting", 1),
    ("Sources/Bakery/Core/a.swift", "Synchronization", 0),
    ("Sources/BakeryTesting/a.swift", "Bakery", 0),
    ("Sources/BakeryTesting/a.swift", "CBakeryRuntime", 0),
    ("Sources/Bakery/Core/a.swift", "CBakeryRuntime", 1),
    ("Sources/BakeryTesting/a.swift", "BakeryInspector", 1),
    ("Applications/Sources/Scraper/a.swift", "HTTPServer", 0),
    ("Applications/Sources/Scraper/a.swift", "Chat", 1),
    ("Applications/Sources/HTTPServer/a.swift", "Pipeline", 1),
    ("Applications/Sources/BakeryCommand/a.swift", "Scraper", 0),
    ("Applications/Sources/Newcomer/a.swift", "Bakery", 1),
  ])
  func `an upward import is found`(path: String, module: String, count: Int) {
    #expect(moduleArrows(SourceFile(path, "internal import \(module)")).count == count)
  }
}
