/// What a `StarvationWatchdog` saw: work waits for a thread while threads are blocked.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "watchdog")
public struct StarvationReport: Sendable, CustomStringConvertible {
  /// A call on the stack of a thread.
  public struct Frame: Sendable, Hashable, CustomStringConvertible {
    /// Where the call returns to.
    public let address: UInt
    /// The function, as far as the program has symbols.
    public let symbol: String?
    /// How far the address is from the symbol, or without one from the beginning of the module.
    public let offset: Int
    /// The program or library.
    public let module: String?
    /// The file as the compiler saw it, as far as the program has debug information.
    public let file: String?
    /// The line in that file.
    public let line: Int?

    /// The file and the line, for example `Sources/App/Load.swift:12`; `nil` without debug information.
    public var location: String? {
      guard let file, let line else { return nil }
      return "\(file):\(line)"
    }

    /// For example `load() at Sources/App/Load.swift:12`, `usleep + 0x50 in libc.so.6`, `0x12ab0 in app`.
    public var description: String {
      let place = "0x" + String(offset, radix: 16)
      if let symbol, let location { return "\(symbol) at \(location)" }
      let container = module.map { " in \($0)" } ?? ""
      return symbol.map { "\($0) + \(place)\(container)" } ?? place + container
    }
  }

  /// A thread that is blocked inside a job.
  public struct Thread: Sendable, CustomStringConvertible {
    /// The thread's number as the kernel shows it.
    public let id: Int32
    /// The thread's name as the kernel shows it.
    public let name: String
    /// In which function of the kernel it sleeps, for example `futex_do_wait`, if the kernel tells.
    public let kernelFunction: String?
    /// For how long at least it has slept.
    public let duration: Duration
    /// Its calls, from the innermost outwards; empty when it did not answer.
    public let frames: [Frame]

    /// The innermost call that was written by the program's authors, as far as debug information tells.
    ///
    /// Skips what has no line, and the toolkit.
    public var blockedFrame: Frame? {
      frames.first { frame in
        guard let file = frame.file else { return false }
        // What was inlined into another module has the path that its package saw.
        return !file.hasPrefix(toolkitFolder) && !file.hasPrefix("Sources/Bakery/")
          && !file.contains("Sources/CBakery")
      }
    }

    /// The thread, where it is blocked, and its calls on a line each.
    public var description: String {
      let place = kernelFunction.map { " in \($0)" } ?? ""
      let head = "thread \(name) (\(id)) asleep\(place) for \(duration.seconds)"
      let calledFrom = (blockedFrame ?? frames.first).map { ", blocked by \($0)" }
      let calls = frames.map { "\n    \($0)" }.joined()
      return head + (calledFrom ?? ", and does not say where") + calls
    }
  }

  /// Whose threads: the default executor with a priority, or a pool.
  public let executor: String
  /// For how long nobody has got a thread.
  public let duration: Duration
  /// The blocked threads; others of the executor may be busy.
  public let threads: [Thread]

  /// The report as text for people.
  public var description: String {
    let head = "bakery: work waits for a thread of \(executor) for \(duration.seconds)"
    let advice = "  move blocking calls into a BlockingPool"
    return ([head] + threads.map { "  \($0)" } + [advice]).joined(separator: "\n") + "\n"
  }
}

/// Where the toolkit was compiled, to tell its calls from the program's.
private let toolkitFolder: String = {
  let path = "\(#filePath)"
  return String(path.dropLast("/Threads/StarvationReport.swift".count)) + "/"
}()
