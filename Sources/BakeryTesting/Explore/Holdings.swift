internal import Bakery

/// Who holds what in a schedule of threads, where objects themselves do not know: their fast paths are taken.
///
/// Filled by what scheduled threads say of themselves while the schedule is recorded.
struct Holdings {
  /// The kinds of objects that tasks give back what they got; others tell of ends that are waited for in the same words.
  private static let kinds: Set<String> = [
    "AdaptiveLimiter", "AsyncMutex", "AsyncRWLock", "AsyncSemaphore", "Bulkhead",
  ]

  private struct Holder {
    let owner: UInt64
    /// By what snapshots call it; 0 for a thread.
    let task: UInt64
    var count: Int
  }

  /// By the number of the object.
  private var holders: [UInt64: [Holder]] = [:]
  private var locks: [UnsafeRawPointer: UInt64] = [:]
  var isKept = false

  /// Forgets everything and begins, or does not.
  mutating func begin(isKept: Bool) {
    self = Holdings()
    self.isKept = isKept
  }

  mutating func note(
    _ kind: TraceEvent.Kind,
    of object: ObjectIdentity,
    by owner: UInt64,
    count: Int
  ) {
    guard isKept, kind == .holding || kind == .done, Self.kinds.contains("\(object.kind)") else {
      return
    }
    let task = TaskIdentity.current.number
    var list = holders[object.number] ?? []
    // A permit may be given back by another task than the one that took it.
    let index =
      list.lastIndex { $0.owner == owner && $0.task == task } ?? (kind == .done ? 0 : list.count)
    if kind == .holding {
      if index == list.count { list.append(Holder(owner: owner, task: task, count: 0)) }
      list[index].count += count
    } else if list.indices.contains(index) {
      list[index].count -= count
      if list[index].count <= 0 { list.remove(at: index) }
    }
    holders[object.number] = list
  }

  mutating func noteLock(_ word: UnsafeRawPointer, of owner: UInt64) {
    if isKept { locks[word] = owner }
  }

  /// The tasks that hold an object, as snapshots number tasks, and the threads, by their owners' numbers.
  func holders(of object: ObjectIdentity) -> [(task: UInt64, owner: UInt64)] {
    (holders[object.number] ?? []).map { ($0.task, $0.owner) }
  }

  /// Who was the last to take the lock.
  func owner(ofLock word: UnsafeRawPointer) -> UInt64? { locks[word] }
}
