internal import Scraper

#if canImport(Glibc)
internal import Glibc
#endif

/// The text of a file.
///
/// - Throws: `SettingsError` that names the file.
func readFile(_ path: String) throws(SettingsError) -> String {
  guard let file = fopen(path, "rb") else { throw fileError("cannot read", path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&piece, 1, piece.count, file)
    if count == 0 { break }
    bytes.append(contentsOf: piece[..<count])
  }
  guard ferror(file) == 0 else { throw fileError("cannot read", path) }
  return String(decoding: bytes, as: UTF8.self)
}

/// Replaces a file by `text`, or leaves it as it was.
///
/// - Throws: `SettingsError` that names the file.
func writeFile(_ path: String, _ text: String) throws(SettingsError) {
  let part = path + ".part"
  guard let file = fopen(part, "wb") else { throw fileError("cannot write", path) }
  var text = text
  let count = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
  let isComplete = count == text.utf8.count
  guard fclose(file) == 0, isComplete, rename(part, path) == 0 else {
    let error = fileError("cannot write", path)
    unlink(part)
    throw error
  }
}

/// Makes a folder and the folders above it, if they are missing.
func makeFolder(_ path: String) throws(SettingsError) {
  var made = path.hasPrefix("/") ? "" : "."
  for part in path.split(separator: "/") {
    made += "/\(part)"
    guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw fileError("cannot make", made) }
  }
}

private func fileError(_ what: String, _ path: String) -> SettingsError {
  SettingsError("\(what) \(path): \(String(cString: strerror(errno)).lowercased())")
}

/// Milliseconds since 1970.
func wallClock() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
