internal import Glibc
internal import Synchronization

/// Keeps a second crawl off a store, by an advisory lock on a file beside it, `FILE-lock`.
///
/// The database file itself cannot carry the lock. SQLite's exclusive mode shuts readers out, and its
/// own locks belong to the process: they are lost when any descriptor of the file is closed, such as
/// that of a second store which finds the file taken. The kernel drops this lock when the process
/// ends, however it ends.
final class StoreLock: Sendable {
  private let path: String
  private let descriptor: Int32
  private let isHeld = Atomic(true)

  /// Takes the lock without waiting.
  ///
  /// - Throws: `inUse` when another store has it, `unwritable` or `full` when there is no way to ask.
  init(of store: String, at location: String) throws(StoreError) {
    path = location + "-lock"
    while true {
      let candidate = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard candidate >= 0 else { throw StoreError(errno: errno, path: path) }
      if flock(candidate, LOCK_EX | LOCK_NB) != 0 {
        let code = errno
        _ = Glibc.close(candidate)
        throw code == EWOULDBLOCK ? .inUse(path: store) : StoreError(errno: code, path: path)
      }
      // Whoever held it may have removed the file between our two calls.
      if Self.isFile(candidate, at: path) {
        descriptor = candidate
        return
      }
      _ = Glibc.close(candidate)
    }
  }

  /// Removes the file and lets go of the lock; what is called again does nothing.
  func release() {
    guard isHeld.exchange(false, ordering: .relaxed) else { return }
    unlink(path)
    _ = Glibc.close(descriptor)
  }

  deinit {
    release()
  }

  private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var ours = stat()
    var there = stat()
    guard fstat(descriptor, &ours) == 0, stat(path, &there) == 0 else { return false }
    return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev
  }
}
