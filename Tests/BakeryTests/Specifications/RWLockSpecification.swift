/// What `AsyncRWLock` promises, as plain lists: one call after another, and whose calls end by it.
struct RWLockSpecification {
  enum Call {
    case read(Int)
    case write(Int)
    case tryRead(Int)
    case tryWrite(Int)
    /// Of a task that is in.
    case leave(Int)
    /// Of a task that waits.
    case cancel(Int)
  }

  private(set) var readers: Set<Int> = []
  private(set) var writer: Int?
  private var waitingReaders: [Int] = []
  private var waitingWriters: [Int] = []

  var inside: [Int] { readers.sorted() + (writer.map { [$0] } ?? []) }
  var waiting: [Int] { waitingReaders + waitingWriters }

  /// The calls that end, by task: true for those that got in.
  mutating func apply(_ call: Call) -> [Int: Bool] {
    switch call {
    case .read(let task):
      waitingReaders.append(task)
      return admit()
    case .write(let task):
      waitingWriters.append(task)
      return admit()
    case .tryRead(let task):
      guard writer == nil, waitingWriters.isEmpty else { return [task: false] }
      readers.insert(task)
      return [task: true]
    case .tryWrite(let task):
      guard writer == nil, readers.isEmpty else { return [task: false] }
      writer = task
      return [task: true]
    case .leave(let task):
      guard task == writer else {
        readers.remove(task)
        return admit()
      }
      writer = nil
      return admit(afterWriter: true)
    case .cancel(let task):
      waitingReaders.removeAll { $0 == task }
      waitingWriters.removeAll { $0 == task }
      return admit().merging([task: false]) { $1 }
    }
  }

  private mutating func admit(afterWriter: Bool = false) -> [Int: Bool] {
    guard writer == nil else { return [:] }
    if afterWriter || waitingWriters.isEmpty, !waitingReaders.isEmpty {
      defer { waitingReaders = [] }
      readers.formUnion(waitingReaders)
      return Dictionary(uniqueKeysWithValues: waitingReaders.map { ($0, true) })
    }
    guard readers.isEmpty, !waitingWriters.isEmpty else { return [:] }
    let first = waitingWriters.removeFirst()
    writer = first
    return [first: true]
  }
}
