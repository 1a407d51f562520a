internal import GRDB

/// Turns records into rows, inside the transaction of a batch.
struct BatchWriter {
  /// How many links go into one statement.
  ///
  /// Most rows are links. Alone a link takes 1.5 µs, among twelve 0.9.
  private static let linksTogether = 12

  private let path: String
  private let insertURL: BoundStatement
  private let updateURL: BoundStatement
  private let insertPage: BoundStatement
  private let insertLink: BoundStatement
  private let insertLinks: BoundStatement
  private let insertItem: BoundStatement
  private let replaceFailure: BoundStatement
  private let deleteFailure: BoundStatement

  init(_ database: Database, path: String) throws {
    func prepare(_ sql: String) throws -> BoundStatement { try BoundStatement(sql, in: database) }
    self.path = path
    insertURL = try prepare(
      "INSERT INTO urls (id, url, state, depth, reason) VALUES (?, ?, ?, ?, ?)"
    )
    updateURL = try prepare("UPDATE urls SET state = ?, reason = ? WHERE id = ?")
    insertPage = try prepare(
      """
      INSERT INTO pages (
        id, url, final_url, status, type, title, text, fetched_at,
        ms_queued, ms_fetching, ms_parsing, bytes, hash
      )
      VALUES (
        ?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch'),
        ?, ?, ?, ?, ?
      )
      """
    )
    let insert = "INSERT INTO links (source, position, target, kind, nofollow) VALUES "
    let row = "(?, ?, ?, ?, ?)"
    insertLink = try prepare(insert + row)
    insertLinks = try prepare(
      insert + Array(repeating: row, count: Self.linksTogether).joined(separator: ", ")
    )
    insertItem = try prepare("INSERT INTO items (page, name, data) VALUES (?, ?, ?)")
    replaceFailure = try prepare(
      "REPLACE INTO failures (id, url, stage, reason, attempts) VALUES (?, ?, ?, ?, ?)"
    )
    deleteFailure = try prepare("DELETE FROM failures WHERE id = ?")
  }

  /// - Throws: `DatabaseError`; `StoreError` for a record of a URL that was never found.
  func write(_ record: CrawlRecord) throws {
    switch record {
    case .found(let url, let reason):
      try insertURL.run(url.id, url.url, url.state.rawValue, url.depth, reason)
    case .page(let page):
      try settle(page.id, .done, reason: nil)
      try write(page)
    case .settled(let id, let state, let reason):
      try settle(id, state, reason: reason)
    case .failure(let failure):
      try settle(failure.id, .failed, reason: nil)
      try replaceFailure.run(
        failure.id,
        failure.url,
        failure.stage,
        failure.reason,
        failure.attempts
      )
    }
  }

  /// Notes what became of a URL, and forgets that it failed in an earlier run.
  private func settle(_ id: Int64, _ state: URLState, reason: String?) throws {
    guard try updateURL.run(state.rawValue, reason, id) == 1 else {
      throw StoreError.refused(path: path, reason: "there is no URL with the number \(id)")
    }
    try deleteFailure.run(id)
  }

  private func write(_ page: PageRecord) throws {
    try insertPage.run(
      page.id,
      page.url,
      page.finalURL,
      page.status,
      page.type,
      page.title,
      page.text,
      page.fetchedAt,
      page.millisecondsQueued,
      page.millisecondsFetching,
      page.millisecondsParsing,
      page.bytes,
      page.hash
    )
    try write(page.links, from: page.id)
    for item in page.items { try insertItem.run(page.id, item.name, item.json) }
  }

  private func write(_ links: [LinkRecord], from source: Int64) throws {
    var position = 0
    while position < links.count {
      let isMany = links.count - position >= Self.linksTogether
      let statement = isMany ? insertLinks : insertLink
      var parameter: Int32 = 1
      for link in links[position...].prefix(isMany ? Self.linksTogether : 1) {
        position += 1
        parameter = try statement.bind(
          source,
          position,
          link.target,
          link.kind.rawValue,
          link.isNofollow,
          from: parameter
        )
      }
      try statement.run()
    }
  }
}
