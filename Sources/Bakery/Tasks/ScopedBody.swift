// The toolkit's one place where closures that do not escape get into tasks of their own: every scope that can be
// cancelled, or kept from cancellation, without its caller runs its body here.

/// The child task in which a scope runs its body, so that the body can be cancelled without its caller.
///
/// It starts at once, on the caller's thread and actor, and is awaited before the scope ends, so to the body it is a
/// call.
// Safe because all variables are touched only under `lock`.
@usableFromInline
final class ScopedBody: TimerTarget, @unchecked Sendable {
  private let active: ActiveDeadline?
  /// What the child is called; otherwise like its maker.
  private let name: String?
  private let lock = Lock()
  private var isCancelled = false
  private var hasEnded = false
  /// The child from its first line to its last.
  ///
  /// Behind a pointer, because its size is not known to the compiler, which makes every access to it expensive; and
  /// it may be used from other tasks for what `Task` offers too, which cancelling is.
  private var task: UnsafeMutablePointer<UnsafeCurrentTask>?

  /// A body that is cancelled at `expiration`, or earlier at the deadline around the caller.
  ///
  /// That one is served again here, because in a task that was made inside it nobody else does.
  @usableFromInline
  init(until expiration: Deadline = .never, name: String? = nil) {
    self.name = name
    guard expiration != .never else {
      active = nil
      return
    }
    let time = Seams.time
    active = ActiveDeadline(min(expiration, ActiveDeadline.current(on: time)), on: time)
  }

  /// The deadline at which the body is cancelled.
  @usableFromInline var deadline: Deadline { active?.deadline ?? .never }

  /// Whether the body was cancelled through this object, before it ended, and its caller was not.
  @usableFromInline var isCancelledAlone: Bool {
    lock.lock()
    let isCancelled = isCancelled
    lock.unlock()
    return isCancelled && !Task.isCancelled
  }

  /// Cancels the body, now or as soon as it begins; nothing once it has ended.
  func cancel() {
    lock.lock()
    if !hasEnded { isCancelled = true }
    let task = task?.pointee
    lock.unlock()
    task?.cancel()
  }

  /// Cancels the body: its deadline has come.
  @usableFromInline
  func timerFired(tag: UInt64) { cancel() }

  /// Runs `body` in the child and waits for it; a cancellation of the caller reaches it too.
  @inlinable
  func outcome<Success: ~Copyable>(
    _ body: nonisolated(nonsending) () async throws -> Success
  ) async -> Result<Success, any Error> {
    var result: Result<Success, any Error>?
    await run {
      do { result = .success(try await body()) } catch { result = .failure(error) }
    }
    guard let result = consume result else {
      misuse("a scope lost its result: report this bug of Bakery")
    }
    return result
  }

  @usableFromInline
  func run(_ body: nonisolated(nonsending) () async -> Void) async {
    guard let active else { return await runChild(body) }
    var timer: TimerID?
    if active.source.now < active.deadline {
      timer = active.source.schedule(self, tag: 0, at: active.deadline)
    } else {
      cancel()
    }
    await ActiveDeadline.$innermost.withValue(active) { await runChild(body) }
    if let timer { active.source.cancel(timer) }
  }

  private func runChild(
    _ body: nonisolated(nonsending) () async -> Void,
    isolation: isolated (any Actor)? = #isolation
  ) async {
    let name = name ?? Task.name
    // With a name, and without one in optimised code, Swift 6.3's child takes "none" for its executor unless it is told.
    let executor = currentTaskExecutor
    await withoutActuallyEscaping(body) { body in
      // Safe because the child runs on the caller's actor, or the caller is on none, and the caller does nothing
      // until the child has ended: there is one flow of control.
      nonisolated(unsafe) let body = body
      // A discarding group waits once and keeps nothing of its child.
      await withDiscardingTaskGroup { group in
        let child: @isolated(any) @Sendable () async -> Void = {
          // Naming the parameter gives the child its isolation.
          _ = isolation
          self.begin()
          await body()
          self.end()
        }
        if name == nil, executor == nil {
          group.addImmediateTask(operation: child)
        } else {
          group.addImmediateTask(name: name, executorPreference: executor, operation: child)
        }
      }
    }
  }

  private func begin() {
    let task = withUnsafeCurrentTask { task in
      task.map { task in
        let pointer = UnsafeMutablePointer<UnsafeCurrentTask>.allocate(capacity: 1)
        pointer.initialize(to: task)
        return pointer
      }
    }
    lock.lock()
    self.task = task
    let isCancelled = isCancelled
    lock.unlock()
    if isCancelled { task?.pointee.cancel() }
  }

  private func end() {
    lock.lock()
    hasEnded = true
    // Let go of outside the lock, and here at the latest: the task's closure refers to this object.
    let task = task
    self.task = nil
    lock.unlock()
    task?.deinitialize(count: 1)
    task?.deallocate()
  }
}

/// Runs `body` in a task that nobody cancels, and waits for it.
///
/// Unstructured, because a child is cancelled with its parent; it starts at once, and has its maker's name, priority,
/// task-local values and executor.
@usableFromInline
func runShielded(
  _ body: nonisolated(nonsending) () async -> Void,
  isolation: isolated (any Actor)? = #isolation
) async {
  let executor = currentTaskExecutor
  await withoutActuallyEscaping(body) { body in
    // Safe because the task runs on the caller's actor, or the caller is on none, and the caller does nothing until
    // the task has ended: there is one flow of control.
    nonisolated(unsafe) let body = body
    await ActiveDeadline.$innermost.withValue(nil) {
      let task = Task.immediate(name: Task.name, executorPreference: executor) {
        // Naming the parameter gives the task its isolation.
        _ = isolation
        await body()
      }
      await task.value
    }
  }
}

/// The executor that the calling task prefers; a task that is not its child has to be told.
var currentTaskExecutor: (any TaskExecutor)? {
  withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
}
