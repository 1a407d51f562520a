internal import Scraper

#if canImport(Glibc)
internal import Glibc
#endif

/// Shows progress in the last line of a terminal; does nothing when the standard error stream is none.
struct ProgressDisplay: Sendable {
  /// Runs `body`, which calls what it is given to show progress; afterwards the line is empty again.
  ///
  /// > Cancellation: cancels the body and waits for it.
  func during<Success>(
    _ body: (@escaping @Sendable (CrawlProgress) -> Void) async throws -> Success
  ) async throws -> Success {
    defer { clear() }
    return try await body(show)
  }

  private func show(_ progress: CrawlProgress) {
    // Asked each time, for a window may become smaller.
    guard let width = terminalWidth() else { return }
    writeAll(STDERR_FILENO, "\r\u{1B}[K\(ProgressLine(progress, width: width).text)")
  }

  private func clear() {
    guard terminalWidth() != nil else { return }
    writeAll(STDERR_FILENO, "\r\u{1B}[K")
  }
}
