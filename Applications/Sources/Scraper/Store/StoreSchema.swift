internal import GRDB

/// The tables of a store, and the way from each version to the next.
///
/// `PRAGMA user_version` is the number of migrations that a file has had.
enum StoreSchema {
  static let migrations = [tables]

  /// Brings the file up to date in one transaction, and sets up the connection.
  ///
  /// - Throws: `newer` when the file has had more migrations than there are.
  static func prepare(_ database: Database, path: String, migrations: [String]) throws {
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version <= migrations.count else {
      throw StoreError.newer(path: path, version: version, known: migrations.count)
    }
    if version < migrations.count {
      // Of use in a new file only. Texts of pages are long: 8 KiB take a sixth less processor time
      // than the usual 4, and make the file 1 % larger.
      try database.execute(sql: "PRAGMA page_size = 8192")
      // Before there is a write-ahead log: `StoreHeader` reads the identifier from the file proper.
      try database.inTransaction(.immediate) {
        for migration in migrations[version...] { try database.execute(sql: migration) }
        try database.execute(
          sql: """
            PRAGMA application_id = \(StoreHeader.applicationID);
            PRAGMA user_version = \(migrations.count);
            """
        )
        return .commit
      }
    }
    try database.execute(sql: connection)
  }

  /// Settings that last as long as the connection, but for the first.
  ///
  /// A write-ahead log lets others read while we write. With `synchronous = NORMAL` a power cut can
  /// take the last commits, whole ones, and a killed process loses none; only checkpoints wait for
  /// the disk, one for 16 MiB of log. The cache holds a batch until its commit.
  private static let connection = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 2048;
    PRAGMA cache_size = -16384;
    """

  /// Version 1.
  ///
  /// Times are texts, `2026-03-01T09:30:00.250Z`, which SQLite's date functions understand.
  /// `pages.text` comes last because whatever stands behind a long text is slow to reach. `links` has
  /// no index on `target`: it would double the cost of a link, and whoever asks often can add one.
  ///
  /// `failures.attempts` is how many requests the run that gave up on a URL had sent for it, refused ones included. It is 0
  /// where nothing was sent, because the host could not be asked or had done nothing but refuse.
  private static let tables = """
    CREATE TABLE urls (
      id INTEGER PRIMARY KEY,
      url TEXT NOT NULL UNIQUE,
      state TEXT NOT NULL
        CHECK (state IN ('pending', 'done', 'failed', 'redirected', 'skipped')),
      depth INTEGER NOT NULL,
      reason TEXT
    ) STRICT;
    CREATE TABLE pages (
      id INTEGER PRIMARY KEY REFERENCES urls,
      url TEXT NOT NULL,
      final_url TEXT NOT NULL,
      status INTEGER NOT NULL,
      type TEXT NOT NULL,
      title TEXT,
      fetched_at TEXT NOT NULL,
      ms_queued REAL NOT NULL,
      ms_fetching REAL NOT NULL,
      ms_parsing REAL NOT NULL,
      bytes INTEGER NOT NULL,
      hash TEXT NOT NULL,
      text TEXT
    ) STRICT;
    CREATE TABLE links (
      source INTEGER NOT NULL REFERENCES pages,
      position INTEGER NOT NULL,
      target INTEGER NOT NULL REFERENCES urls,
      kind TEXT NOT NULL,
      nofollow INTEGER NOT NULL,
      PRIMARY KEY (source, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failures (
      id INTEGER PRIMARY KEY REFERENCES urls,
      url TEXT NOT NULL,
      stage TEXT NOT NULL,
      reason TEXT NOT NULL,
      attempts INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE items (
      id INTEGER PRIMARY KEY,
      page INTEGER NOT NULL REFERENCES pages,
      name TEXT NOT NULL,
      data TEXT NOT NULL CHECK (json_valid(data))
    ) STRICT;
    CREATE INDEX items_by_page ON items (page);
    CREATE TABLE info (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE VIEW link_urls AS
      SELECT source.url AS source, position, target.url AS target, kind, nofollow
      FROM links
      JOIN urls AS source ON source.id = links.source
      JOIN urls AS target ON target.id = links.target;
    CREATE VIEW broken_links AS
      SELECT source.url AS source, target.url AS target,
        coalesce(failures.stage || ': ' || failures.reason, 'status ' || pages.status) AS reason
      FROM links
      JOIN urls AS source ON source.id = links.source
      JOIN urls AS target ON target.id = links.target
      LEFT JOIN pages ON pages.id = links.target
      LEFT JOIN failures ON failures.id = links.target
      WHERE failures.id IS NOT NULL OR pages.status >= 400;
    """
}
