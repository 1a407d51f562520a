import Glibc
import Testing

@testable import Scraper

struct ExportTests {
  let folder: StoreFolder

  init() throws {
    folder = try StoreFolder()
  }

  private func makeStore() async throws -> SQLiteStore {
    let store = try SQLiteStore(path: folder.store)
    var first = page(1)
    first.title = "say \"hello\",\n\u{1F9C1} \\ \u{1}\t\u{7F}\u{2028}"
    first.text = "one\r\ntwo"
    first.links = [3, 2].map { LinkRecord(target: $0, kind: .anchor, isNofollow: false) }
    first.items = [
      ItemRecord(name: "book", json: "{\n \"b\": \"\\u00e9\\n\", \"a\": [1, null]\n}"),
      ItemRecord(name: "shelf", json: "{}"),
    ]
    var second = page(2, status: 404, type: "application/pdf")
    second.url = "https://a.example/old,2"
    second.title = nil
    second.text = nil
    try await store.commit([
      found(1), found(2), found(3), failure(3), .page(second), .page(first),
    ])
    return store
  }

  @Test func `JSON Lines have all of a page in a line, by number`() async throws {
    try await makeStore().export(to: folder.file("pages.jsonl"))
    #expect(
      try folder.read("pages.jsonl") == #"""
        {"url":"https://a.example/1","final_url":"https://a.example/1","status":200,"type":"text/html",\#
        "title":"say \"hello\",\n🧁 \\ \u0001\t\#u{7F}\#u{2028}","fetched_at":"2026-03-01T09:30:00.251Z",\#
        "bytes":100,"hash":"00000000000000ff","text":"one\r\ntwo",\#
        "links":["https://a.example/3","https://a.example/2"],\#
        "items":[{"name":"book","data":{"b":"\u00e9\n","a":[1,null]}},{"name":"shelf","data":{}}]}
        {"url":"https://a.example/old,2","final_url":"https://a.example/2","status":404,\#
        "type":"application/pdf","title":null,"fetched_at":"2026-03-01T09:30:00.252Z","bytes":100,\#
        "hash":"00000000000000ff","text":null,"links":[],"items":[]}

        """#
    )
  }

  @Test func `CSV has a header and quotes what needs it`() async throws {
    try await makeStore().export(to: folder.file("pages.CSV"))
    let lines = [
      "url,final_url,status,type,title,fetched_at,bytes,hash",
      "https://a.example/1,https://a.example/1,200,text/html,"
        + "\"say \"\"hello\"\",\n\u{1F9C1} \\ \u{1}\t\u{7F}\u{2028}\","
        + "2026-03-01T09:30:00.251Z,100,00000000000000ff",
      "\"https://a.example/old,2\",https://a.example/2,404,application/pdf,,"
        + "2026-03-01T09:30:00.252Z,100,00000000000000ff", "",
    ]
    #expect(try folder.read("pages.CSV") == lines.joined(separator: "\r\n"))
  }

  @Test(arguments: [
    (["a", nil, ""], "a,,\r\n"), (["a,b"], "\"a,b\"\r\n"),
    (["a\rb", "\""], "\"a\rb\",\"\"\"\"\r\n"),
    ([" a ", "'b'", "e\u{301}"], " a ,'b',e\u{301}\r\n"), (["a\r\nb"], "\"a\r\nb\"\r\n"),
    (["\"\u{301}"], "\"\"\"\u{301}\"\r\n"),
  ])
  func `a CSV field is quoted when it has a comma, a quote or an end of line`(
    fields: [String?],
    line: String
  ) {
    #expect(Array(csvLine(fields).utf8) == Array(line.utf8))
  }

  @Test(arguments: [("a.jsonl", ExportFormat.jsonl), ("a.b.csv", .csv), (".CSV", .csv)])
  func `the extension names the format`(path: String, format: ExportFormat) throws {
    #expect(try ExportFormat(path: path) == format)
  }

  @Test(arguments: ["a.json", "a", "csv", "a.csv.gz", ""])
  func `another extension is an error that names both`(path: String) async throws {
    #expect(throws: StoreError.unknownFormat(path: path)) { try ExportFormat(path: path) }
    #expect(StoreError.unknownFormat(path: path).description.contains(".jsonl or .csv"))
  }

  @Test func `an empty store makes an empty file, or a header`() async throws {
    let store = try SQLiteStore(path: folder.store)
    try await store.export(to: folder.file("a.jsonl"))
    try await store.export(to: folder.file("a.csv"))
    #expect(try folder.read("a.jsonl") == "")
    #expect(
      try folder.read("a.csv") == "url,final_url,status,type,title,fetched_at,bytes,hash\r\n"
    )
  }

  @Test func `an export replaces the one before`() async throws {
    try folder.write("old", to: "a.csv")
    try await makeStore().export(to: folder.file("a.csv"))
    #expect(try folder.read("a.csv").hasPrefix("url,"))
    #expect(!folder.names.contains("a.csv.partial"))
  }

  @Test func `an export that fails leaves what was there`() async throws {
    let store = try await makeStore()
    try folder.write("old", to: "a.jsonl")
    try await store.execute("DROP TABLE items")
    await #expect(throws: StoreError.self) { try await store.export(to: folder.file("a.jsonl")) }
    #expect(try folder.read("a.jsonl") == "old")
    #expect(!folder.names.contains("a.jsonl.partial"))
  }

  @Test func `a folder that is not there is reported`() async throws {
    let path = folder.file("missing/a.csv")
    let store = try await makeStore()
    let error = StoreError.unwritable(path: path + ".partial", reason: "no such file or directory")
    await #expect(throws: error) { try await store.export(to: path) }
  }

  @Test func `a full disk is reported`() throws {
    let file = folder.file("full")
    #expect(symlink("/dev/full", file + ".partial") == 0)
    let output = try OutputFile(path: file)
    #expect(throws: StoreError.full(path: file)) {
      for _ in 0..<10_000 { try output.write("0123456789") }
      try output.finish()
    }
    #expect(!folder.names.contains("full"))
  }

  @Test func `a file without an end is removed`() throws {
    try OutputFile(path: folder.file("a")).write("half")
    #expect(folder.names == [])
  }
}
