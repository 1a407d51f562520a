internal import Glibc
internal import GRDB

/// Why a store or an export could not be opened, read or written.
///
/// What was committed before is still there in every case.
package enum StoreError: Error, Hashable, CustomStringConvertible {
  case notADatabase(path: String)
  /// A SQLite database that some other program made.
  case foreign(path: String)
  /// A store of a later version of this program.
  case newer(path: String, version: Int, known: Int)
  /// Another crawl writes to it.
  case inUse(path: String)
  /// Another program, not a crawl, did not let us write.
  case busy(path: String)
  case unwritable(path: String, reason: String)
  case full(path: String)
  case damaged(path: String, reason: String)
  /// A record contradicts what is stored, so that nothing of its batch was.
  case refused(path: String, reason: String)
  /// The extension names no format.
  case unknownFormat(path: String)
  /// Whatever else SQLite complains about.
  case failed(path: String, reason: String)

  package var description: String {
    switch self {
    case .notADatabase(let path):
      "\(path) is not a SQLite database; nothing was changed, give the name of a new file"
    case .foreign(let path):
      "\(path) is a database of another program; nothing was changed, give the name of a new file"
    case .newer(let path, let version, let known):
      "\(path) has version \(version), and this program knows those up to \(known); "
        + "use the program that made it, or give the name of a new file"
    case .inUse(let path):
      "\(path) is being written by another crawl; wait for its end, or give another file"
    case .busy(let path):
      "\(path) was locked by another program for \(SQLiteStore.patience) s; "
        + "end the transaction that is open there, then run the same command again"
    case .unwritable(let path, let reason):
      "\(path) cannot be written: \(reason); give a file in a folder that can be written to"
    case .full(let path):
      "no space is left for \(path); what was stored is kept, make room and run the same command "
        + "again"
    case .damaged(let path, let reason):
      "\(path) is damaged: \(reason); `sqlite3 \(path) .recover` gets out what is left"
    case .refused(let path, let reason):
      "\(path) refused a batch: \(reason); please report it, a crawl should not get there"
    case .unknownFormat(let path):
      "\(path) names no format to export to; let it end in .jsonl or .csv"
    case .failed(let path, let reason):
      "\(path) could not be used: \(reason); check the disk, then run the same command again"
    }
  }
}

extension StoreError {
  /// Translates what GRDB throws.
  init(_ error: any Error, path: String) {
    if let error = error as? StoreError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self = .failed(path: path, reason: "\(error)")
      return
    }
    let reason = error.message ?? "\(error.extendedResultCode)"
    self =
      switch error.resultCode {
      case .SQLITE_NOTADB: .notADatabase(path: path)
      case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
      case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        .unwritable(path: path, reason: reason)
      case .SQLITE_FULL: .full(path: path)
      case .SQLITE_CORRUPT: .damaged(path: path, reason: reason)
      case .SQLITE_CONSTRAINT: .refused(path: path, reason: reason)
      default: .failed(path: path, reason: reason)
      }
  }

  /// Translates the `errno` of a failed call on `path`.
  init(errno code: Int32, path: String) {
    self =
      switch code {
      case ENOSPC, EDQUOT: .full(path: path)
      default: .unwritable(path: path, reason: String(cString: strerror(code)).lowercased())
      }
  }
}
