internal import GRDB

extension SQLiteStore {
  /// The final URLs of all pages with a status 2xx, by rising `id`.
  ///
  /// > Cancellation: does not observe cancellation.
  package func goodURLs() async throws(StoreError) -> [String] {
    try await perform { database in
      let sql = "SELECT final_url FROM pages WHERE status BETWEEN 200 AND 299 ORDER BY id"
      return try String.fetchAll(database, sql: sql)
    }
  }
}
