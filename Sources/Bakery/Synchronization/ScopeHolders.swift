/// The tasks that are inside the scopes of a lock, so that one that waits for itself is stopped.
///
/// Known in debug builds only; in release builds this is empty and costs nothing.
///
/// Scopes only: a guard may be handed to another task, and then its maker may well wait for it.
@usableFromInline
struct ScopeHolders: ~Copyable, Sendable {
  #if DEBUG
  private let tasks = Guarded<[UInt64]>([])
  #endif

  @inlinable
  init() {
    #if DEBUG
    self.init(recording: ())
    #endif
  }

  #if DEBUG
  @usableFromInline init(recording: Void) {}
  #endif

  /// The calling task has got the lock.
  @inlinable @inline(__always)
  borrowing func enter() {
    #if DEBUG
    note()
    #endif
  }

  /// The calling task is about to give the lock back.
  @inlinable @inline(__always)
  borrowing func leave() {
    #if DEBUG
    forget()
    #endif
  }

  /// Stops the program if the calling task, which would have to wait, is the one it would wait for.
  borrowing func requireAbsent(_ message: @autoclosure () -> String) {
    #if DEBUG
    let task = TaskIdentity.current.number
    require(!tasks.withLockUnobserved { $0.contains(task) }, message())
    #endif
  }

  #if DEBUG
  @usableFromInline
  borrowing func note() {
    let task = TaskIdentity.current.number
    tasks.withLockUnobserved { $0.append(task) }
  }

  @usableFromInline
  borrowing func forget() {
    let task = TaskIdentity.current.number
    tasks.withLockUnobserved { tasks in
      if let index = tasks.lastIndex(of: task) { tasks.remove(at: index) }
    }
  }
  #endif
}
