internal import Glibc

/// A file that appears under its name only when it is complete.
///
/// Until `finish()` it is called `NAME.partial`; without that call it is removed.
final class OutputFile {
  private let path: String
  private let partialPath: String
  private var stream: UnsafeMutablePointer<FILE>?

  /// - Throws: `StoreError` when the file cannot be made.
  init(path: String) throws(StoreError) {
    self.path = path
    partialPath = path + ".partial"
    stream = fopen(partialPath, "we")
    guard stream != nil else { throw StoreError(errno: errno, path: partialPath) }
  }

  func write(_ text: String) throws(StoreError) {
    var text = text
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, stream) }
    guard written == text.utf8.count else { throw StoreError(errno: errno, path: path) }
  }

  /// Puts the file in place of what had its name, once its bytes are on the disk.
  func finish() throws(StoreError) {
    guard let open = stream else { return }
    guard fflush(open) == 0, fsync(fileno(open)) == 0 else {
      throw StoreError(errno: errno, path: path)
    }
    stream = nil
    guard fclose(open) == 0, rename(partialPath, path) == 0 else {
      let code = errno
      unlink(partialPath)
      throw StoreError(errno: code, path: path)
    }
  }

  deinit {
    guard let stream else { return }
    fclose(stream)
    unlink(partialPath)
  }
}
