import Foundation

/// The text files of the repository that this test was compiled from, read once.
enum Repository {
  static let files: [SourceFile] = read()

  static let root: URL =
    (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

  /// Build products and downloads, which are nobody's to tidy.
  private static func isIgnored(_ name: String) -> Bool {
    [".git", ".swiftpm", ".peers", "site"].contains(name) || name.hasPrefix(".build")
  }

  private static func read() -> [SourceFile] {
    let keys: [URLResourceKey] = [.isDirectoryKey, .fileSizeKey]
    let base = root.standardizedFileURL.path()
    guard
      let enumerator = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys)
    else { return [] }
    var files: [SourceFile] = []
    for case let url as URL in enumerator {
      let values = try? url.resourceValues(forKeys: Set(keys))
      if values?.isDirectory == true {
        if isIgnored(url.lastPathComponent) { enumerator.skipDescendants() }
        continue
      }
      // Larger files are data, not text that somebody wrote.
      guard (values?.fileSize ?? 0) < 1_000_000, let data = try? Data(contentsOf: url) else {
        continue
      }
      guard let text = String(bytes: data, encoding: .utf8) else { continue }
      let path = String(url.standardizedFileURL.path().dropFirst(base.count))
      files.append(SourceFile(path, text))
    }
    return files.sorted { $0.path < $1.path }
  }
}
