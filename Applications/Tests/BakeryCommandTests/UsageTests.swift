import Testing

/// The built command, run as a user runs it.
struct UsageTests {
  private func bakery(_ arguments: [String]) async throws -> CommandFolder.Run {
    try await CommandFolder().run(arguments)
  }

  @Test(arguments: [
    (["scrape", "http://a.test/", "--model", "threads"], "not there yet; use async or sequential"),
    (
      ["scrape", "http://a.test/", "--concurrency", "lots"],
      "no number; give one, such as 16, or auto"
    ),
    (["scrape", "http://a.test/", "--delay", "30h"], "--delay 30 h 0 min is more than a day"),
    (
      ["scrape", "http://a.test/", "--concurrency", "0"], "--concurrency is 0; it needs at least 1"
    ),
    (["scrape", "http://a.test/", "--attempts", "0"], "--attempts is 0; it needs at least 1"),
    (
      ["scrape", "http://a.test/", "--attempts", "256"], "--attempts is 256; it may be 255 at most"
    ),
    (
      ["scrape", "http://a.test/", "--refusals", "1000"],
      "--refusals is 1,000; it may be 255 at most"
    ),
    (["scrape", "http://a.test/", "--refusals", "0"], "--refusals is 0; it needs at least 1"),
    (["scrape", "http://a.test/", "--memory", "1MB"], "give at least 20 MB"),
    (["scrape", "http://a.test/", "--export", "pages.xml"], "pages.xml"),
    (["scrape", "http://a.test/", "--include", "("], "("),
    (["scrape", "http://a.test/", "--rules", "none.yaml"], "cannot read none.yaml"),
    (["scrape", "http://a.test/", "--header", "Name"], "write it as 'Name: value'"),
    (["sample-site", "--hosts", "0"], "0"),
    (["sample-site", "--capacity", "0"], "--capacity 0 cannot be served; give 1 to 10000"),
    (["sample-site", "--listen", "somewhere"], "somewhere"),
    (["bake"], "bake"),
  ])
  func `what is asked for wrongly ends with 2 and says what to do`(
    arguments: [String],
    line: String
  ) async throws {
    let run = try await bakery(arguments)
    #expect(run.code == 2)
    #expect(run.errors.contains(line))
    #expect(run.output.isEmpty)
  }

  @Test func `the version and the help are printed and are no failure`() async throws {
    let version = try await bakery(["--version"])
    #expect(version.code == 0)
    #expect(version.output == "0.1.0\n")
    let help = try await bakery(["scrape", "--help"])
    #expect(help.code == 0)
    #expect(help.output.contains("--per-host"))
  }

  @Test(arguments: [("bash", "#!/bin/bash"), ("zsh", "#compdef bakery"), ("fish", "function ")])
  func `completions for a shell are printed`(shell: String, opening: String) async throws {
    let run = try await bakery(["--generate-completion-script", shell])
    #expect(run.code == 0)
    #expect(run.output.hasPrefix(opening))
    #expect(run.output.contains("sitemap"))
    #expect(run.errors.isEmpty)
  }
}
