import Foundation
import HTTPServer
import SampleSite
import Testing

/// `--concurrency auto`, as a user runs it.
@Suite(.timeLimit(.minutes(2))) struct AutomaticTests {
  @Test func `auto says where it settled, in all and at each host, and stores every page`()
    async throws
  {
    let folder = try CommandFolder()
    let site = try SampleWebsite(pages: 120, hosts: 2, base: .loopback(port: 0))
    let (run, wanted) = try await site.serve(capacity: 4) { site in
      let options = ["--scope", "any", "--delay", "0", "--attempts", "1", "--concurrency", "auto"]
      let store = ["--into", "crawl.sqlite", "--exclude", "broken-oven", "--fail-on", "never"]
      let run = try await folder.run(["scrape", site.start, "--json"] + options + store)
      return (run, site.expectation.stored.map(\.url).filter { !$0.contains("broken-oven") })
    }
    #expect(run.code == 0, "\(run.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let limits = try #require((json as? [String: Any])?["limits"] as? [[String: Any]])
    #expect(limits.count == 3)
    #expect(limits.allSatisfy { ($0["limit"] as? Int ?? 0) >= 1 && $0["why"] is String })
    let stored = try folder.rows("SELECT final_url FROM pages WHERE status = 200")
    #expect(Set(stored) == Set(wanted))
  }
}
