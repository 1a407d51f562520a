/// Timers ordered by when they are due, for very many of which most are cancelled.
///
/// A pure structure: no clock, no lock, no thread. Time is counted in ticks. Eight levels of 64 slots each
/// cover 48 bits of ticks; level *n* has slots of 64ⁿ ticks. A timer goes into the slot of the highest
/// level in which its tick differs from the current one, and moves down when the wheel gets there.
///
/// Algorithm: hierarchical timing wheels (Varghese and Lauck, *Hashed and Hierarchical Timing Wheels*,
/// SOSP 1987).
///
/// Timers of equal ticks are always in the same slot, so they fire in the order of their insertion.
///
/// - Complexity: insert and cancel O(1); advancing O(1) per timer and level.
struct TimerWheel {
  struct Expired {
    let target: any TimerTarget
    let tag: UInt64
  }

  private struct Entry {
    var next: Int32 = -1
    var previous: Int32 = -1
    /// Position in `heads`, or -1 while the entry is free.
    var slot: Int32 = -1
    var generation: UInt32 = 0
    var tick: UInt64 = 0
    var tag: UInt64 = 0
    var target: (any TimerTarget)?
  }

  /// Invariant: every live timer is due after this tick.
  private(set) var currentTick: UInt64
  private(set) var count = 0
  private var entries: ContiguousArray<Entry> = []
  private var free: Int32 = -1
  private var heads = ContiguousArray<Int32>(repeating: -1, count: 8 * 64)
  /// Where timers join, so that equal ticks fire in the order of insertion; meaningful where there is a head.
  private var tails = ContiguousArray<Int32>(repeating: -1, count: 8 * 64)
  /// Invariant: bit *s* of `occupied[n]` is set when slot *s* of level *n* holds a timer.
  private var occupied = ContiguousArray<UInt64>(repeating: 0, count: 8)

  static let maximumTick: UInt64 = (1 << 48) - 1

  init(currentTick: UInt64 = 0) {
    self.currentTick = currentTick
  }

  /// Adds a timer; a tick that has passed counts as the next one.
  mutating func insert(_ target: any TimerTarget, tag: UInt64, tick: UInt64) -> TimerID {
    let index: Int32
    if free >= 0 {
      index = free
      free = entries[Int(index)].next
    } else {
      index = Int32(entries.count)
      entries.append(Entry())
    }
    entries[Int(index)].tick = min(max(tick, currentTick + 1), Self.maximumTick)
    entries[Int(index)].tag = tag
    entries[Int(index)].target = target
    link(index)
    count += 1
    return TimerID(rawValue: UInt64(entries[Int(index)].generation) << 32 | UInt64(index))
  }

  /// Removes a timer and returns its target, so that the caller can let go of it outside its lock.
  mutating func cancel(_ timer: TimerID) -> (any TimerTarget)? {
    let index = Int32(truncatingIfNeeded: timer.rawValue & 0xFFFF_FFFF)
    guard Int(index) < entries.count else { return nil }
    guard entries[Int(index)].generation == UInt32(timer.rawValue >> 32) else { return nil }
    guard entries[Int(index)].slot >= 0 else { return nil }
    unlink(index)
    return release(index).target
  }

  /// The tick at which the wheel has something to do next; not later than the earliest timer.
  var nextTick: UInt64? {
    for level in 0..<8 where occupied[level] != 0 {
      // Live slots of a level lie after the current position in it, by the invariant of `link`.
      let slot = UInt64(occupied[level].trailingZeroBitCount)
      let shift = UInt64(6 * level)
      let base = (currentTick >> (shift + 6)) << (shift + 6)
      return base + (slot << shift)
    }
    return nil
  }

  /// Moves time to `tick` and appends the timers that are due by then, in order of their ticks.
  mutating func advance(to tick: UInt64, expired: inout [Expired]) {
    while let next = nextTick, next <= tick {
      currentTick = next
      let level = occupied.firstIndex { $0 != 0 } ?? 0
      let slot = occupied[level].trailingZeroBitCount
      var index = heads[level * 64 + slot]
      heads[level * 64 + slot] = -1
      occupied[level] &= ~(1 << UInt64(slot))
      while index >= 0 {
        let following = entries[Int(index)].next
        if entries[Int(index)].tick <= currentTick {
          expired.append(release(index))
        } else {
          link(index)
        }
        index = following
      }
    }
    currentTick = max(currentTick, tick)
  }

  private mutating func release(_ index: Int32) -> Expired {
    guard let target = entries[Int(index)].target else {
      preconditionFailure("timer without target")
    }
    let expired = Expired(target: target, tag: entries[Int(index)].tag)
    entries[Int(index)].target = nil
    entries[Int(index)].slot = -1
    entries[Int(index)].generation &+= 1
    entries[Int(index)].next = free
    free = index
    count -= 1
    return expired
  }

  private mutating func link(_ index: Int32) {
    let tick = entries[Int(index)].tick
    let level = (63 - ((tick ^ currentTick) | 63).leadingZeroBitCount) / 6
    let slot = Int(tick >> UInt64(6 * level) & 63)
    let position = level * 64 + slot
    entries[Int(index)].slot = Int32(position)
    entries[Int(index)].next = -1
    if heads[position] >= 0 {
      entries[Int(index)].previous = tails[position]
      entries[Int(tails[position])].next = index
    } else {
      entries[Int(index)].previous = -1
      heads[position] = index
    }
    tails[position] = index
    occupied[level] |= 1 << UInt64(slot)
  }

  private mutating func unlink(_ index: Int32) {
    let (next, previous) = (entries[Int(index)].next, entries[Int(index)].previous)
    let position = Int(entries[Int(index)].slot)
    if next >= 0 { entries[Int(next)].previous = previous } else { tails[position] = previous }
    if previous >= 0 {
      entries[Int(previous)].next = next
    } else {
      heads[position] = next
      if next < 0 { occupied[position / 64] &= ~(1 << UInt64(position % 64)) }
    }
  }
}
