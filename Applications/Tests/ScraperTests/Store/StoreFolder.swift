import GRDB
import Glibc
import Testing

@testable import Scraper

/// A folder for the files of one test, which goes with it.
final class StoreFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/store-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  var store: String { file("crawl.sqlite") }

  /// What is in the folder, by name.
  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    let file = try OutputFile(path: file(name))
    try file.write(text)
    try file.finish()
  }

  func read(_ name: String) throws -> String {
    let stream = try #require(fopen(file(name), "r"))
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, stream)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Does `sql` to a file as another program would.
  func execute(_ sql: String, in name: String = "crawl.sqlite") throws {
    let queue = try DatabaseQueue(path: file(name))
    try queue.inDatabase { try $0.execute(sql: sql) }
    try queue.close()
  }
}

extension SQLiteStore {
  /// The rows that a query gives, their values joined with `|`, as the `sqlite3` shell shows them.
  func rows(_ sql: String) async throws -> [String] {
    try await perform { database in
      try Row.fetchAll(database, sql: sql).map { row in
        row.databaseValues.map { value in
          switch value.storage {
          case .null: ""
          case .int64(let number): "\(number)"
          case .double(let number): "\(number)"
          case .string(let text): text
          case .blob: "blob"
          }
        }.joined(separator: "|")
      }
    }
  }

  func execute(_ sql: String) async throws {
    try await perform { try $0.execute(sql: sql) }
  }
}

func found(_ id: Int64, _ state: URLState = .pending, reason: String? = nil) -> CrawlRecord {
  .found(stored(id, state), reason: reason)
}

func stored(_ id: Int64, _ state: URLState = .pending) -> StoredURL {
  StoredURL(id: id, url: url(id), state: state, depth: Int(id))
}

func url(_ id: Int64) -> String { "https://a.example/\(id)" }

func page(
  _ id: Int64,
  status: Int = 200,
  type: String = "text/html",
  links: [Int64] = []
) -> PageRecord {
  PageRecord(
    id: id,
    url: url(id),
    finalURL: url(id),
    status: status,
    type: type,
    title: "Page \(id)",
    text: "Text of \(id)",
    fetchedAt: 1_772_357_400_250 + id,
    millisecondsQueued: 1.5,
    millisecondsFetching: Double(id),
    millisecondsParsing: 0.25,
    bytes: 100,
    hash: "00000000000000ff",
    links: links.map { LinkRecord(target: $0, kind: .anchor, isNofollow: false) }
  )
}

func failure(_ id: Int64, attempts: Int = 3) -> CrawlRecord {
  .failure(
    FailureRecord(id: id, url: url(id), stage: "connect", reason: "refused", attempts: attempts)
  )
}
