internal import CBakeryCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Starts a thread of the operating system that is never joined.
// Safe because the new thread takes over exactly the one reference that is retained for it.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  final class Start {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let start = Start {
    bakery_name_thread(name)
    body()
  }
  let argument = Unmanaged.passRetained(start).toOpaque()
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
  let error = pthread_create(&thread, nil, entry, argument)
  require(error == 0, "cannot start thread \(name): error \(error); raise the process limit")
  #if os(Linux)
  pthread_detach(thread)
  #else
  if let thread { pthread_detach(thread) }
  #endif
}
