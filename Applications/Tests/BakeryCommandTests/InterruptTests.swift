import HTTPServer
import SampleSite
import Testing

/// How the command ends when it is told to.
@Suite(.timeLimit(.minutes(1))) struct InterruptTests {
  /// Runs the command that its arguments are, connects to it, sends `$requests` and reads nothing, and ends it with SIGTERM;
  /// the code is 124 if it takes more than five seconds to end, and its own otherwise.
  private static let siteScript = """
    exec 3< <(exec "$@") && site=$!
    read -r line <&3 && port=${line##*:} && port=${port%%/*}
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    for ((i = 0; i < requests; i++)); do
      printf 'GET %s HTTP/1.1\\r\\nHost: 127.0.0.1:%s\\r\\n\\r\\n' "$target" "$port" >&4
    done
    kill -TERM "$site"
    timeout 5 tail -s 0.05 --pid="$site" -f /dev/null || { kill -KILL "$site"; exit 124; }
    wait "$site"
    """

  /// Runs a crawl, and ends it with SIGTERM as soon as it has its file.
  private static let crawlScript = """
    "$@" & crawl=$!
    until [ -e crawl.sqlite ]; do :; done
    kill -TERM "$crawl"
    wait "$crawl"
    """

  @Test(
    arguments: [
      (0, "/"), (1, "/"),
      // More than the buffers of a connection take: 200 answers of 300 KB.
      (200, "/expected.json"),
    ]
  )
  func `SIGTERM ends a sample site soon, whatever its clients leave unread`(
    requests: Int,
    target: String
  ) async throws {
    let run = try await CommandFolder().run(
      ["sample-site", "--listen", "127.0.0.1:0", "--pages", "300"],
      through: ["/bin/bash", "-c", Self.siteScript, "bash"],
      environment: ["requests": "\(requests)", "target": target]
    )
    #expect(run.code == 0, "\(run.errors)")
  }

  @Test func `a signal lets a crawl finish what is in flight and store it`() async throws {
    let folder = try CommandFolder()
    let site = try SampleWebsite(pages: 120, hosts: 1, base: .loopback(port: 0))
    let run = try await site.serve { site in
      try await folder.run(
        ["scrape", site.start, "--into", "crawl.sqlite", "--delay", "2s"],
        through: ["/bin/bash", "-c", Self.crawlScript, "bash"]
      )
    }
    #expect(run.code == 130)
    #expect(run.errors.hasPrefix("finishing what is in flight; once more to stop at once"))
    #expect(run.output.contains("stored in"))
    #expect(try folder.rows("SELECT state FROM urls").contains("pending"))
  }
}
