import Foundation
import Testing

/// The built command, run as a user runs it.
struct UsageTests {
  private struct Run {
    var code: Int32
    var output: String
    var errors: String
  }

  /// Runs `bakery` in an empty folder, which it may fill.
  private func bakery(_ arguments: [String], files: [String: String] = [:]) throws -> Run {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("bakery-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    let process = Process()
    // The test bundle and the command are built into one folder.
    process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent()
      .appendingPathComponent("bakery")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let lines = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Run(
      code: process.terminationStatus,
      output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: lines, as: UTF8.self)
    )
  }

  @Test(arguments: [
    (["scrape", "http://"], "'http://' is no URL"),
    (["scrape", "ftp://host/"], "the scheme 'ftp' cannot be scraped; use http or https"),
    (["scrape", "http://a.test/", "--model", "threads"], "not there yet; use async or sequential"),
    (["scrape", "http://a.test/", "--concurrency", "auto"], "not there yet; give a number"),
    (
      ["scrape", "http://a.test/", "--concurrency", "0"], "--concurrency is 0; it needs at least 1"
    ),
    (["scrape", "http://a.test/", "--memory", "1MB"], "give at least 20 MB"),
    (["scrape", "http://a.test/", "--export", "pages.xml"], "pages.xml"),
    (["scrape", "http://a.test/", "--include", "("], "("),
    (["scrape", "http://a.test/", "--rules", "none.yaml"], "cannot read none.yaml"),
    (["scrape", "http://a.test/", "--header", "Name"], "write it as 'Name: value'"),
    (["sample-site", "--hosts", "0"], "0"),
    (["sample-site", "--listen", "somewhere"], "somewhere"),
    (["bake"], "bake"),
  ])
  func `what is asked for wrongly ends with 2 and says what to do`(
    arguments: [String],
    line: String
  ) throws {
    let run = try bakery(arguments)
    #expect(run.code == 2)
    #expect(run.errors.contains(line))
    #expect(run.output.isEmpty)
  }

  @Test func `a bad selector is found in its line and column`() throws {
    let rules = "items:\n  page:\n    fields:\n      title: \"h1 >> a\"\n"
    let run = try bakery(
      ["scrape", "http://a.test/", "--rules", "r.yaml"],
      files: ["r.yaml": rules]
    )
    #expect(run.code == 2)
    #expect(run.errors.contains("r.yaml:4:"))
  }

  @Test func `a host that refuses connections ends with 3 and a row`() throws {
    let arguments = ["scrape", "http://127.0.0.1:1/", "--attempts", "1", "--json"]
    let run = try bakery(arguments)
    #expect(run.code == 3)
    #expect(run.output.contains("\"failures_by_stage\":{\"connect\":1}"))
  }

  @Test func `a file of something else is left alone`() throws {
    let run = try bakery(
      ["scrape", "http://127.0.0.1:1/", "--into", "notes.txt"],
      files: ["notes.txt": String(repeating: "Remember the yeast.\n", count: 100)]
    )
    #expect(run.code == 1)
    #expect(run.errors.contains("notes.txt"))
  }

  @Test func `the version and the help are printed and are no failure`() throws {
    let version = try bakery(["--version"])
    #expect(version.code == 0)
    #expect(version.output == "0.1.0\n")
    let help = try bakery(["scrape", "--help"])
    #expect(help.code == 0)
    #expect(help.output.contains("--per-host"))
  }
}
