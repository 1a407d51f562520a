/// What `AsyncMutex` and its conditions promise, as plain lists: one call after another, and whose calls end by it.
struct MutexSpecification {
  enum Call {
    case lock(Int)
    case tryLock(Int)
    /// By whoever has the lock.
    case unlock
    /// By whoever has the lock; condition 0 is "a scope has ended".
    case wait(condition: Int)
    case notify(condition: Int, limit: Int)
    /// Of a task that waits; `isSuspended` if it has come so far.
    case cancel(Int, isSuspended: Bool)
  }

  enum End: Equatable {
    /// The task has the lock, because it is its turn.
    case granted
    /// The task does not have the lock.
    case refused
    /// The task has the lock again, and its wait on a condition was cancelled.
    case cancelledWithLock
  }

  private enum Way {
    case new, changed, notified, cancelled
  }

  private(set) var holder: Int?
  private var line: [(task: Int, way: Way)] = []
  private var waits: [[Int]]

  init(conditions: Int) {
    waits = Array(repeating: [], count: conditions)
  }

  /// The calls that end, by task.
  mutating func apply(_ call: Call) -> [Int: End] {
    switch call {
    case .lock(let task):
      line.append((task, .new))
      return grant()
    case .tryLock(let task):
      guard holder == nil else { return [task: .refused] }
      holder = task
      return [task: .granted]
    case .unlock:
      return unlock(hasChanged: true)
    case .wait(let condition):
      if let holder { waits[condition].append(holder) }
      return unlock(hasChanged: condition != 0)
    case .notify(let condition, let limit):
      moveToLine(condition, limit)
      return grant()
    case .cancel(let task, let isSuspended):
      return cancel(task, isSuspended)
    }
  }

  private mutating func unlock(hasChanged: Bool) -> [Int: End] {
    holder = nil
    if hasChanged { moveToLine(0, .max) }
    return grant()
  }

  private mutating func moveToLine(_ condition: Int, _ limit: Int) {
    line += waits[condition].prefix(limit).map { ($0, condition == 0 ? .changed : .notified) }
    waits[condition] = Array(waits[condition].dropFirst(limit))
  }

  private mutating func grant() -> [Int: End] {
    guard holder == nil, !line.isEmpty else { return [:] }
    let first = line.removeFirst()
    holder = first.task
    return [first.task: first.way == .cancelled ? .cancelledWithLock : .granted]
  }

  private mutating func cancel(_ task: Int, _ isSuspended: Bool) -> [Int: End] {
    for condition in waits.indices {
      guard let index = waits[condition].firstIndex(of: task) else { continue }
      waits[condition].remove(at: index)
      guard condition != 0 else { return [task: .refused] }
      line.append((task, .cancelled))
      return grant()
    }
    guard let index = line.firstIndex(where: { $0.task == task }) else { return [:] }
    switch line[index].way {
    case .new: break
    // A change only calls for another look.
    case .changed: guard isSuspended else { return [:] }
    // A notification that came first is delivered, and a cancellation counts once.
    case .notified, .cancelled: return [:]
    }
    line.remove(at: index)
    return [task: .refused]
  }
}
