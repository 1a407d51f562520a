internal import Bakery
internal import Synchronization

/// Tells whether an exploration gets on, for a thread that watches it.
final class Pulse: Sendable {
  private let beats = Atomic<Int>(0)
  /// Which schedule runs, counted from 1; 0 when none does.
  private let schedule = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)
  private let explorer = Atomic<Int32>(0)
  private let parker = Parker()

  /// A step begins; called by the exploring thread alone.
  func beat() {
    beats.store(beats.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  /// The kernel's number of the exploring thread.
  var thread: Int32 { explorer.load(ordering: .relaxed) }

  func begin(schedule number: Int) {
    if number == 1 { explorer.store(ThreadPlace.currentThread, ordering: .relaxed) }
    beat()
    schedule.store(number, ordering: .relaxed)
  }

  func endSchedule() {
    schedule.store(0, ordering: .relaxed)
  }

  /// Runs `body`, which may wait for other explorations, without being watched.
  func unwatched(_ body: () -> Void) {
    let number = schedule.exchange(0, ordering: .relaxed)
    body()
    beat()
    schedule.store(number, ordering: .relaxed)
  }

  func end() {
    isOver.store(true, ordering: .relaxed)
    parker.unpark()
  }

  /// Calls `body` with the number of the schedule, once, when one step takes longer than `nanoseconds`.
  func watch(nanoseconds: Int64, _ body: @escaping @Sendable (Int) -> Void) {
    startThread(named: "bakery-watchdog") {
      var seen = -1
      while true {
        let ticket = self.parker.ticket
        if self.isOver.load(ordering: .relaxed) { return }
        let beats = self.beats.load(ordering: .relaxed)
        let schedule = self.schedule.load(ordering: .relaxed)
        if schedule != 0, beats == seen { return body(schedule) }
        seen = schedule == 0 ? -1 : beats
        self.parker.park(ticket, nanoseconds: nanoseconds)
      }
    }
  }
}
