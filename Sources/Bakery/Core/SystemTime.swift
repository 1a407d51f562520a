#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The machine's monotonic clock; one thread, started by the first timer, serves all deadlines.
///
/// Timers fire at most 66 µs (one tick) and a thread wake-up late, never early.
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
    let tick = UInt64(Self.read(CLOCK_MONOTONIC)) >> Self.tickShift
    state = Guarded(State(wheel: TimerWheel(currentTick: tick)))
  }

  /// Nanoseconds of the monotonic clock, about 30 ns to read.
  public var now: Deadline { Deadline(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

  /// The monotonic clock at the last kernel tick, about 10 ns to read and up to 4 ms old.
  public var approximateNow: Deadline {
    #if os(Linux)
    Deadline(nanoseconds: Self.read(CLOCK_MONOTONIC_COARSE))
    #else
    now
    #endif
  }

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
      let nanoseconds: Int64 =
        wakeTick == .max ? -1 : max(Int64(wakeTick << Self.tickShift) - now.nanoseconds, 1)
      parker.park(ticket, nanoseconds: nanoseconds)
    }
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
