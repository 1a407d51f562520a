import HTTPServer
import SampleSite
import Testing

/// What the command takes of the machine, as the kernel counts it.
struct MemoryTests {
  /// Runs what follows and adds the most memory that it had, in KB, as the last line.
  private static let measured = [
    "/usr/bin/env", "python3", "-c",
    """
    import resource, subprocess, sys
    code = subprocess.call(sys.argv[1:])
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
    sys.exit(code)
    """,
  ]

  @Test func `endless bodies in many slots stay within --memory and 90 MB`() async throws {
    let folder = try CommandFolder()
    let run = try await FaultSite.serve(on: .loopback(port: 0)) { start in
      let seeds = (1...32).map { "\(start)endless?\($0)" }
      let options = [
        "--memory", "64MB", "--concurrency", "64", "--per-host", "64", "--delay", "0",
        "--attempts", "1", "--json",
      ]
      return try await folder.run(["scrape"] + seeds + options, through: Self.measured)
    }
    #expect(run.code == 3)
    #expect(run.output.contains("\"failures_by_stage\":{\"body\":32}"))
    #expect(run.output.contains("\"peak_in_flight\":32"))
    let peak = try #require(run.errors.split(separator: "\n").last.flatMap { Int($0) })
    #expect(peak <= (64 + 90) * 1024)
  }
}
