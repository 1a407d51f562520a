#if canImport(Glibc)
import Glibc
#endif

/// How many threads of the process have names that begin so.
func threadCount(named prefix: String) -> Int {
  var count = 0
  guard let folder = opendir("/proc/self/task") else { return 0 }
  defer { closedir(folder) }
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let file = fopen("/proc/self/task/\(name)/comm", "r") else { continue }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 32)
    let length = fread(&line, 1, line.count, file)
    if String(decoding: line.prefix(length), as: UTF8.self).hasPrefix(prefix) { count += 1 }
  }
  return count
}
