internal import CBakeryCore

/// The machine's monotonic clock; one thread, started by the first timer, serves all deadlines.
///
/// Timers fire at most 66 µs (one tick) and a thread wake-up late, never early.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "deadline")
public final class SystemTime: TimeSource {
  /// The one instance.
  public static let shared = SystemTime()

  private struct State {
    var wheel: TimerWheel
    var hasThread = false
    /// The tick until which the thread sleeps; an earlier timer has to wake it.
    var wakeTick: UInt64 = 0
  }

  /// 2¹⁶ ns: fine enough for any timeout, and 48 bits of ticks cover the timeline.
  private static let tickShift: UInt64 = 16

  private let state: Guarded<State>
  private let parker = Parker()

  private init() {
    let tick = UInt64(bakery_clock(0)) >> Self.tickShift
    state = Guarded(State(wheel: TimerWheel(currentTick: tick)))
  }

  /// Nanoseconds of the monotonic clock, about 30 ns to read.
  public var now: Deadline { Deadline(nanoseconds: bakery_clock(0)) }

  /// The monotonic clock at the last kernel tick, about 10 ns to read and up to 4 ms old.
  public var approximateNow: Deadline { Deadline(nanoseconds: bakery_clock(1)) }

  /// Calls `target` on the timer thread, not before `deadline`.
  public func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID {
    let nanoseconds = UInt64(max(deadline.nanoseconds, 0))
    let tick = (nanoseconds >> Self.tickShift) + 1
    let (timer, mustStart, mustWake) = state.withLock { state in
      let timer = state.wheel.insert(target, tag: tag, tick: tick)
      let mustStart = !state.hasThread
      state.hasThread = true
      let mustWake = tick < state.wakeTick
      if mustWake { state.wakeTick = tick }
      return (timer, mustStart, mustWake)
    }
    if mustStart { startThread(named: "bakery-timers") { self.run() } }
    if mustWake { parker.unpark() }
    return timer
  }

  /// Forgets a timer.
  public func cancel(_ timer: TimerID) {
    // The target may be the last reference to an object: it is let go outside the lock.
    let target = state.withLock { $0.wheel.cancel(timer) }
    withExtendedLifetime(target) {}
  }

  private func run() {
    while true {
      let ticket = parker.ticket
      let tick = UInt64(now.nanoseconds) >> Self.tickShift
      let (expired, wakeTick) = state.withLock { state in
        var expired: [TimerWheel.Expired] = []
        state.wheel.advance(to: tick, expired: &expired)
        state.wakeTick = state.wheel.nextTick ?? UInt64.max
        return (expired, state.wakeTick)
      }
      for timer in expired { timer.target.timerFired(tag: timer.tag) }
      guard expired.isEmpty else { continue }
      parker.park(ticket, nanoseconds: Self.nanoseconds(until: wakeTick, from: now))
    }
  }

  /// How long to sleep; -1, which means without limit, for ticks that end beyond the timeline.
  static func nanoseconds(until tick: UInt64, from now: Deadline) -> Int64 {
    guard tick < UInt64(Int64.max) >> tickShift else { return -1 }
    return max(Int64(tick << tickShift) - now.nanoseconds, 1)
  }
}
