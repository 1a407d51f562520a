public import CBakeryCore

/// What a tester does for a thread whose visible operations it puts in order.
///
/// All calls come from that thread, but `wake`, which may come from any.
package protocol ThreadScheduler: AnyObject, Sendable {
  /// What all threads that take turns with this one have in common.
  var group: ObjectIdentifier? { get }

  /// The thread is about to use the object at that address, or, if 0, one that is not told; another thread may go first.
  func reach(at object: UInt)

  /// Sleeps while the word is `expected`, until `wake`, or for `nanoseconds` of the tester's time if not negative.
  ///
  /// May return for no reason; the caller looks at the word again.
  func sleep(on word: UnsafeRawPointer, while expected: UInt32, nanoseconds: Int64)

  /// Ends the sleep.
  func wake()

  /// Runs `body` as a further thread.
  func fork(named name: String, _ body: @escaping @Sendable () -> Void)

  /// The thread, or its task, got `count` of an object, or gave so many back; other kinds of events are of no interest.
  func note(_ kind: TraceEvent.Kind, of object: ObjectIdentity, count: Int)

  /// The thread has the lock whose word that is, until it unlocks it.
  func noteLock(_ word: UnsafeRawPointer)

  /// Runs `body` without points: others may not go in between, because the thread holds something that they need.
  func withoutPoints(_ body: () -> Void)
}

/// A place before a lock or an atomic operation where a tester may let another thread go first.
///
/// A program that is not under test pays one predictable branch for all its points together, and the threads that a tester
/// does not schedule go on as they would.
@usableFromInline
package enum SchedulingPoint {
  /// What the C thread-local keeps.
  private final class Entry {
    let scheduler: any ThreadScheduler
    init(_ scheduler: any ThreadScheduler) { self.scheduler = scheduler }
  }

  private static let testers = ModeUsers(of: UInt32(BAKERY_MODE_SCHEDULING))

  /// Makes points visible to schedulers of threads, until as many calls of `endScheduling`.
  package static func beginScheduling() { testers.change(by: 1) }

  package static func endScheduling() { testers.change(by: -1) }

  /// Puts the calling thread under a scheduler, or ends that.
  // Safe because the thread keeps one retained reference, which the next call takes back.
  package static func setScheduler(_ scheduler: (any ThreadScheduler)?) {
    let old = bakery_thread_scheduler()
    bakery_thread_set_scheduler(
      scheduler.map { Unmanaged.passRetained(Entry($0)).toOpaque() }
    )
    if let old { Unmanaged<Entry>.fromOpaque(old).release() }
  }

  /// Who schedules the calling thread.
  // Safe because the word is what `setScheduler` put there for this thread.
  static var scheduler: (any ThreadScheduler)? {
    guard let word = bakery_thread_scheduler() else { return nil }
    return Unmanaged<Entry>.fromOpaque(word).takeUnretainedValue().scheduler
  }

  @usableFromInline @inline(never)
  package static func reach(at object: UInt = 0) {
    scheduler?.reach(at: object)
  }

  /// The same before a fast path; whether it may be taken.
  ///
  /// Scheduled threads take it whatever others observe, so that what happens depends on the scheduler alone.
  @usableFromInline @inline(never)
  static func reachFastPath() -> Bool {
    guard Mode.schedules else { return false }
    guard let scheduler else { return bakery_mode() == UInt32(BAKERY_MODE_SCHEDULING) }
    scheduler.reach(at: 0)
    return true
  }

  /// Tries a fast path under a tester, and tells it who got or gave back what.
  static func tryFastPath(
    _ kind: TraceEvent.Kind,
    of identity: ObjectIdentity,
    count: Int = 1,
    _ attempt: () -> Bool
  ) -> Bool {
    guard reachFastPath(), attempt() else { return false }
    Trace.record(kind, identity, count: count)
    return true
  }

  /// Runs `body`, which is somebody's that observes, as one step.
  package static func withoutPoints(_ body: () -> Void) {
    guard Mode.schedules, let scheduler else { return body() }
    scheduler.withoutPoints(body)
  }
}

/// The word that says whether anybody observes the toolkit.
@usableFromInline
enum Mode {
  /// True in a program that is neither under test nor traced: the condition of every fast path, and a scheduling point.
  @inlinable @inline(__always)
  static var isPlain: Bool { bakery_mode() == 0 || SchedulingPoint.reachFastPath() }

  /// Whether nobody observes any part of the program: the condition of fast paths that tell a tester who holds what.
  @inlinable @inline(__always)
  static var isUntouched: Bool { bakery_mode() == 0 }

  @inlinable @inline(__always)
  static var schedules: Bool { bakery_mode() & UInt32(BAKERY_MODE_SCHEDULING) != 0 }

  /// Whether nobody asks who waits and holds.
  static var isUnobserved: Bool { bakery_mode() & ~UInt32(BAKERY_MODE_SCHEDULING) == 0 }

  /// Whether a tester puts threads in order, or notes what they lock.
  @inlinable @inline(__always)
  static var isTested: Bool {
    bakery_mode() & UInt32(BAKERY_MODE_SCHEDULING | BAKERY_MODE_TOUCHES) != 0
  }

  /// Whether a tester notes what threads of its lock.
  @inlinable @inline(__always)
  static var touches: Bool { bakery_mode() & UInt32(BAKERY_MODE_TOUCHES) != 0 }

  static var recordsHolders: Bool {
    let mode = bakery_mode()
    if mode & ~UInt32(BAKERY_MODE_SCHEDULING) == 0 { return false }
    if schedules, SchedulingPoint.scheduler != nil { return false }
    if mode & UInt32(BAKERY_MODE_HOLDERS) != 0 { return true }
    return mode & UInt32(BAKERY_MODE_THREADS) != 0 && bakery_thread_holders() != 0
  }

  /// Whether waiters may look before they suspend: a thread that records holders for itself changes nothing for others.
  static var allowsLooking: Bool {
    bakery_mode() & ~UInt32(BAKERY_MODE_THREADS | BAKERY_MODE_SCHEDULING | BAKERY_MODE_TOUCHES) == 0
  }

  /// The time for holders' records, if they are kept; to be read before a lock, because it asks a seam.
  static var recordingTime: Deadline? { recordsHolders ? Seams.time.approximateNow : nil }

  static var recordsEvents: Bool { bakery_mode() & UInt32(BAKERY_MODE_EVENTS) != 0 }

  /// Whether somebody takes events: a sink, or the scheduler of a thread.
  static var notesEvents: Bool {
    bakery_mode() & UInt32(BAKERY_MODE_EVENTS | BAKERY_MODE_SCHEDULING) != 0
  }
}

/// Counts who needs a bit of the mode word, which is set while anybody does.
struct ModeUsers: Sendable {
  private let bit: UInt32
  private let count = Guarded(0)

  init(of bit: UInt32) {
    self.bit = bit
  }

  func change(by difference: Int) {
    count.withLockUnobserved { count in
      count += difference
      bakery_mode_set(bit, count > 0 ? bit : 0)
    }
  }
}
