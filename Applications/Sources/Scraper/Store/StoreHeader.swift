internal import Glibc

/// The first bytes of a database file, read without SQLite, which may change a file by opening it:
/// it completes or takes back what another program left half done.
///
/// Source: "Database File Format" of sqlite.org, §1.3.
enum StoreHeader {
  /// `PRAGMA application_id` of a store: "Bake" in ASCII.
  static let applicationID: UInt32 = 0x4261_6b65

  static let size = 100

  /// Checks that there is a store at `location`, or nothing, or an empty file.
  ///
  /// - Throws: `notADatabase` or `foreign`; `unwritable` when the file cannot be opened for writing.
  static func check(_ location: String, of path: String) throws(StoreError) {
    let descriptor = open(location, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return }
      throw StoreError(errno: errno, path: path)
    }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = pread(descriptor, &bytes, size, 0)
    guard count >= 0 else { throw StoreError(errno: errno, path: path) }
    try check(bytes.prefix(count), of: path)
  }

  static func check(_ bytes: ArraySlice<UInt8>, of path: String) throws(StoreError) {
    if bytes.isEmpty { return }
    guard bytes.count == size, bytes.starts(with: "SQLite format 3\0".utf8) else {
      throw .notADatabase(path: path)
    }
    let found = bytes.dropFirst(68).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard found == applicationID else { throw .foreign(path: path) }
  }
}
