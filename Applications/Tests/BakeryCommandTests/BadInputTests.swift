import Foundation
import HTTPServer
import SampleSite
import Testing

/// The command on everything bad that there is: what it says, how it ends, what it stores.
@Suite(.serialized)
struct BadInputTests {
  private static let options = [
    "--into", "crawl.sqlite", "--max-size", "1MB", "--memory", "16MB", "--delay", "0",
  ]

  /// Where the servers are that the names stand for.
  private struct Servers: Sendable {
    var names: [String: String]

    func place(_ text: String) -> String {
      names.reduce(text) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
    }

    /// Undoes `place`, with the longest first, since a port may begin as another.
    func remove(from text: String) -> String {
      names.sorted { $0.value.count > $1.value.count }
        .reduce(text) { $0.replacingOccurrences(of: $1.value, with: $1.key) }
    }
  }

  private func serve<Success: Sendable>(
    _ body: @Sendable (Servers) async throws -> Success
  ) async throws -> Success {
    try await FaultSite.serve(on: .loopback(port: 0)) { start in
      try await SelfSignedServer.serve { port in
        try await PublicHost.serve { proxy in
          let names = [
            "SITE": String(start.dropLast()), "TLS": "https://127.0.0.1:\(port)",
            "REFUSED": "http://127.0.0.1:1", "PROXY": proxy,
          ]
          return try await body(Servers(names: names))
        }
      }
    }
  }

  private static let failureRows = "SELECT stage || ': ' || reason FROM failures ORDER BY id"

  @Test(arguments: BadInput.failing + BadInput.stored + BadInput.refused)
  func `bad input has its line, its exit code and its rows`(input: BadInput) async throws {
    let folder = try CommandFolder()
    try input.prepare(folder)
    let run = try await serve { servers in
      let arguments =
        [servers.place(input.seed), "--attempts", "1", "--refusals", "1", "--depth", "0"]
        + Self.options
      var run = try await folder.run(
        ["scrape"] + arguments + input.options,
        through: input.wrapper,
        environment: input.usesProxy ? ["http_proxy": servers.place("PROXY")] : [:]
      )
      run.errors = servers.remove(from: run.errors)
      return (run, servers)
    }
    #expect(run.0.code == input.code)
    let lines = run.0.errors.split(separator: "\n")
    #expect(lines.first?.hasPrefix(input.line) ?? input.line.isEmpty, "\(run.0.errors)")
    guard ![1, 2].contains(input.code) else { return }
    #expect(try folder.rows(Self.failureRows).map(run.1.remove) == input.failures)
    let pages = try folder.rows("SELECT url FROM pages WHERE type = 'text/html'")
    #expect(pages.count == input.pages)
  }

  @Test func `with all hosts bad at once every good page is stored`() async throws {
    let folder = try CommandFolder()
    let (run, servers) = try await serve { servers in
      let seeds = ["SITE/", "TLS/", "REFUSED/", "http://bakery.invalid/"].map(servers.place)
      let options = [
        "--attempts", "2", "--refusals", "2", "--per-host", "16", "--head-timeout", "5s",
        "--page-timeout", "6s",
        // A host that asks twice to be left alone for ever is left alone for five minutes.
        "--exclude", "/retry-never",
      ]
      return (try await folder.run(["scrape"] + seeds + Self.options + options), servers)
    }
    #expect(run.code == 3)
    let odd = BadInput.stored.map(\.seed)
    let good = ["SITE/"] + FaultSite.goodPaths.map { "SITE\($0)" } + odd
    let pages = try folder.rows("SELECT url FROM pages WHERE status = 200").map(servers.remove)
    #expect(Set(good).subtracting(pages) == [])
    let rows = try folder.rows("SELECT url || ': ' || stage || ': ' || reason FROM failures")
      .map(servers.remove)
    let lines = BadInput.failing.map(\.line).filter { !$0.contains("/retry-never") }
    #expect(Set(rows) == Set(lines))
    #expect(run.errors.contains("and \(rows.count - 10) more"))
    #expect(run.errors.contains("\(rows.count) failures in the table failures of crawl.sqlite"))
  }

  /// A disk of 256 KB in a name space of its own, which is gone with the process; so the file is saved first.
  private static let smallDisk = [
    "/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
    """
    mkdir disk && mount -t tmpfs -o size=256k none disk && cd disk && "$0" "$@"
    code=$?
    cp crawl.sqlite* ..
    exit $code
    """,
  ]

  private static var mayMount: Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: smallDisk[0])
    process.arguments = [
      "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt",
    ]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test(.enabled("mounting needs a user name space") { mayMount })
  func `a full disk ends the crawl, and with room the next run goes on`() async throws {
    let folder = try CommandFolder()
    try await serve { servers in
      let arguments =
        ["scrape", servers.place("SITE/"), "--include", "/good/"] + Self.options
      let run = try await folder.run(arguments, through: Self.smallDisk)
      #expect(run.code == 1)
      #expect(
        run.errors.hasPrefix("Error: no space is left for crawl.sqlite; what was stored is kept")
      )
      #expect(try folder.rows("PRAGMA integrity_check") == ["ok"])
      let kept = try folder.rows("SELECT url || fetched_at FROM pages")
      let next = try await folder.run(arguments)
      #expect(next.code == 0)
      let pages = try folder.rows("SELECT url || fetched_at FROM pages")
      #expect(pages.count == 1 + FaultSite.goodPaths.count)
      #expect(kept.count < pages.count)
      #expect(Set(kept).subtracting(pages) == [])
    }
  }
}
