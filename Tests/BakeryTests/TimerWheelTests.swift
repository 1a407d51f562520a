import Testing

@testable import Bakery

private final class Target: TimerTarget {
  func timerFired(tag: UInt64) {}
}

@Suite struct TimerWheelTests {
  private let target = Target()
  private var wheel = TimerWheel(currentTick: 1000)

  private mutating func advance(to tick: UInt64) -> [UInt64] {
    var expired: [TimerWheel.Expired] = []
    wheel.advance(to: tick, expired: &expired)
    return expired.map(\.tag)
  }

  @Test mutating func `a timer fires at its tick and not before`() {
    _ = wheel.insert(target, tag: 1, tick: 1005)
    #expect(advance(to: 1004) == [])
    #expect(advance(to: 1005) == [1])
    #expect(advance(to: 2000) == [])
    #expect(wheel.count == 0)
  }

  @Test mutating func `a tick that has passed fires at the next one`() {
    _ = wheel.insert(target, tag: 1, tick: 3)
    #expect(advance(to: 1000) == [])
    #expect(advance(to: 1001) == [1])
  }

  @Test mutating func `a cancelled timer does not fire and a second cancel finds nothing`() {
    let timer = wheel.insert(target, tag: 1, tick: 1005)
    #expect(wheel.cancel(timer) != nil)
    #expect(wheel.cancel(timer) == nil)
    #expect(wheel.nextTick == nil)
    #expect(advance(to: 5000) == [])
  }

  @Test mutating func `a cancel after the timer fired does not hit the next timer in its place`() {
    let old = wheel.insert(target, tag: 1, tick: 1001)
    #expect(advance(to: 1001) == [1])
    _ = wheel.insert(target, tag: 2, tick: 1002)
    #expect(wheel.cancel(old) == nil)
    #expect(advance(to: 1002) == [2])
  }

  @Test mutating func `the farthest tick and one beyond it are kept`() {
    _ = wheel.insert(target, tag: 1, tick: TimerWheel.maximumTick)
    _ = wheel.insert(target, tag: 2, tick: .max)
    #expect(advance(to: TimerWheel.maximumTick - 1) == [])
    #expect(Set(advance(to: TimerWheel.maximumTick)) == [1, 2])
  }

  @Test
  func `the thread sleeps at least a moment, and without limit for ticks beyond the timeline`() {
    let now = Deadline(nanoseconds: 1 << 20)
    #expect(SystemTime.nanoseconds(until: 3, from: now) == 1)
    #expect(SystemTime.nanoseconds(until: 17, from: now) == 1 << 16)
    #expect(SystemTime.nanoseconds(until: (1 << 47) - 1, from: now) == -1)
    #expect(SystemTime.nanoseconds(until: .max, from: now) == -1)
  }

  @Test func `fires what a sorted list would, in the same order of ticks`() {
    for seed in 0..<100 as Range<UInt64> {
      var random = SeededRandom(seed: seed).generator
      var now: UInt64 = .random(in: 0..<1 << 20, using: &random)
      var wheel = TimerWheel(currentTick: now)
      var model: [UInt64: (tick: UInt64, timer: TimerID)] = [:]
      for tag in 0..<400 as Range<UInt64> {
        let reach = UInt64(1) << UInt64.random(in: 0..<30, using: &random)
        if Int.random(in: 0..<3, using: &random) > 0 {
          let tick = now + 1 + .random(in: 0..<reach, using: &random) / 8 * 8
          model[tag] = (tick, wheel.insert(target, tag: tag, tick: tick))
        } else if let victim = model.keys.min() {
          #expect(wheel.cancel(model[victim]!.timer) != nil)
          model[victim] = nil
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
          now += .random(in: 0..<reach, using: &random)
          var expired: [TimerWheel.Expired] = []
          wheel.advance(to: now, expired: &expired)
          let due = model.filter { $0.value.tick <= now }
          #expect(Set(expired.map(\.tag)) == Set(due.keys))
          // Tags count up, so equal ticks show whether the order of insertion is kept.
          let fired = expired.map { (model[$0.tag]!.tick, $0.tag) }
          #expect(fired.map(\.1) == fired.sorted { $0 < $1 }.map(\.1))
          for tag in due.keys { model[tag] = nil }
        }
        #expect(wheel.count == model.count)
        if let earliest = model.values.map(\.tick).min() {
          #expect(wheel.nextTick.map { $0 <= earliest && $0 > now } == true)
        }
      }
    }
  }
}
