#if canImport(Glibc)
internal import Glibc
#endif

/// Writes a line to the standard output stream at once, so that whoever reads a pipe sees it.
func standardOutput(_ text: String) {
  writeAll(STDOUT_FILENO, text + "\n")
}

/// Writes a line to the standard error stream.
func standardError(_ text: String) {
  writeAll(STDERR_FILENO, text + "\n")
}

/// Writes `text` as it is; what the other end no longer reads is dropped.
func writeAll(_ descriptor: Int32, _ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let count = write(descriptor, rest.baseAddress, rest.count)
      guard count > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }
}

/// Whether a person looks at the standard error stream, and how wide it is.
func terminalWidth() -> Int? {
  guard isatty(STDERR_FILENO) == 1 else { return nil }
  var size = winsize()
  guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}
