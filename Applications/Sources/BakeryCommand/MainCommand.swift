internal import ArgumentParser
internal import CMalloc
internal import Scraper

/// The command `bakery`: its subcommands, and how they end.
@main
struct MainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bakery",
    abstract: "Programs that show what bounded, visible concurrency is good for.",
    discussion: """
      Completions for a shell, bash, zsh or fish: bakery --generate-completion-script bash > FILE, then source FILE in the \
      shell's start-up file.
      """,
    version: bakeryVersion,
    subcommands: [ScrapeCommand.self, SampleSiteCommand.self, DemoCommand.self]
  )

  static func main() async {
    // Pages of megabytes come and go: --memory means what the process has, not only what it uses.
    cmalloc_set_large_block(1 << 20)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// Prints what the error says and ends the process: usage errors with 2, where sysexits would have 64.
  private static func end(with error: any Error) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if code == .success {
      if !text.isEmpty { standardOutput(text) }
    } else if !text.isEmpty {
      standardError(text)
    }
    exit(withCode: code == .validationFailure ? 2 : code.rawValue)
  }

  private static func exit(withCode code: Int32) -> Never {
    exit(withError: ExitCode(code))
  }
}
