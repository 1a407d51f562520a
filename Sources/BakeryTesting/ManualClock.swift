public import Bakery

/// A time source that moves only when it is told to: time in tests takes no time.
///
/// Timers fire on the thread that advances the clock, in the order of their deadlines, each at its own instant.
/// Inside `simulate` the clock advances by itself whenever nothing else is left to do.
///
/// - Complexity: O(log *timers*) to schedule and to fire, O(1) to cancel.
///
/// @Snippet(path: "bakery/Snippets/TestInVirtualTime", slice: "clock")
public final class ManualClock: TimeSource {
  private struct Timer {
    let deadline: Deadline
    let number: UInt64
  }

  private struct Call {
    let target: any TimerTarget
    let tag: UInt64
  }

  private struct State {
    var now: Deadline
    var lastNumber: UInt64 = 0
    /// A binary heap by deadline and number; entries that are not in `live` were cancelled.
    var heap: [Timer] = []
    var live: [UInt64: Call] = [:]
  }

  private let state: Guarded<State>

  /// Makes a clock that stands at `start`.
  public init(start: Deadline = Deadline(nanoseconds: 0)) {
    state = Guarded(State(now: start))
  }

  /// Where the clock stands.
  public var now: Deadline { state.withLockUnobserved { $0.now } }

  /// The earliest deadline that somebody waits for.
  public var nextDeadline: Deadline? {
    state.withLockUnobserved { state in
      Self.dropCancelled(&state)
      return state.heap.first?.deadline
    }
  }

  /// Moves the clock forward by `duration`, firing what is due on the way.
  ///
  /// - Important: traps when `duration` is negative.
  public func advance(by duration: Duration) {
    precondition(duration >= .zero, "ManualClock cannot go back: advance(by: \(duration))")
    advance(to: now.advanced(by: duration))
  }

  /// Moves the clock forward to `deadline`, firing what is due on the way; an earlier one changes nothing.
  public func advance(to deadline: Deadline) {
    while let call = takeCall(dueBy: deadline) {
      // A target sees the clock in force, whoever advances it.
      Seams.$time.withValue(self) { call.target.timerFired(tag: call.tag) }
    }
    state.withLockUnobserved { $0.now = max($0.now, deadline) }
  }

  /// Moves the clock to the earliest deadline that somebody waits for; false when there is none.
  @discardableResult
  public func advanceToNextDeadline() -> Bool {
    guard let next = nextDeadline else { return false }
    advance(to: next)
    return true
  }

  /// Calls `target` when the clock gets to `deadline`; if it is there already, during this or the next advance.
  public func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID {
    state.withLockUnobserved { state in
      state.lastNumber += 1
      let number = state.lastNumber
      state.live[number] = Call(target: target, tag: tag)
      state.heap.append(Timer(deadline: deadline, number: number))
      Self.siftUp(&state.heap)
      return TimerID(rawValue: number)
    }
  }

  /// Forgets a timer.
  public func cancel(_ timer: TimerID) {
    // The target may be the last reference to an object: it is let go outside the lock.
    let call = state.withLockUnobserved { state in
      let call = state.live.removeValue(forKey: timer.rawValue)
      if state.heap.count > 2 * state.live.count + 64 {
        state.heap = state.heap.filter { state.live[$0.number] != nil }.sorted(by: Self.comesBefore)
      }
      return call
    }
    withExtendedLifetime(call) {}
  }

  private func takeCall(dueBy deadline: Deadline) -> Call? {
    state.withLockUnobserved { state in
      Self.dropCancelled(&state)
      guard let timer = state.heap.first, timer.deadline <= deadline else { return nil }
      state.now = max(state.now, timer.deadline)
      Self.removeFirst(&state.heap)
      return state.live.removeValue(forKey: timer.number)
    }
  }

  private static func dropCancelled(_ state: inout State) {
    while let timer = state.heap.first, state.live[timer.number] == nil {
      removeFirst(&state.heap)
    }
  }

  private static func comesBefore(_ left: Timer, _ right: Timer) -> Bool {
    (left.deadline.nanoseconds, left.number) < (right.deadline.nanoseconds, right.number)
  }

  private static func siftUp(_ heap: inout [Timer]) {
    var index = heap.count - 1
    while index > 0, comesBefore(heap[index], heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private static func removeFirst(_ heap: inout [Timer]) {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
      guard let least = children.min(by: { comesBefore(heap[$0], heap[$1]) }) else { return }
      guard comesBefore(heap[least], heap[index]) else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
