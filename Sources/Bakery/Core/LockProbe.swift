/// The toolkit's lock as benchmarks see it; users have `AsyncMutex` and `Monitor`.
///
/// Decision record 0002 rests on measuring the lock from another package, where its users are inlined.
@_spi(Measuring)
public struct LockProbe: ~Copyable, Sendable {
  @usableFromInline let inner = Lock()

  /// A free lock.
  @inlinable
  public init() {}

  /// Takes the lock.
  @inlinable @inline(__always)
  public borrowing func lock() { inner.lock() }

  /// Frees the lock.
  @inlinable @inline(__always)
  public borrowing func unlock() { inner.unlock() }
}
