import Foundation

enum Subprocess {
  /// Far above what any side takes, so that a hang ends the suite's wait and is reported.
  private static let timeLimit = 60

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a program and returns what it printed, or throws what it said when it failed.
  static func run(
    _ program: URL,
    _ arguments: [String],
    in folder: URL? = nil
  ) throws -> String {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let identifier = process.processIdentifier
    let guardian = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(timeLimit), execute: guardian)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guardian.cancel()
    guard process.terminationReason == .exit || process.terminationStatus != SIGKILL else {
      throw Failure(description: "did not end within \(timeLimit) s, or something killed it")
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let end = process.terminationReason == .exit ? "exit status" : "signal"
      // The beginning says why; the rest of a crash report would bury the other failures.
      let reason = said.split(separator: "\n").prefix(3).joined(separator: "\n")
      throw Failure(
        description: "\(program.lastPathComponent) ended with \(end) \(process.terminationStatus)"
          + (reason.isEmpty ? "" : ": \(reason)")
      )
    }
    return text
  }
}
