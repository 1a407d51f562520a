/// A value behind a `Lock`, for state that is not on a hot path.
// Safe because every access to `value` holds `lock`, and `init` takes the value `sending`.
package final class Guarded<Value>: @unchecked Sendable {
  private let lock = Lock()
  private var value: Value

  package init(_ value: sending Value) {
    self.value = value
    if Mode.touches { lock.tellTesterOfNew() }
  }

  /// Runs `body`, which must not call out, on the value; a scheduling point.
  package func withLock<Success, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }

  /// The same where a scheduling point must not be, but the order of calls matters.
  package func withLockNoted<Success, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    if Mode.touches { lock.noteUse() }
    return try withLockUnobserved(body)
  }

  /// The same for what observation itself is made of.
  package func withLockUnobserved<Success, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    lock.lockFast()
    defer { lock.unlock() }
    return try body(&value)
  }
}

/// Stops the program on a mistake of the programmer, with a message in release builds too.
@inlinable @inline(__always)
package func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { misuse(message()) }
}

@usableFromInline @inline(never)
package func misuse(_ message: String) -> Never {
  fatalError(message)
}
