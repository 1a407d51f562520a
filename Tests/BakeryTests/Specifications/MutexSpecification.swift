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
    /// Of a task that waits; `isSuspended` if it has come so far on a condition.
    case cancel(Int, isSuspended: Bool)
    /// Of a task in line.
    case suspend(Int)
    /// The task that was called runs.
    case arrive
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

  private struct Place {
    let task: Int
    let way: Way
    var isSuspended = false
    var wasOvertaken = false
  }

  private(set) var holder: Int?
  /// Whether the first in line was called and has not run since.
  private(set) var isCalled = false
  private var loansLeft = 0
  private var line: [Place] = []
  private var waits: [[Int]]

  init(conditions: Int) {
    waits = Array(repeating: [], count: conditions)
  }

  /// Those who could be called.
  var unsuspended: [Int] { line.filter { $0.way == .new && !$0.isSuspended }.map(\.task) }

  /// The calls that end, by task; `mayCall` if the mutex chooses to call a task that may be called, and not to give it the lock.
  mutating func apply(_ call: Call, mayCall: Bool) -> [Int: End] {
    switch call {
    case .lock(let task):
      if take(task) { return [task: .granted] }
      line.append(Place(task: task, way: .new))
      return [:]
    case .tryLock(let task):
      return [task: take(task) ? .granted : .refused]
    case .suspend(let task):
      if let index = line.firstIndex(where: { $0.task == task }) { line[index].isSuspended = true }
      return [:]
    case .arrive:
      isCalled = false
      line[0].wasOvertaken = holder != nil
      return serve(mayCall)
    default:
      return applyAsHolder(call, mayCall)
    }
  }

  private mutating func applyAsHolder(_ call: Call, _ mayCall: Bool) -> [Int: End] {
    switch call {
    case .unlock:
      return unlock(hasChanged: true, mayCall)
    case .wait(let condition):
      if let holder { waits[condition].append(holder) }
      return unlock(hasChanged: condition != 0, mayCall)
    case .notify(let condition, let limit):
      moveToLine(condition, limit)
      return serve(mayCall)
    case .cancel(let task, let isSuspended):
      return cancel(task, isSuspended, mayCall)
    default:
      return [:]
    }
  }

  private mutating func take(_ task: Int) -> Bool {
    guard holder == nil else { return false }
    if isCalled { loansLeft -= 1 }
    holder = task
    return true
  }

  private mutating func unlock(hasChanged: Bool, _ mayCall: Bool) -> [Int: End] {
    holder = nil
    if hasChanged { moveToLine(0, .max) }
    if loansLeft == 0 { isCalled = false }
    return serve(mayCall)
  }

  private mutating func moveToLine(_ condition: Int, _ limit: Int) {
    line += waits[condition].prefix(limit).map {
      Place(task: $0, way: condition == 0 ? .changed : .notified)
    }
    waits[condition] = Array(waits[condition].dropFirst(limit))
  }

  private mutating func serve(_ mayCall: Bool) -> [Int: End] {
    guard holder == nil, !isCalled, !line.isEmpty else { return [:] }
    if mayCall, line[0].isSuspended, !line[0].wasOvertaken {
      isCalled = true
      loansLeft = 64
      line[0].isSuspended = false
      return [:]
    }
    let first = line.removeFirst()
    holder = first.task
    return [first.task: first.way == .cancelled ? .cancelledWithLock : .granted]
  }

  private mutating func cancel(
    _ task: Int,
    _ isSuspended: Bool,
    _ mayCall: Bool
  ) -> [Int: End] {
    for condition in waits.indices {
      guard let index = waits[condition].firstIndex(of: task) else { continue }
      waits[condition].remove(at: index)
      guard condition != 0 else { return [task: .refused] }
      line.append(Place(task: task, way: .cancelled))
      return serve(mayCall)
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
    if index == 0 { isCalled = false }
    return serve(mayCall).merging([task: .refused]) { $1 }
  }
}
