internal import GRDB

/// What a file of pages can look like; its extension says which.
package enum ExportFormat: String, Sendable, CaseIterable {
  /// One JSON object per line, with everything that is known about a page.
  case jsonl
  /// RFC 4180, with a header: a page without its text, its links and its items, for spreadsheets.
  case csv

  /// - Throws: `StoreError.unknownFormat`.
  package init(path: String) throws(StoreError) {
    let name = path.lowercased()
    guard let format = Self.allCases.first(where: { name.hasSuffix("." + $0.rawValue) }) else {
      throw .unknownFormat(path: path)
    }
    self = format
  }
}

extension SQLiteStore {
  /// Writes all pages to a file by rising `id`, in the format that its extension names.
  ///
  /// Rows go from one file to the other one at a time. Readers of `path` see what was there before,
  /// or all of the new file.
  ///
  /// > Cancellation: does not observe cancellation.
  ///
  /// - Throws: `unknownFormat`, and what reading and writing can end with.
  package func export(to path: String) async throws(StoreError) {
    let format = try ExportFormat(path: path)
    try await perform { database in
      let file = try OutputFile(path: path)
      switch format {
      case .jsonl:
        let lines = try String.fetchCursor(database, sql: jsonLines)
        while let line = try lines.next() { try file.write(line + "\n") }
      case .csv:
        let statement = try database.makeStatement(sql: csvRows)
        try file.write(csvLine(statement.columnNames))
        let rows = try Row.fetchCursor(statement)
        while let row = try rows.next() {
          try file.write(csvLine(row.databaseValues.map(String.fromDatabaseValue)))
        }
      }
      try file.finish()
    }
  }
}

/// Lets SQLite write the JSON: a row is a line.
private let jsonLines = """
  SELECT json_object(
    'url', url, 'final_url', final_url, 'status', status, 'type', type, 'title', title,
    'fetched_at', fetched_at, 'bytes', bytes, 'hash', hash, 'text', text,
    'links', json((
      SELECT json_group_array(url) FROM (
        SELECT urls.url FROM links JOIN urls ON urls.id = links.target
        WHERE links.source = pages.id ORDER BY links.position
      )
    )),
    'items', json((
      SELECT json_group_array(json_object('name', name, 'data', json(data))) FROM (
        SELECT name, data FROM items WHERE items.page = pages.id ORDER BY items.id
      )
    ))
  )
  FROM pages ORDER BY id
  """

private let csvRows = """
  SELECT url, final_url, CAST(status AS TEXT) AS status, type, title, fetched_at,
    CAST(bytes AS TEXT) AS bytes, hash
  FROM pages ORDER BY id
  """

/// A record by RFC 4180, section 2; `nil` is an empty field.
func csvLine(_ fields: [String?]) -> String {
  fields.map { csvField($0 ?? "") }.joined(separator: ",") + "\r\n"
}

private func csvField(_ text: String) -> String {
  let quote = UInt8(ascii: "\"")
  let needsQuotes = text.utf8.contains { byte in
    byte == UInt8(ascii: ",") || byte == quote || byte == UInt8(ascii: "\r")
      || byte == UInt8(ascii: "\n")
  }
  guard needsQuotes else { return text }
  // Bytes, since a quote and an accent behind it would be one character, and no quote.
  let doubled = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
  return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
}
