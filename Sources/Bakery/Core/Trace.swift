internal import CBakeryCore
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An object that shows who holds it and who waits for it.
///
/// Bakery's primitives are traceable; so can be the objects of any package: conform, call
/// `Trace.register(_:)` once, and the object appears in the dump beside Bakery's own.
///
/// @Snippet(path: "bakery/Snippets/WatchWaits", slice: "traceable")
public protocol Traceable: AnyObject, Sendable {
  /// What the object is called and where it was made.
  var identity: ObjectIdentity { get }

  /// The object now; takes its lock for a moment and calls nothing.
  func snapshot() -> Snapshot
}

/// Registers an object once, when it first matters.
struct Registration: ~Copyable, Sendable {
  private let isDone = Atomic<Bool>(false)

  borrowing func ensure(_ object: some Traceable) {
    guard !isDone.load(ordering: .relaxed) else { return }
    if !isDone.exchange(true, ordering: .relaxed) { Trace.register(object) }
  }
}

/// Something that happened to an object of the toolkit.
public struct TraceEvent: Sendable {
  /// What can happen.
  public enum Kind: UInt8, Sendable {
    /// A task took its place in line.
    case waiting
    /// A task got what it asked for, at once or after waiting.
    case holding
    /// A task gave back what it held.
    case done
    /// A wait ended without a grant: cancelled, timed out, closed or impossible.
    case gaveUp
    /// An element went into a channel.
    case sent
    /// An element came out of a channel.
    case received
    /// The object was closed.
    case closed
  }

  /// What happened.
  public let kind: Kind
  /// The number of the object's identity.
  public let object: UInt64
  /// The task that did it.
  public let task: TaskIdentity
  /// How many permits or elements.
  public let count: Int
  /// When, on the timeline of the time source in force for the task.
  public let time: Deadline
}

/// Receives events while `Trace.level` is `.events`.
public protocol TraceSink: AnyObject, Sendable {
  /// Takes one event; called on the task's thread, without a lock, so it must be quick and must not wait.
  ///
  /// What the sink itself does with Bakery's objects is not reported to it.
  func record(_ event: TraceEvent)
}

/// Makes waiting visible: who holds what, who waits for it, and what happened.
///
/// Waiters are always known, because waiting is slow anyway. Holders and events cost something on the fast
/// path and are recorded only from the level that asks for them. Off, a fast path pays one predictable branch.
///
/// @Snippet(path: "bakery/Snippets/WatchWaits", slice: "dump")
public enum Trace {
  /// How much is recorded.
  public enum Level: Int, Comparable, Sendable {
    /// Waiters and counts.
    case off
    /// Also which task holds each permit taken from now on.
    case holders
    /// Also every event, given to `sink`.
    case events

    /// Whether this level records less than `other`.
    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  private struct Registry {
    var objects: [UInt64: Entry] = [:]
    var sink: (any TraceSink)?
    var level = Level.off
    var sweepAt = 64
  }

  private struct Entry {
    weak var object: (any Traceable)?
    /// Of an object that a scheduled thread made known: whose thread that was.
    var group: ObjectIdentifier?
  }

  private static let registry = Guarded(Registry())

  /// What is recorded from now on, in the whole process.
  public static var level: Level {
    get { registry.withLockUnobserved { $0.level } }
    set {
      registry.withLockUnobserved { registry in
        registry.level = newValue
        let holders = newValue >= .holders ? UInt32(BAKERY_MODE_HOLDERS) : 0
        let events = newValue >= .events ? UInt32(BAKERY_MODE_EVENTS) : 0
        bakery_mode_set(UInt32(BAKERY_MODE_HOLDERS | BAKERY_MODE_EVENTS), holders | events)
      }
    }
  }

  private static let recordingThreads = ModeUsers(of: UInt32(BAKERY_MODE_THREADS))

  /// Records holders of what the calling thread takes, whatever the level, until called with `false`.
  package static func setHoldersOnThread(_ records: Bool) {
    bakery_thread_set_holders(records ? 1 : 0)
    recordingThreads.change(by: records ? 1 : -1)
  }

  private static let touchingThreads = ModeUsers(of: UInt32(BAKERY_MODE_TOUCHES))

  /// Tells `touch`, on the calling thread and until called with `nil`, which objects of the toolkit it locks, and, with 1, makes.
  package static func setTouchOnThread(_ touch: (@convention(c) (UInt, Int32) -> Void)?) {
    bakery_thread_set_touch(touch)
    touchingThreads.change(by: touch == nil ? -1 : 1)
  }

  /// Where events go at level `.events`.
  public static var sink: (any TraceSink)? {
    get { registry.withLockUnobserved { $0.sink } }
    set {
      // The old sink is let go outside the lock: its deinit may look at the trace.
      let old = registry.withLockUnobserved { registry in
        let old = registry.sink
        registry.sink = newValue
        return old
      }
      withExtendedLifetime(old) {}
    }
  }

  /// Shows `object` in dumps for as long as it lives, without keeping it alive.
  ///
  /// Registering twice does nothing.
  ///
  /// - Complexity: O(1), amortized.
  public static func register(_ object: some Traceable) {
    register(object, group: Mode.schedules ? SchedulingPoint.scheduler?.group : nil)
  }

  /// The same for an object of the whole process, whichever thread happens to be the first to need it.
  static func registerShared(_ object: some Traceable) { register(object, group: nil) }

  private static func register(_ object: some Traceable, group: ObjectIdentifier?) {
    let number = object.identity.number
    // What the sweep looks at is let go outside the lock: it may be the last reference.
    let seen: [any Traceable] = registry.withLockUnobserved { registry in
      registry.objects[number] = Entry(object: object, group: group)
      // Entries of objects that are gone are swept when their number may have doubled.
      guard registry.objects.count >= registry.sweepAt else { return [] }
      let living = registry.objects.values.compactMap(\.object)
      registry.objects = registry.objects.filter { $0.value.object != nil }
      registry.sweepAt = max(64, living.count * 2)
      return living
    }
    withExtendedLifetime(seen) {}
  }

  /// Hands an event to the sink, if the level asks for events, and to the scheduler of the calling thread.
  @usableFromInline
  static func record(_ kind: TraceEvent.Kind, _ identity: ObjectIdentity, count: Int = 1) {
    guard Mode.notesEvents else { return }
    post(kind, object: identity, count: count)
  }

  /// Reports what happened to an object of another package, in the name of the calling task.
  public static func post(_ kind: TraceEvent.Kind, object: ObjectIdentity, count: Int = 1) {
    if Mode.schedules { SchedulingPoint.scheduler?.note(kind, of: object, count: count) }
    guard Mode.recordsEvents, let sink else { return }
    guard bakery_enter_sink() != 0 else { return }
    defer { bakery_leave_sink() }
    let event = TraceEvent(
      kind: kind,
      object: object.number,
      task: .current,
      count: count,
      time: Seams.time.now
    )
    SchedulingPoint.withoutPoints { sink.record(event) }
  }

  /// Snapshots of all registered objects that live, in the order in which they were made.
  ///
  /// An object registers when it is made with a name, otherwise when a task first waits on it.
  ///
  /// > Ordering: each snapshot is consistent in itself; they are taken one after another.
  public static func snapshots() -> [Snapshot] { snapshots(withGroup: nil) }

  /// The same with the objects of scheduled threads of a group; those of other groups are left alone, because to look at an
  /// object takes its lock.
  package static func snapshots(withGroup group: ObjectIdentifier?) -> [Snapshot] {
    let objects = registry.withLockUnobserved { registry in
      registry.objects.values.compactMap { entry in
        entry.group == nil || entry.group == group ? entry.object : nil
      }
    }
    return objects.sorted { $0.identity.number < $1.identity.number }.map { $0.snapshot() }
  }

  /// All registered objects with their holders and waiters, as text for people.
  public static func dump() -> String {
    let snapshots = snapshots()
    let waiters = snapshots.reduce(0) { $0 + $1.waiters.count }
    let title = "bakery: \(snapshots.count) objects, \(waiters) waiting, trace level \(level)"
    return ([title] + snapshots.map(\.description)).joined(separator: "\n") + "\n"
  }

  /// Prints the dump on standard error whenever the process gets `signal`, by default SIGUSR1.
  ///
  /// The work is done by a thread of its own, so it also answers while every other thread is blocked.
  ///
  /// - Important: traps when the system refuses the signal number.
  public static func dumpOnSignal(_ signal: Int32? = nil) {
    let signal = signal ?? SIGUSR1
    let error = bakery_signal_install(signal)
    require(error == 0, "Trace.dumpOnSignal cannot listen to signal \(signal): error \(error)")
    startsDumping
  }

  private static let startsDumping: Void = startThread(named: "bakery-dump") {
    bakery_signal_unblock()
    var seen: UInt32 = 0
    while true {
      seen = bakery_signal_wait(seen)
      printError(dump())
    }
  }
}

/// Writes `text` to standard error.
@usableFromInline
func printError(_ text: String) {
  var rest = ArraySlice(text.utf8)
  // A pipe may take a long text in pieces.
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    guard written > 0 else { return }
    rest = rest.dropFirst(written)
  }
}
