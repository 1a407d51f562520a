/// The child task in which a scope runs its body, so that the body can be cancelled without its caller.
///
/// This is the toolkit's one place where a closure that does not escape gets into a child task. It starts at once, on
/// the caller's thread and actor, and is awaited before the scope ends, so to the body it is a call.
@usableFromInline
final class BodyTask: TimerTarget {
  private struct State {
    var isCancelled = false
    var hasEnded = false
    /// The child from its first line to its last.
    var task: TaskHandle?
  }

  private let state = Guarded(State())

  /// Whether the body was cancelled through this object before it ended.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Cancels the body, now or as soon as it begins; nothing once it has ended.
  func cancel() {
    let task: TaskHandle? = state.withLock { state in
      guard !state.hasEnded else { return nil }
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }

  /// Cancels the body: the scope's deadline has come.
  @usableFromInline
  func timerFired(tag: UInt64) { cancel() }

  /// Runs `body` in the child and waits for it; a cancellation of the caller reaches it too.
  func run(
    _ body: nonisolated(nonsending) () async -> Void,
    isolation: isolated (any Actor)? = #isolation
  ) async {
    await withoutActuallyEscaping(body) { body in
      // Safe because the child runs on the caller's actor, or the caller is on none, and the caller does nothing
      // until the child has ended: there is one flow of control.
      nonisolated(unsafe) let body = body
      await withTaskGroup(of: Void.self) { group in
        group.addImmediateTask(name: Task.name) {
          // Naming the parameter gives the child its isolation.
          _ = isolation
          self.begin()
          await body()
          self.end()
        }
        await group.waitForAll()
      }
    }
  }

  private func begin() {
    let task = TaskHandle.current
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task?.cancel() }
  }

  private func end() {
    // Let go of outside the lock, and here at the latest: the task's closure refers to this object.
    let task = state.withLock { state in
      state.hasEnded = true
      return state.task.take()
    }
    withExtendedLifetime(task) {}
  }
}

/// A task as others may cancel it, also after its end.
// Safe because the value keeps the task's memory, and the one thing that is done with it is what `Task` offers too: that
// is what the documentation of `UnsafeCurrentTask` allows from other tasks.
private struct TaskHandle: @unchecked Sendable {
  private let task: UnsafeCurrentTask

  static var current: TaskHandle? {
    withUnsafeCurrentTask { task in task.map { TaskHandle(task: $0) } }
  }

  func cancel() { task.cancel() }
}
