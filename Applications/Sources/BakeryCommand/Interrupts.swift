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

  /// Takes over the signals from now on; to be called before other threads start, since they inherit what is blocked.
  ///
  /// - Parameter isDraining: Whether there is something to finish, so that it is worth telling.
  init(isDraining: Bool = true) {
    let stop = Channel<Void>(capacity: 1, name: "interrupts")
    let flag = Flag()
    self.stop = stop
    self.flag = flag
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigprocmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    Self.threads.start()
    let waited = signals
    Self.threads.submit { _ in
      var signals = waited
      var number: Int32 = 0
      sigwait(&signals, &number)
      flag.value.store(true, ordering: .releasing)
      if isDraining {
        standardError("finishing what is in flight; once more to stop at once")
      }
      try? stop.sender.trySend(())
      sigwait(&signals, &number)
      _exit(130)
    }
  }
}
