public import CBakeryCore

/// A place before a lock or an atomic operation where a tester may let another task go first.
///
/// A program that is not under test pays one predictable branch for all its points together.
@usableFromInline
package enum SchedulingPoint {
  private struct Hook {
    var body: (@Sendable () -> Void)?
  }

  private static let hook = Guarded(Hook())

  /// Calls `body` before every visible operation of the toolkit, on the thread that does it; `nil` ends it.
  package static func install(_ body: (@Sendable () -> Void)?) {
    // The old hook is let go outside the lock.
    let old = hook.withLockUnobserved { hook in
      let old = hook.body
      hook.body = body
      return old
    }
    withExtendedLifetime(old) {}
    let bit = UInt32(BAKERY_MODE_SCHEDULING)
    bakery_mode_set(bit, body == nil ? 0 : bit)
  }

  @usableFromInline @inline(never)
  package static func reach() {
    hook.withLockUnobserved { $0.body }?()
  }
}

/// The word that says whether anybody observes the toolkit.
@usableFromInline
enum Mode {
  /// True in a program that is neither under test nor traced: the condition of every fast path.
  @inlinable @inline(__always)
  static var isPlain: Bool { bakery_mode() == 0 }

  @inlinable @inline(__always)
  static var schedules: Bool { bakery_mode() & UInt32(BAKERY_MODE_SCHEDULING) != 0 }

  static var recordsHolders: Bool {
    let mode = bakery_mode()
    if mode & UInt32(BAKERY_MODE_HOLDERS) != 0 { return true }
    return mode & UInt32(BAKERY_MODE_THREADS) != 0 && bakery_thread_holders() != 0
  }

  /// Whether waiters may look before they suspend: a thread that records holders for itself changes nothing for others.
  static var allowsLooking: Bool { bakery_mode() & ~UInt32(BAKERY_MODE_THREADS) == 0 }

  /// The time for holders' records, if they are kept; to be read before a lock, because it asks a seam.
  static var recordingTime: Deadline? { recordsHolders ? Seams.time.approximateNow : nil }

  @usableFromInline
  static var recordsEvents: Bool { bakery_mode() & UInt32(BAKERY_MODE_EVENTS) != 0 }
}
