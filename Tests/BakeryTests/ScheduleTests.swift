import Bakery
import Testing

@Suite struct ScheduleTests {
  /// Gives the same bits again and again.
  private final class FixedRandom: RandomSource {
    private let bits: UInt64

    init(_ bits: UInt64) { self.bits = bits }

    func next() -> UInt64 { bits }
  }

  private let highest = FixedRandom(.max)
  private let lowest = FixedRandom(0)

  /// The delays after the attempts 1, 2, 3 …, each told the one before.
  private func delays(
    _ schedule: Schedule,
    _ count: Int,
    _ random: any RandomSource
  ) -> [Duration] {
    var delays: [Duration] = []
    for attempt in 1...count {
      let delay = schedule.delay(afterAttempt: attempt, previous: delays.last, random: random)
      guard let delay else { break }
      delays.append(delay)
    }
    return delays
  }

  private func milliseconds(_ numbers: Int...) -> [Duration] {
    numbers.map { .milliseconds($0) }
  }

  @Test func `a fixed schedule has the same delay each time`() {
    let schedule = Schedule.fixed(.milliseconds(20))
    #expect(delays(schedule, 3, lowest) == milliseconds(20, 20, 20))
    #expect(schedule.delay(afterAttempt: .max - 1, random: highest) == .milliseconds(20))
    let jittered = Schedule.fixed(.milliseconds(20), jittered: true)
    #expect(delays(jittered, 2, lowest) == milliseconds(0, 0))
  }

  @Test func `an exponential schedule doubles up to its maximum`() {
    let schedule = Schedule.exponential(
      from: .milliseconds(500),
      upTo: .seconds(30),
      jittered: false
    )
    #expect(
      delays(schedule, 8, highest)
        == milliseconds(500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000)
    )
    let tripled = Schedule.exponential(
      from: .milliseconds(1),
      upTo: .seconds(1),
      factor: 3,
      jittered: false
    )
    #expect(delays(tripled, 7, highest) == milliseconds(1, 3, 9, 27, 81, 243, 729))
  }

  @Test func `a jittered delay is drawn from the whole range below the ceiling`() {
    let schedule = Schedule.exponential(from: .milliseconds(500), upTo: .seconds(30))
    #expect(delays(schedule, 3, lowest) == milliseconds(0, 0, 0))
    let random = SeededRandom(seed: 7)
    let drawn = (0..<1000).compactMap { _ in schedule.delay(afterAttempt: 2, random: random) }
    #expect(drawn.count == 1000)
    for tenth in 0..<10 {
      let range = Duration.milliseconds(100 * tenth)..<Duration.milliseconds(100 * tenth + 100)
      #expect((50...150).contains(drawn.count { range.contains($0) }))
    }
  }

  @Test func `a decorrelated delay is between the first and three times the last one`() {
    let schedule = Schedule.decorrelated(from: .milliseconds(100), upTo: .seconds(2))
    #expect(delays(schedule, 4, lowest) == milliseconds(100, 100, 100, 100))
    let longest = delays(schedule, 5, highest).map { Int(($0 / .milliseconds(1)).rounded()) }
    #expect(longest == [300, 900, 2000, 2000, 2000])
    for seed in UInt64(0)..<100 {
      var previous = Duration.milliseconds(100)
      for delay in delays(schedule, 20, SeededRandom(seed: seed)) {
        #expect(delay >= .milliseconds(100))
        #expect(delay <= min(previous * 3, .seconds(2)))
        previous = delay
      }
    }
  }

  @Test func `the same seed draws the same delays, one number for each`() {
    let schedules = [
      Schedule.exponential(from: .seconds(1), upTo: .seconds(9)),
      .decorrelated(from: .seconds(1), upTo: .seconds(9)), .fixed(.seconds(1), jittered: true),
    ]
    for schedule in schedules {
      let random = SeededRandom(seed: 3)
      let delays = delays(schedule, 9, random)
      #expect(delays == self.delays(schedule, 9, SeededRandom(seed: 3)))
      #expect(delays != self.delays(schedule, 9, SeededRandom(seed: 4)))
      let reference = SeededRandom(seed: 3)
      for _ in 0..<9 { _ = reference.next() }
      #expect(random.next() == reference.next())
    }
  }

  @Test func `attempts are counted with the first, and limits only narrow`() {
    let schedule = Schedule.fixed(.zero).attempts(4)
    #expect(delays(schedule, 9, lowest).count == 3)
    #expect(delays(schedule.attempts(2).attempts(9), 9, lowest).count == 1)
    #expect(delays(schedule.attempts(1), 9, lowest).isEmpty)
    #expect(schedule.attempts(2).attemptsMaximum == 2)
    #expect(schedule.within(.seconds(2)).within(.seconds(3)).duration == .seconds(2))
  }

  @Test func `no attempt starts after the schedule's duration`() {
    let schedule = Schedule.fixed(.seconds(1)).within(.seconds(3))
    func delay(_ elapsed: Duration) -> Duration? {
      schedule.delay(afterAttempt: 1, elapsed: elapsed)
    }
    #expect(delay(.seconds(2)) == .seconds(1))
    #expect(delay(.seconds(2) + .nanoseconds(1)) == nil)
    #expect(delay(.seconds(Int64.max)) == nil)
    #expect(Schedule.fixed(.zero).within(.zero - .seconds(1)).delay(afterAttempt: 1) == nil)
  }

  @Test func `who refuses may ask for a longer delay, but not for a shorter one`() {
    let schedule = Schedule.fixed(.seconds(1)).within(.seconds(60))
    func delay(_ retryAfter: Duration) -> Duration? {
      schedule.delay(afterAttempt: 1, retryAfter: retryAfter)
    }
    #expect(delay(.seconds(7)) == .seconds(7))
    #expect(delay(.milliseconds(7)) == .seconds(1))
    #expect(delay(.zero - .seconds(7)) == .seconds(1))
    #expect(delay(.seconds(60)) == .seconds(60))
    #expect(delay(.seconds(61)) == nil)
  }

  @Test func `a schedule that overflows stays at its maximum`() {
    let longest = Duration.nanoseconds(Int64.max)
    let endless = Schedule.exponential(
      from: .seconds(Int64.max),
      upTo: .seconds(Int64.max),
      factor: .greatestFiniteMagnitude,
      jittered: false
    )
    #expect(delays(endless, 3, highest) == [longest, longest, longest])
    let steep = Schedule.exponential(
      from: .nanoseconds(1),
      upTo: .seconds(Int64.max),
      jittered: false
    )
    #expect(steep.delay(afterAttempt: 63) == .nanoseconds(1 << 62))
    #expect(steep.delay(afterAttempt: 64) == longest)
    for attempt in [65, 1000, Int.max - 1] {
      #expect(steep.delay(afterAttempt: attempt) == longest)
      #expect(
        Schedule.exponential(from: .zero, upTo: .seconds(1)).delay(afterAttempt: attempt) == .zero
      )
    }
    #expect(steep.delay(afterAttempt: .min) == .nanoseconds(1))
    let wide = Schedule.decorrelated(from: .seconds(1), upTo: .seconds(Int64.max))
    let drawn = wide.delay(afterAttempt: 9, previous: .seconds(Int64.max), random: highest)
    #expect(drawn.map { $0 <= longest && $0 > .seconds(9_000_000_000) } == true)
    #expect(Schedule.fixed(.seconds(Int64.max)).delay(afterAttempt: 1) == longest)
  }

  @Test func `a first delay above the maximum is the maximum`() {
    let schedules: [Schedule] = [
      .exponential(from: .seconds(9), upTo: .seconds(1), jittered: false),
      .decorrelated(from: .seconds(9), upTo: .seconds(1)),
    ]
    for schedule in schedules {
      #expect(delays(schedule, 2, highest) == [.seconds(1), .seconds(1)])
    }
  }

  @Test func `a schedule says what it is`() {
    let schedule = Schedule.exponential(from: .milliseconds(100), upTo: .seconds(30)).attempts(5)
    #expect(
      "\(schedule.within(.seconds(60)))"
        == "exponential from 0.100 s up to 30.000 s, times 2.0, jittered, at most 5 attempts, within 60.000 s"
    )
    #expect("\(Schedule.fixed(.seconds(1)))" == "fixed 1.000 s")
    #expect(
      "\(Schedule.decorrelated(from: .zero, upTo: .seconds(1)))"
        == "decorrelated from 0.000 s up to 1.000 s"
    )
  }
}
