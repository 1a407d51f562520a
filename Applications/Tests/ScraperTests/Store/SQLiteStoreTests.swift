import GRDB
import Testing

@testable import Scraper

struct SQLiteStoreTests {
  let folder: StoreFolder

  init() throws {
    folder = try StoreFolder()
  }

  @Test func `each record becomes rows that people can read`() async throws {
    let store = try SQLiteStore(path: folder.store)
    var first = page(1)
    first.links = [
      LinkRecord(target: 3, kind: .canonical, isNofollow: false),
      LinkRecord(target: 2, kind: .anchor, isNofollow: true),
    ]
    first.items = [ItemRecord(name: "book", json: #"{"price":"3"}"#)]
    var second = page(2, type: "application/pdf")
    second.title = nil
    second.text = nil
    try await store.commit([
      found(1), found(2), found(3), found(4, .skipped, reason: "robots.txt"), .page(first),
      .page(second), failure(3),
    ])
    #expect(
      try await store.rows("SELECT * FROM urls") == [
        "1|https://a.example/1|done|1|", "2|https://a.example/2|done|2|",
        "3|https://a.example/3|failed|3|", "4|https://a.example/4|skipped|4|robots.txt",
      ]
    )
    #expect(
      try await store.rows("SELECT * FROM pages") == [
        "1|https://a.example/1|https://a.example/1|200|text/html|Page 1|2026-03-01T09:30:00.251Z|"
          + "1.5|1.0|0.25|100|00000000000000ff|Text of 1",
        "2|https://a.example/2|https://a.example/2|200|application/pdf||2026-03-01T09:30:00.252Z|"
          + "1.5|2.0|0.25|100|00000000000000ff|",
      ]
    )
    #expect(
      try await store.rows("SELECT title IS NULL, text IS NULL FROM pages") == ["0|0", "1|1"]
    )
    #expect(try await store.rows("SELECT * FROM links") == ["1|1|3|canonical|0", "1|2|2|anchor|1"])
    #expect(
      try await store.rows("SELECT * FROM failures")
        == ["3|https://a.example/3|connect|refused|3"]
    )
    #expect(try await store.rows("SELECT * FROM items") == [#"1|1|book|{"price":"3"}"#])
    #expect(try await store.rows("PRAGMA foreign_key_check") == [])
  }

  @Test func `views show links, and broken ones, as URLs`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.commit([
      found(1), found(2), found(3), found(4), .page(page(1, links: [2, 3, 4])),
      .page(page(2, status: 404)), failure(3), .page(page(4)),
    ])
    #expect(
      try await store.rows("SELECT source, position, target FROM link_urls ORDER BY position") == [
        "\(url(1))|1|\(url(2))", "\(url(1))|2|\(url(3))", "\(url(1))|3|\(url(4))",
      ]
    )
    #expect(
      try await store.rows("SELECT * FROM broken_links ORDER BY target") == [
        "\(url(1))|\(url(2))|status 404", "\(url(1))|\(url(3))|connect: refused",
      ]
    )
  }

  @Test(arguments: [0, 1, 11, 12, 13, 24, 60])
  func `links keep their order, however many rows go together`(count: Int) async throws {
    let store = try SQLiteStore(path: folder.store)
    let targets = Array((2..<Int64(count + 2)).reversed())
    try await store.commit(
      [found(1)] + targets.map { found($0) } + [.page(page(1, links: targets))]
    )
    let rows = try await store.rows("SELECT position, target FROM links ORDER BY position")
    #expect(rows == targets.enumerated().map { "\($0.offset + 1)|\($0.element)" })
  }

  @Test(arguments: ["", "a\0b", "line\nline", "\u{1F9C1} \u{E9}\u{301}", "'; DROP TABLE urls; --"])
  func `any text comes back as it was`(text: String) async throws {
    let store = try SQLiteStore(path: folder.store)
    var record = page(1)
    record.title = text
    try await store.commit([found(1), .page(record)])
    let expected = text.utf8.map { String($0, radix: 16, uppercase: true).leftPadded }.joined()
    #expect(try await store.rows("SELECT hex(CAST(title AS BLOB)) FROM pages") == [expected])
  }

  @Test func `a second run goes on where the first was`() async throws {
    let first = try SQLiteStore(path: folder.store)
    try await first.commit([found(1), found(2), found(3), .page(page(1)), failure(2)])
    try await first.close()

    let second = try SQLiteStore(path: folder.store)
    #expect(
      try await second.load() == [stored(1, .done), stored(2, .failed), stored(3)]
    )
    try await second.commit([failure(2, attempts: 5), .page(page(3))])
    #expect(try await second.rows("SELECT id, attempts FROM failures") == ["2|5"])
    try await second.commit([.page(page(2))])
    #expect(try await second.rows("SELECT id FROM failures") == [])
    #expect(
      try await second.load() == [stored(1, .done), stored(2, .done), stored(3, .done)]
    )
  }

  @Test func `what was noted about a crawl is kept, the last word on each matter`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.setInfo("started", "2026-03-01T09:30:00Z")
    try await store.setInfo("seeds", "https://a.example/")
    try await store.setInfo("started", "2026-03-02T09:30:00Z")
    try await store.close()
    let again = try SQLiteStore(path: folder.store)
    #expect(
      try await again.info() == ["started": "2026-03-02T09:30:00Z", "seeds": "https://a.example/"]
    )
  }

  @Test func `others read while a crawl writes, and see whole batches`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.commit([found(1)])
    let reader = try DatabaseQueue(path: folder.store)
    let count: @Sendable (Database) throws -> Int? = { database in
      try Int.fetchOne(database, sql: "SELECT count(*) FROM urls")
    }
    #expect(try await reader.read(count) == 1)
    try await store.commit([found(2), found(3)])
    #expect(try await reader.read(count) == 3)
    try await store.close()
    #expect(try await reader.read(count) == 3)
    try reader.close()
  }

  @Test func `a closed store is one file, closed for good`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.commit([found(1)])
    #expect(folder.names.contains("crawl.sqlite-lock"))
    try await store.close()
    #expect(folder.names == ["crawl.sqlite"])
    let next = try SQLiteStore(path: folder.store)
    try await store.close()
    #expect(folder.names.contains("crawl.sqlite-lock"))
    await #expect(throws: StoreError.self) { try await store.commit([found(2)]) }
    try await next.commit([found(2)])
  }

  @Test func `a cancelled task still commits`() async throws {
    let store = try SQLiteStore(path: folder.store)
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      group.addTask {
        #expect(Task.isCancelled)
        await #expect(throws: Never.self) { try await store.commit([found(1)]) }
      }
    }
    #expect(try await store.load() == [stored(1)])
  }

  @Test(arguments: [":memory:", "file:crawl.sqlite?mode=memory", ""])
  func `names that SQLite reads as something else are names of files`(name: String) {
    #expect(SQLiteStore.locate(name) == "./" + name)
    #expect(SQLiteStore.locate("/missing/" + name) == "/missing/" + name)
  }
}

extension String {
  fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
