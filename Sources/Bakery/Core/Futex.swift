internal import CBakeryCore

/// Sleeping until a word changes: in the kernel, or as a tester of the calling thread says.
enum Futex {
  /// The scheduled threads that sleep, by the address of their words, first come, first served.
  private static let sleepers = Guarded<[UInt: [any ThreadScheduler]]>([:])

  /// Sleeps while the word is `expected`, at most for `nanoseconds` if not negative; may return for no reason.
  static func wait(_ word: UnsafeRawPointer, while expected: UInt32, nanoseconds: Int64 = -1) {
    guard Mode.schedules, let scheduler = SchedulingPoint.scheduler else {
      return bakery_futex_wait(word, expected, nanoseconds)
    }
    scheduler.reach(at: UInt(bitPattern: word))
    let address = UInt(bitPattern: word)
    sleepers.withLockUnobserved { $0[address, default: []].append(scheduler) }
    scheduler.sleep(on: word, while: expected, nanoseconds: nanoseconds)
    sleepers.withLockUnobserved { sleepers in
      sleepers[address]?.removeAll { $0 === scheduler }
      if sleepers[address]?.isEmpty ?? false { sleepers[address] = nil }
    }
  }

  /// Wakes up to `count` of those who sleep on the word.
  static func wake(_ word: UnsafeRawPointer, _ count: Int32) {
    bakery_futex_wake(word, count)
    guard Mode.schedules else { return }
    let address = UInt(bitPattern: word)
    let woken = sleepers.withLockUnobserved { sleepers in
      let first = sleepers[address]?.prefix(Int(count)) ?? []
      sleepers[address]?.removeFirst(first.count)
      return Array(first)
    }
    for scheduler in woken { scheduler.wake() }
  }
}
