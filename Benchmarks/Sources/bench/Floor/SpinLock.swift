import Glibc
import Synchronization

/// The cheapest lock a person would write: spins, and lets others run when the holder seems preempted.
struct SpinLock: ~Copyable, Sendable {
  private let held = Atomic<Bool>(false)

  @inline(__always)
  borrowing func lock() {
    while held.exchange(true, ordering: .acquiring) {
      var looks = 0
      while held.load(ordering: .relaxed) {
        looks += 1
        if looks % 256 == 0 { sched_yield() }
      }
    }
  }

  @inline(__always)
  borrowing func unlock() {
    held.store(false, ordering: .releasing)
  }
}
