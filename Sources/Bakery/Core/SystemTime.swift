internal import CBakeryCore
internal import Synchronization

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
  /// Counts reasons to look at the wheel again; the thread sleeps on it.
  private let signal = Atomic<UInt32>(0)

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
    if mustWake {
      signal.wrappingAdd(1, ordering: .releasing)
      withUnsafePointer(to: signal) { bakery_futex_wake($0, 1) }
    }
    return timer
  }

  /// Forgets a timer.
  public func cancel(_ timer: TimerID) {
    // The target may be the last reference to an object: it is let go outside the lock.
    let target = state.withLock { $0.wheel.cancel(timer) }
    withExtendedLifetime(target) {}
  }

  private func run() {
    var expired: [TimerWheel.Expired] = []
    while true {
      let seen = signal.load(ordering: .acquiring)
      let tick = UInt64(now.nanoseconds) >> Self.tickShift
      (expired, let wakeTick) = state.withLock { state in
        var expired: [TimerWheel.Expired] = []
        state.wheel.advance(to: tick, expired: &expired)
        state.wakeTick = state.wheel.nextTick ?? UInt64.max
        return (expired, state.wakeTick)
      }
      for timer in expired { timer.target.timerFired(tag: timer.tag) }
      guard expired.isEmpty else { continue }
      let nanoseconds: Int64 =
        wakeTick == .max ? -1 : max(Int64(wakeTick << Self.tickShift) - now.nanoseconds, 1)
      withUnsafePointer(to: signal) { bakery_futex_wait($0, seen, nanoseconds) }
    }
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// Starts a thread of the operating system that is never joined.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  // Safe because the new thread takes over exactly the one reference that is retained here.
  let argument = Unmanaged.passRetained(Body(body)).toOpaque()
  #if os(Linux)
  var thread = pthread_t()
  let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
    return nil
  }
  #else
  var thread: pthread_t?
  let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
  #endif
  let error = pthread_create(&thread, nil, entry, argument)
  precondition(error == 0, "cannot start thread \(name): error \(error); raise the process limit")
  #if os(Linux)
  pthread_setname_np(thread, name)
  pthread_detach(thread)
  #else
  if let thread { pthread_detach(thread) }
  #endif
}
