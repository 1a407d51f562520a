/// A value behind a `Lock`, for state that is not on a hot path.
// Safe because every access to `value` holds `lock`, and `init` takes the value `sending`.
package final class Guarded<Value>: @unchecked Sendable {
  private let lock = Lock()
  private var value: Value

  package init(_ value: sending Value) {
    self.value = value
  }

  /// Runs `body` on the value; nothing that calls out may happen inside.
  package func withLock<Success, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
