import Testing

@testable import Scraper

struct StoreSchemaTests {
  let folder: StoreFolder

  init() throws {
    folder = try StoreFolder()
  }

  private let first = "CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT) STRICT"
  private let second = "ALTER TABLE urls ADD COLUMN host TEXT"

  @Test func `a file of version 1 is brought to version 2 with all it has`() async throws {
    try folder.execute(
      """
      \(first);
      INSERT INTO urls VALUES (1, 'https://a.example/');
      PRAGMA application_id = \(StoreHeader.applicationID);
      PRAGMA user_version = 1;
      """
    )
    let store = try SQLiteStore(path: folder.store, migrations: [first, second])
    #expect(try await store.rows("SELECT * FROM urls") == ["1|https://a.example/|"])
    #expect(try await store.rows("PRAGMA user_version") == ["2"])
  }

  @Test func `a migration that fails changes nothing`() async throws {
    try await SQLiteStore(path: folder.store, migrations: [first]).close()
    #expect(throws: StoreError.self) {
      try SQLiteStore(path: folder.store, migrations: [first, second, "ALTER TABLE nothing"])
    }
    let store = try SQLiteStore(path: folder.store, migrations: [first])
    #expect(try await store.rows("PRAGMA user_version") == ["1"])
    #expect(try await store.rows("SELECT count(*) FROM pragma_table_info('urls')") == ["2"])
  }

  @Test func `a new file has the settings that were measured`() async throws {
    let store = try SQLiteStore(path: folder.store)
    #expect(try await store.rows("PRAGMA application_id") == ["\(StoreHeader.applicationID)"])
    #expect(try await store.rows("PRAGMA user_version") == ["\(StoreSchema.migrations.count)"])
    #expect(try await store.rows("PRAGMA page_size") == ["8192"])
    #expect(try await store.rows("PRAGMA journal_mode") == ["wal"])
    #expect(try await store.rows("PRAGMA synchronous") == ["1"])
  }

  @Test func `states and data that no program could read are refused`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.commit([found(1), .page(page(1))])
    let statements = [
      "UPDATE urls SET state = 'lost'", "UPDATE urls SET depth = 'deep'",
      "INSERT INTO items (page, name, data) VALUES (1, 'book', '{')",
    ]
    for statement in statements {
      await #expect(throws: StoreError.self) { try await store.execute(statement) }
    }
  }

  @Test func `states of URLs are those of the schema`() {
    let states = URLState.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    #expect(StoreSchema.migrations[0].contains("state IN (\(states))"))
  }
}
