import Bakery
import BakeryTesting
import Foundation
import Testing

@testable import Scraper

/// What people and machines are told of a crawl.
struct ReportTests {
  /// A crawl of two hosts with a page that fails, one that is missing and a title that ends a script.
  private func crawl(
    width: Int = 4,
    model: CrawlSettings.Model = .async,
    isAutomatic: Bool = false
  ) async throws -> (report: CrawlReport, settings: CrawlSettings) {
    var web = SampleWebs.mesh(pages: 6, hosts: 2)
    web[SampleWebs.url(0)] = SampleWebs.page(["/p1", "/bad", "/missing", "/a?</script>", "/dead"])
    web["http://h0.test/bad"] = SimulatedWeb.Page(status: 503)
    let reset = FetchFailure(.body, "cut\u{1B}[31m</script>", isTransient: false)
    web["http://h0.test/dead"] = SimulatedWeb.Page(failures: [reset])
    var fixture = CrawlFixture(web)
    fixture.settings.width = width
    fixture.settings.model = model
    fixture.settings.isAutomatic = isAutomatic
    return (try await fixture.run(), fixture.settings)
  }

  private func object(_ json: some StringProtocol) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8))
    return try #require(value as? [String: Any])
  }

  @Test func `the summary has a row for each figure`() async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl()
      let text = Summary(report, settings: settings, file: "x.sqlite").text
      let rows = text.split(separator: "\n").map(String.init)
      #expect(rows.contains("pages              12"))
      #expect(rows.contains("other answers      2"))
      #expect(rows.contains("retries            2"))
      #expect(rows.contains("failures           2 (1 body, 1 status)"))
      #expect(rows.contains("peak in flight     4 of 4"))
      #expect(rows.contains { $0.hasPrefix("slowest hosts      http://h") })
      #expect(rows.last == "stored in          x.sqlite")
      #expect(!text.contains("items"))
      #expect(!text.contains("still pending"))
    }
  }

  @Test func `failures have a line each, and the last one says how to go on`() async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl()
      let text = try #require(Summary(report, settings: settings, file: "x.sqlite").failures)
      let lines = text.split(separator: "\n").map(String.init)
      #expect(
        Set(lines.dropLast()) == [
          "http://h0.test/bad: status: the server answers 503, 3 attempts",
          "http://h0.test/dead: body: cut\u{FFFD}[31m</script>",
        ]
      )
      #expect(lines.last?.hasPrefix("2 failures in the table failures of x.sqlite; run") == true)
    }
  }

  @Test func `more than ten failures are counted, and none is silent`() async throws {
    try await simulate { _ in
      var web = [SampleWebs.url(0): SampleWebs.page((1...15).map { "/bad\($0)" })]
      for number in 1...15 { web["http://h0.test/bad\(number)"] = SimulatedWeb.Page(status: 501) }
      let fixture = CrawlFixture(web)
      let report = try await fixture.run()
      let summary = Summary(report, settings: fixture.settings, file: "x.sqlite")
      let lines = try #require(summary.failures).split(separator: "\n")
      #expect(lines.count == 12)
      #expect(lines[10] == "and 5 more")
      let fine = CrawlFixture([SampleWebs.url(0): SampleWebs.page([])])
      let good = try await fine.run()
      #expect(Summary(good, settings: fine.settings, file: "x.sqlite").failures == nil)
    }
  }

  @Test func `the JSON says the same as the table`() async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl()
      let json = try object(Summary(report, settings: settings, file: "a\"b.sqlite").json)
      #expect(json["pages"] as? Int == 12)
      #expect(json["others"] as? Int == 2)
      #expect(json["failures"] as? Int == 2)
      #expect(json["failures_by_stage"] as? [String: Int] == ["body": 1, "status": 1])
      #expect(json["pending"] as? Int == 0)
      #expect(json["stopped"] as? Bool == false)
      #expect(json["width"] as? Int == 4)
      #expect(json["file"] as? String == "a\"b.sqlite")
      let seconds = try #require(json["seconds"] as? Double)
      #expect(abs(seconds - report.wall.milliseconds / 1000) < 1e-5)
    }
  }

  @Test func `an automatic crawl says where it settled and why`() async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl(width: 16, isAutomatic: true)
      let summary = Summary(report, settings: settings, file: "x.sqlite")
      let rows = summary.text.split(separator: "\n").map(String.init)
      let peak = report.counts.inFlightPeak
      #expect(rows.contains("settled at         16 in all: never needed more than \(peak)"))
      #expect(rows.contains { $0.hasPrefix("lowest limits      8 at http://h") })
      let json = try object(summary.json)
      let limits = try #require(json["limits"] as? [[String: Any]])
      #expect(limits.count == 3)
      #expect(limits[0]["of"] as? String == "in all")
      #expect(limits[0]["peak"] as? Int == peak)
      let bad = try #require(limits.first { $0["of"] as? String == "http://h0.test" })
      // A page that answers 503 each of three times.
      #expect(bad["dropped"] as? Int == 3)
      #expect((bad["why"] as? String)?.contains("3 requests refused") == true)
      let fixed = try await crawl()
      #expect(fixed.report.limits.isEmpty)
      #expect(!Summary(fixed.report, settings: fixed.settings, file: "x").json.contains("limits"))
    }
  }

  @Test func `the timeline of an automatic crawl has a lane for each slot that was needed`()
    async throws
  {
    try await simulate { _ in
      let (report, settings) = try await crawl(width: 128, isAutomatic: true)
      let data = try data(
        in: report.timeline.page(report, settings: settings, seeds: ["http://h0.test/"])
      )
      #expect(data["automatic"] as? Bool == true)
      let width = try #require(data["width"] as? Int)
      #expect((report.counts.inFlightPeak...report.counts.inFlightPeak + 2).contains(width))
      let flat = try #require(data["spans"] as? [Int])
      #expect(stride(from: 0, to: flat.count, by: 7).allSatisfy { flat[$0] < width })
    }
  }

  /// The data in a timeline's page.
  private func data(in page: String) throws -> [String: Any] {
    let begin = try #require(page.range(of: "id=\"data\">")).upperBound
    let rest = page[begin...]
    let end = try #require(rest.range(of: "</script>")).lowerBound
    return try object(rest[..<end])
  }

  @Test(arguments: [CrawlSettings.Model.async, .sequential])
  func `the timeline has a stretch for each fetch, and slots do one thing at a time`(
    model: CrawlSettings.Model
  ) async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl(model: model)
      let page = report.timeline.page(report, settings: settings, seeds: ["http://h0.test/"])
      let data = try data(in: page)
      let width = model == .sequential ? 1 : 4
      #expect(data["width"] as? Int == width)
      #expect(data["pages"] as? Int == 12)
      let flat = try #require(data["spans"] as? [Int])
      let spans = stride(from: 0, to: flat.count, by: 7).map { Array(flat[$0..<($0 + 7)]) }
      let fetches = spans.filter { $0[1] == 1 }
      // Twelve pages, two that are missing, one that fails and one that is tried three times.
      #expect(fetches.count == 18)
      #expect(fetches.filter { $0[5] == 0 }.count == 4)
      let microseconds = Int((report.wall.milliseconds * 1000).rounded(.up))
      #expect(spans.allSatisfy { 0 <= $0[2] && $0[2] < $0[3] && $0[3] <= microseconds })
      for lane in 0..<width {
        let own = spans.filter { $0[0] == lane }.sorted { $0[2] < $1[2] }
        #expect(zip(own, own.dropFirst()).allSatisfy { $0[3] <= $1[2] })
      }
      let urls = try #require(data["urls"] as? [String])
      #expect(spans.allSatisfy { $0[4] < urls.count })
    }
  }

  @Test func `nothing that a server says ends the script of the timeline`() async throws {
    try await simulate { _ in
      let (report, settings) = try await crawl()
      let seeds = ["http://h0.test/</script><script>alert(1)</script>"]
      let page = report.timeline.page(report, settings: settings, seeds: seeds)
      #expect(page.components(separatedBy: "</script>").count == 3)
      let data = try data(in: page)
      #expect(data["seeds"] as? [String] == seeds)
      let notes = try #require(data["notes"] as? [String])
      #expect(notes.contains("body: cut\u{1B}[31m</script>"))
    }
  }
}
