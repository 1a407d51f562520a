internal import Synchronization

/// Names one object of the toolkit in dumps, traces and errors.
public struct ObjectIdentity: Sendable, CustomStringConvertible {
  /// The object's type, for example `AsyncSemaphore`.
  public let kind: StaticString
  /// The name that its maker gave it.
  public let name: String?
  /// Where it was made: the module and file of the call of `init`.
  public let file: StaticString
  /// The line of that call.
  public let line: UInt32
  /// A number that no other object of the process has or had.
  public let number: UInt64

  /// Describes a new object and gives it the next number.
  public init(kind: StaticString, name: String?, file: StaticString, line: UInt32) {
    self.kind = kind
    self.name = name
    self.file = file
    self.line = line
    number = UInt64(Self.made.wrappingAdd(1, ordering: .relaxed).newValue)
  }

  private static let made = Atomic<Int>(0)

  /// For example `AsyncSemaphore "slots" (Crawler/Crawl.swift:12)`.
  public var description: String {
    let label = name.map { "\"\($0)\"" } ?? "#\(number)"
    return "\(kind) \(label) (\(file):\(line))"
  }
}

/// Names a task in dumps and traces.
public struct TaskIdentity: Hashable, Sendable, CustomStringConvertible {
  /// A number that tells tasks apart while they live; 0 outside any task.
  public let number: UInt64
  /// The name that the task was made with.
  public let name: String?

  /// Describes a task.
  public init(number: UInt64, name: String?) {
    self.number = number
    self.name = name
  }

  static let arriving = TaskIdentity(number: 0, name: "arriving")

  /// The calling task.
  public static var current: TaskIdentity {
    withUnsafeCurrentTask { task in
      guard let task else { return TaskIdentity(number: 0, name: nil) }
      // Safe because a current task is one reference, whose bits are shown and compared but never followed; the cast
      // checks the size itself. Hashing the task, the way without a cast, costs 45 ns of every wait.
      return TaskIdentity(number: UInt64(unsafeBitCast(task, to: UInt.self)), name: Task.name)
    }
  }

  /// For example `task "fetch 7"`; nameless tasks show the end of their number.
  public var description: String {
    if let name { return "task \"\(name)\"" }
    return number == 0
      ? "a thread outside tasks" : "task #\(String(number >> 4 & 0xFFFFFF, radix: 16))"
  }
}

/// A task that holds or waits for something.
public struct Party: Sendable {
  /// Who.
  public let task: TaskIdentity
  /// What the task called, for example `acquire`.
  public let operation: StaticString
  /// How many it asked for or holds.
  public let count: Int
  /// Since when, on the timeline of the time source in force for the task, to a few milliseconds.
  public let since: Deadline

  /// Describes a task that holds or waits.
  public init(task: TaskIdentity, operation: StaticString, count: Int, since: Deadline) {
    self.task = task
    self.operation = operation
    self.count = count
    self.since = since
  }

  /// The calling task, from now on.
  public static func current(_ operation: StaticString, count: Int = 1) -> Party {
    Party(
      task: .current,
      operation: operation,
      count: count,
      since: Seams.time.approximateNow
    )
  }

  /// The calling task on its way into a line: named at once if the toolkit is observed, else when it suspends.
  @usableFromInline
  static func arriving(_ operation: StaticString, count: Int = 1) -> Party {
    guard Mode.isUnobserved else { return .current(operation, count: count) }
    return Party(task: .arriving, operation: operation, count: count, since: .never)
  }

  /// A clause on its way into a line, where its select's claim knows who waits.
  @usableFromInline
  static func lining(_ operation: StaticString, count: Int = 1) -> Party {
    Party(task: .arriving, operation: operation, count: count, since: .never)
  }

  /// The same task, in another line.
  func asking(_ operation: StaticString, count: Int = 1) -> Party {
    Party(task: task, operation: operation, count: count, since: since)
  }

  func holding(since: Deadline) -> Party {
    Party(task: task, operation: operation, count: count, since: since)
  }
}

/// What one object looked like at one moment.
///
/// @Snippet(path: "bakery/Snippets/WatchWaits", slice: "traceable")
public struct Snapshot: Sendable, CustomStringConvertible {
  /// A named number, for example `available: 2`.
  public struct Figure: Hashable, Sendable {
    /// What is counted.
    public let label: String
    /// How many.
    public let value: Int
  }

  /// Which object.
  public let identity: ObjectIdentity
  /// Its numbers, in the order in which a person wants to read them.
  public let figures: [Figure]
  /// Who holds it, as far as holders are recorded (see `Trace.level`).
  public let holders: [Party]
  /// Who waits for it, in the order of service.
  public let waiters: [Party]
  /// When the picture was taken.
  public let time: Deadline

  /// Describes an object as it is now.
  public init(
    of identity: ObjectIdentity,
    figures: KeyValuePairs<String, Int>,
    holders: [Party] = [],
    waiters: [Party] = []
  ) {
    self.identity = identity
    self.figures = figures.map { Figure(label: $0.key, value: $0.value) }
    self.holders = holders
    self.waiters = waiters
    time = Seams.time.now
  }

  /// The figure with that label, for example `snapshot["waiting"]`.
  public subscript(label: String) -> Int? {
    figures.first { $0.label == label }?.value
  }

  /// The object on one line, then a line for each holder and waiter.
  public var description: String {
    let numbers = figures.map { "\($0.label) \($0.value)" }.joined(separator: ", ")
    var lines = ["\(identity): \(numbers)"]
    lines += holders.map { "  held by \($0.task): \(describe($0))" }
    lines += waiters.map { "  awaited by \($0.task): \(describe($0))" }
    return lines.joined(separator: "\n")
  }

  private func describe(_ party: Party) -> String {
    let call = "\(party.operation)(\(party.count))"
    if party.since == .never { return "\(call) just now" }
    return "\(call) for \(time.duration(since: party.since).seconds)"
  }
}
