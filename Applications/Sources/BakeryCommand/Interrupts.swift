internal import Bakery
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends the process at once with code 130.
final class Interrupts: Sendable {
  /// Receives an element at the first signal.
  let stop: Channel<Void>

  private let flag: Flag

  /// Whether a signal has come.
  var wasInterrupted: Bool { flag.value.load(ordering: .acquiring) }

  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  // A thread that waits for signals; it ends with the process.
  private static let threads = NIOThreadPool(numberOfThreads: 1)
  /// Where the handler of the signals writes a byte for each.
  private static let bell = Atomic<Int32>(-1)

  /// Takes over the signals from now on.
  ///
  /// A handler and a pipe, since no thread can wait for the signals themselves: that needs all others to block them, and the
  /// first one lets them through again once it has nothing to do but to wait for the tasks (`dispatch_main`).
  ///
  /// - Parameter isDraining: Whether there is something to finish, so that it is worth telling.
  init(isDraining: Bool = true) {
    let stop = Channel<Void>(capacity: 1, name: "interrupts")
    let flag = Flag()
    self.stop = stop
    self.flag = flag
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { preconditionFailure("no pipe for signals: error \(errno)") }
    let (heard, bell) = (ends[0], ends[1])
    Self.bell.store(bell, ordering: .releasing)
    for number in [SIGINT, SIGTERM] {
      // Only what a handler may do.
      signal(number) { _ in
        var byte: UInt8 = 0
        _ = write(Interrupts.bell.load(ordering: .acquiring), &byte, 1)
      }
    }
    signal(SIGPIPE, SIG_IGN)
    Self.threads.start()
    Self.threads.submit { _ in
      Self.waitForSignal(heard)
      flag.value.store(true, ordering: .releasing)
      if isDraining {
        standardError("finishing what is in flight; once more to stop at once")
      }
      try? stop.sender.trySend(())
      Self.waitForSignal(heard)
      _exit(130)
    }
  }

  private static func waitForSignal(_ pipe: Int32) {
    var byte: UInt8 = 0
    while read(pipe, &byte, 1) != 1 {}
  }
}
