import Foundation
import GRDB
import Testing

/// An empty folder, and the built command run in it as a user runs it; it goes with this object.
final class CommandFolder: Sendable {
  struct Run: Sendable {
    var code: Int32
    var output: String
    var errors: String
  }

  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("bakery-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  func write(_ text: String, to name: String) throws {
    try text.write(to: file(name), atomically: true, encoding: .utf8)
  }

  func read(_ name: String) throws -> Data { try Data(contentsOf: file(name)) }

  /// Runs `bakery`, or a program that runs what follows its own arguments.
  func run(
    _ arguments: [String],
    through wrapper: [String] = [],
    environment: [String: String] = [:]
  ) async throws -> Run {
    let words = wrapper + [Self.command.path] + arguments
    let process = Process()
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = url
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.lowercased().hasSuffix("_proxy") }
      .merging(environment) { $1 }
    for name in [".output", ".errors"] { try write("", to: name) }
    process.standardOutput = try FileHandle(forWritingTo: file(".output"))
    process.standardError = try FileHandle(forWritingTo: file(".errors"))
    // Nothing may block here: the command may be talking to a server in this process.
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<_, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return Run(
      code: process.terminationStatus,
      output: String(decoding: try read(".output"), as: UTF8.self),
      errors: String(decoding: try read(".errors"), as: UTF8.self)
    )
  }

  /// The test bundle and the command are built into one folder.
  static var command: URL {
    let folder = Bundle.main.executableURL?.deletingLastPathComponent()
    return (folder ?? URL(fileURLWithPath: ".")).appendingPathComponent("bakery")
  }

  /// The first column of what a query finds in a database; nothing without the file.
  func rows(_ query: String, in name: String = "crawl.sqlite") throws -> [String] {
    guard FileManager.default.fileExists(atPath: file(name).path) else { return [] }
    return try DatabaseQueue(path: file(name).path).read { try String.fetchAll($0, sql: query) }
  }

  func execute(_ sql: String, in name: String = "crawl.sqlite") throws {
    try DatabaseQueue(path: file(name).path).write { try $0.execute(sql: sql) }
  }
}
