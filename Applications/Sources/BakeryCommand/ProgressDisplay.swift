internal import Scraper

#if canImport(Glibc)
internal import Glibc
#endif

/// Shows progress in the last line of a terminal; does nothing when the standard error stream is none.
struct ProgressDisplay: Sendable {
  private let width = terminalWidth()

  func show(_ progress: CrawlProgress) {
    guard let width else { return }
    writeAll(STDERR_FILENO, "\r\u{1B}[K\(ProgressLine(progress, width: width).text)")
  }

  func clear() {
    guard width != nil else { return }
    writeAll(STDERR_FILENO, "\r\u{1B}[K")
  }
}
