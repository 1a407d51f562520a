import GRDB
import Glibc
import Testing

@testable import Scraper

struct StoreErrorTests {
  let folder: StoreFolder

  init() throws {
    folder = try StoreFolder()
  }

  @Test func `a file that is no database is refused and left as it was`() throws {
    let texts = ["short", String(repeating: "This is a text. ", count: 20)]
    for text in texts {
      try folder.write(text, to: "crawl.sqlite")
      #expect(throws: StoreError.notADatabase(path: folder.store)) {
        try SQLiteStore(path: folder.store)
      }
      #expect(try folder.read("crawl.sqlite") == text)
      #expect(folder.names == ["crawl.sqlite"])
    }
  }

  @Test func `a database of another program is refused and left as it was`() throws {
    try folder.execute("CREATE TABLE urls (id INTEGER); INSERT INTO urls VALUES (7)")
    let before = try folder.read("crawl.sqlite")
    #expect(throws: StoreError.foreign(path: folder.store)) { try SQLiteStore(path: folder.store) }
    #expect(try folder.read("crawl.sqlite") == before)
    #expect(folder.names == ["crawl.sqlite"])
  }

  @Test func `an empty file becomes a store`() async throws {
    try folder.write("", to: "crawl.sqlite")
    let store = try SQLiteStore(path: folder.store)
    try await store.commit([found(1)])
  }

  @Test func `a store of a later version is refused`() async throws {
    try await SQLiteStore(path: folder.store).close()
    try folder.execute("PRAGMA user_version = 7")
    #expect(throws: StoreError.newer(path: folder.store, version: 7, known: 1)) {
      try SQLiteStore(path: folder.store)
    }
    #expect(folder.names == ["crawl.sqlite"])
  }

  @Test func `a second crawl into the same file is refused, by whatever name`() async throws {
    let store = try SQLiteStore(path: folder.store)
    #expect(throws: StoreError.inUse(path: folder.store)) { try SQLiteStore(path: folder.store) }
    let link = folder.file("link.sqlite")
    #expect(symlink(folder.store, link) == 0)
    #expect(throws: StoreError.inUse(path: link)) { try SQLiteStore(path: link) }
    try await store.commit([found(1)])
    try await store.close()
    let next = try SQLiteStore(path: link)
    #expect(try await next.load() == [stored(1)])
  }

  @Test func `a store that nobody holds any more is free`() throws {
    _ = try SQLiteStore(path: folder.store)
    _ = try SQLiteStore(path: folder.store)
  }

  @Test func `a write lock of another program is waited for, then reported`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.execute("PRAGMA busy_timeout = 1")
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: folder.store, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
    await #expect(throws: StoreError.busy(path: folder.store)) {
      try await store.commit([found(1)])
    }
    try await other.writeWithoutTransaction { try $0.rollback() }
    try await store.commit([found(1)])
    #expect(try await store.load() == [stored(1)])
  }

  @Test func `a full disk ends a commit, and what was committed stays`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.execute("PRAGMA max_page_count = 40")
    var committed: [StoredURL] = []
    var failure: (any Error)?
    while failure == nil, committed.count < 1000 {
      let id = Int64(committed.count + 1)
      var large = page(id)
      large.text = String(repeating: "text ", count: 5000)
      do {
        try await store.commit([found(id), .page(large)])
        committed.append(stored(id, .done))
      } catch {
        failure = error
      }
    }
    #expect(failure as? StoreError == .full(path: folder.store))
    #expect(committed.count > 2)
    #expect(try await store.load() == committed)
    try await store.close()
    let next = try SQLiteStore(path: folder.store)
    #expect(try await next.load() == committed)
    #expect(try await next.rows("PRAGMA integrity_check") == ["ok"])
    try await next.commit([found(Int64(committed.count + 1))])
  }

  @Test func `a disk that turns read-only ends a commit`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.execute("PRAGMA query_only = 1")
    await #expect {
      try await store.commit([found(1)])
    } throws: { error in
      guard case StoreError.unwritable = error else { return false }
      return true
    }
  }

  @Test func `a damaged file is reported as damaged`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.commit((1...500).map { found($0) })
    try await store.close()
    let descriptor = open(folder.store, O_RDWR)
    let rubbish = [UInt8](repeating: 0xFF, count: 8192)
    for index in 1..<12 { pwrite(descriptor, rubbish, rubbish.count, off_t(index * 8192)) }
    close(descriptor)
    await #expect {
      _ = try await SQLiteStore(path: folder.store).load()
    } throws: { error in
      guard case StoreError.damaged = error else { return false }
      return true
    }
  }

  @Test(arguments: [
    ("missing/crawl.sqlite", "no such file or directory"), ("folder.sqlite", "is a directory"),
  ])
  func `a file that cannot be made is reported with the reason`(
    name: String,
    reason: String
  ) throws {
    let folderName = folder.file("folder.sqlite")
    #expect(mkdir(folderName, 0o777) == 0)
    defer { rmdir(folderName) }
    #expect {
      try SQLiteStore(path: folder.file(name))
    } throws: { error in
      guard case StoreError.unwritable(_, reason) = error else { return false }
      return true
    }
  }

  /// The kernel lets not even root make files there.
  @Test func `a folder that nobody may write to is reported`() {
    #expect(
      throws: StoreError.unwritable(
        path: "/sys/kernel/crawl.sqlite-lock",
        reason: "permission denied"
      )
    ) { try SQLiteStore(path: "/sys/kernel/crawl.sqlite") }
  }

  @Test(.enabled("root may write to any file") { geteuid() != 0 })
  func `a read-only file is reported and left as it was`() async throws {
    try await SQLiteStore(path: folder.store).close()
    chmod(folder.store, 0o444)
    #expect(throws: StoreError.unwritable(path: folder.store, reason: "permission denied")) {
      try SQLiteStore(path: folder.store)
    }
  }

  @Test(arguments: [
    (ResultCode.SQLITE_READONLY_DBMOVED, StoreError.unwritable(path: "f", reason: "m")),
    (.SQLITE_CANTOPEN, .unwritable(path: "f", reason: "m")),
    (.SQLITE_FULL, .full(path: "f")),
    (.SQLITE_BUSY_SNAPSHOT, .busy(path: "f")),
    (.SQLITE_NOTADB, .notADatabase(path: "f")),
    (.SQLITE_CORRUPT_INDEX, .damaged(path: "f", reason: "m")),
    (.SQLITE_CONSTRAINT_UNIQUE, .refused(path: "f", reason: "m")),
    (.SQLITE_IOERR_WRITE, .failed(path: "f", reason: "m")),
  ])
  func `result codes of SQLite have their error`(code: ResultCode, error: StoreError) {
    #expect(StoreError(DatabaseError(resultCode: code, message: "m"), path: "f") == error)
  }

  @Test func `errors name the file and what to do`() {
    let errors: [StoreError] = [
      .notADatabase(path: "f"), .foreign(path: "f"), .newer(path: "f", version: 2, known: 1),
      .inUse(path: "f"), .busy(path: "f"), .unwritable(path: "f", reason: "m"), .full(path: "f"),
      .damaged(path: "f", reason: "m"), .refused(path: "f", reason: "m"),
      .unknownFormat(path: "f"), .failed(path: "f", reason: "m"),
    ]
    for error in errors {
      let parts = error.description.split(separator: " ")
      #expect(parts.contains("f") || parts.contains("f;"))
      #expect(error.description.contains { ";,".contains($0) })
      #expect(error.description.last != ".")
    }
  }
}
