internal import CBakeryCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Starts a thread of the operating system that is never joined.
///
/// It is not under a tester's schedule, whoever starts it.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  let error = startSystemThread(named: name, stackBytes: 0, body)
  require(error == 0, "cannot start thread \(name): error \(error); raise the process limit")
}

/// The same, for callers that can go on without the thread; a scheduled thread starts one that is scheduled too.
///
/// - Parameters:
///   - name: What the thread is called.
///   - stackBytes: How large the stack is at least; 0 leaves it to the system.
///   - body: What it does.
/// - Returns: 0, or the system's error number.
package func startThreadIfPossible(
  named name: String,
  stackBytes: Int = 0,
  _ body: @escaping @Sendable () -> Void
) -> Int32 {
  if Mode.schedules, let scheduler = SchedulingPoint.scheduler {
    scheduler.fork(named: name, body)
    return 0
  }
  return startSystemThread(named: name, stackBytes: stackBytes, body)
}

// Safe because the new thread takes over exactly the one reference that is retained for it, and it is released
// here when there is no thread.
private func startSystemThread(
  named name: String,
  stackBytes: Int,
  _ body: @escaping @Sendable () -> Void
) -> Int32 {
  final class Start {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let start = Unmanaged.passRetained(
    Start {
      bakery_name_thread(name)
      body()
    }
  )
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
  if stackBytes > 0 {
    let page = Int(sysconf(CInt(_SC_PAGESIZE)))
    let error = pthread_attr_setstacksize(&attributes, (stackBytes + page - 1) / page * page)
    guard error == 0 else {
      start.release()
      return error
    }
  }
  #if os(Linux)
  var thread = pthread_t()
  let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
    return nil
  }
  #else
  var thread: pthread_t?
  let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
    Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
  #endif
  let error = pthread_create(&thread, &attributes, entry, start.toOpaque())
  if error != 0 { start.release() }
  return error
}
