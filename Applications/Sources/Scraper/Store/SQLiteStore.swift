internal import GRDB
internal import Glibc

/// Keeps a crawl in a SQLite file, which others may read at the same time.
///
/// SQLite works on a thread of its own, never on one that runs tasks. Nobody else may crawl into the
/// same file until `close()`, or until the store is gone.
package final class SQLiteStore: CrawlStore {
  /// How long a write waits for another program to let go of the file, in seconds.
  static let patience = 5

  /// As it was given.
  package let path: String
  let queue: DatabaseQueue
  private let lock: StoreLock

  /// Opens the store at `path`, or makes a new one; a store of an earlier version is brought up to
  /// date.
  ///
  /// - Throws: Any `StoreError` but `unknownFormat`; a file that is not a store stays as it was.
  package convenience init(path: String) throws(StoreError) {
    try self.init(path: path, migrations: StoreSchema.migrations)
  }

  init(path: String, migrations: [String]) throws(StoreError) {
    self.path = path
    let location = Self.locate(path)
    lock = try StoreLock(of: path, at: location)
    try StoreHeader.check(location, of: path)
    var configuration = Configuration()
    configuration.busyMode = .timeout(Double(Self.patience))
    // Each link would cost a look at two more tables.
    configuration.foreignKeysEnabled = false
    do {
      queue = try DatabaseQueue(path: location, configuration: configuration)
      try queue.inDatabase { database in
        try StoreSchema.prepare(database, path: path, migrations: migrations)
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  package func load() async throws(StoreError) -> [StoredURL] {
    let path = path
    return try await perform { database in
      var urls: [StoredURL] = []
      let sql = "SELECT id, url, state, depth FROM urls ORDER BY id"
      let rows = try Row.fetchCursor(database, sql: sql)
      while let row = try rows.next() {
        guard let state = URLState(rawValue: row[2]) else {
          throw StoreError.damaged(path: path, reason: "a URL has the state \(row[2] as String)")
        }
        urls.append(StoredURL(id: row[0], url: row[1], state: state, depth: row[3]))
      }
      return urls
    }
  }

  package func commit(_ batch: [CrawlRecord]) async throws(StoreError) {
    let path = path
    try await perform { database in
      try database.inTransaction(.immediate) {
        let writer = try BatchWriter(database, path: path)
        for record in batch { try writer.write(record) }
        return .commit
      }
    }
  }

  /// Notes something about the crawl as a whole, in place of what `key` had before.
  ///
  /// > Cancellation: does not observe cancellation.
  package func setInfo(_ key: String, _ value: String) async throws(StoreError) {
    try await perform { database in
      try database.execute(
        sql: "REPLACE INTO info (key, value) VALUES (?, ?)",
        arguments: [key, value]
      )
    }
  }

  /// What was noted about the crawl as a whole.
  ///
  /// > Cancellation: does not observe cancellation.
  package func info() async throws(StoreError) -> [String: String] {
    try await perform { database in
      let rows = try Row.fetchAll(database, sql: "SELECT key, value FROM info")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
    }
  }

  /// Closes the file and lets others crawl into it; what is called again does nothing.
  ///
  /// > Cancellation: does not observe cancellation.
  package func close() async throws(StoreError) {
    // Without its log the file is complete by itself and can be read on a read-only disk. When
    // somebody is reading it, or no space is left, the log stays beside it, and nothing is lost.
    _ = try? await perform { database in
      try database.execute(sql: "PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE")
    }
    do {
      try queue.close()
    } catch {
      throw StoreError(error, path: path)
    }
    lock.release()
  }

  /// Runs `body` on the database's own thread.
  ///
  /// GRDB's own asynchronous functions give up when the task is cancelled, but a crawl that drains
  /// still has batches to commit.
  ///
  /// > Cancellation: does not observe cancellation.
  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(StoreError) -> Value {
    let path = path
    let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
      queue.asyncWriteWithoutTransaction { database in
        let result = Result { try body(database) }
        continuation.resume(returning: result.mapError { StoreError($0, path: path) })
      }
    }
    return try result.get()
  }

  /// The file behind `path`: its one name for the lock, and nothing that SQLite takes for a URI or
  /// for a database in memory.
  static func locate(_ path: String) -> String {
    if let resolved = realpath(path, nil) {
      defer { free(resolved) }
      return String(cString: resolved)
    }
    return path.hasPrefix("/") ? path : "./" + path
  }
}
