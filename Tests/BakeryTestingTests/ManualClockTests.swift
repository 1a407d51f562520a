import Bakery
import BakeryTesting
import Testing

@Suite struct ManualClockTests {
  private final class Recorder: TimerTarget {
    let fired = Channel<UInt64>(capacity: 1000)

    func timerFired(tag: UInt64) { try? fired.sender.trySend(tag) }

    var tags: [UInt64] {
      var tags: [UInt64] = []
      while let tag = fired.receiver.tryReceive() { tags.append(tag) }
      return tags
    }
  }

  private let recorder = Recorder()
  private let clock = ManualClock()

  private func schedule(_ tag: UInt64, at nanoseconds: Int64) -> TimerID {
    clock.schedule(recorder, tag: tag, at: Deadline(nanoseconds: nanoseconds))
  }

  @Test func `timers fire in the order of their deadlines, equal ones in the order of scheduling`()
  {
    for (tag, nanoseconds) in [(1, 30), (2, 10), (3, 20), (4, 10)] as [(UInt64, Int64)] {
      _ = schedule(tag, at: nanoseconds)
    }
    clock.advance(by: .nanoseconds(25))
    #expect(recorder.tags == [2, 4, 3])
    #expect(clock.now.nanoseconds == 25)
    #expect(clock.nextDeadline?.nanoseconds == 30)
  }

  @Test func `cancelled timers do not fire and leave no deadline behind`() {
    let timer = schedule(1, at: 10)
    clock.cancel(timer)
    clock.cancel(timer)
    #expect(clock.nextDeadline == nil)
    #expect(!clock.advanceToNextDeadline())
    #expect(recorder.tags.isEmpty)
  }

  @Test func `a timer scheduled in the past fires at the next advance and does not turn time back`()
  {
    clock.advance(by: .nanoseconds(100))
    _ = schedule(1, at: 5)
    #expect(clock.advanceToNextDeadline())
    #expect(recorder.tags == [1])
    #expect(clock.now.nanoseconds == 100)
  }

  @Test func `a cancelled target is let go at once and may look at the clock while it goes`() {
    final class Curious: TimerTarget {
      let clock: ManualClock
      let gone: Channel<Deadline>.Sender
      init(_ clock: ManualClock, _ gone: Channel<Deadline>.Sender) {
        self.clock = clock
        self.gone = gone
      }
      func timerFired(tag: UInt64) {}
      deinit { try? gone.trySend(clock.now) }
    }
    let gone = Channel<Deadline>(capacity: 1)
    let timer = clock.schedule(Curious(clock, gone.sender), tag: 0, at: Deadline(nanoseconds: 9))
    #expect(gone.receiver.tryReceive() == nil)
    clock.cancel(timer)
    #expect(gone.receiver.tryReceive() == Deadline(nanoseconds: 0))
  }

  @Test func `a target that fires sees the clock as the time in force`() async {
    final class Reader: TimerTarget {
      let seen = Channel<Deadline>(capacity: 1)
      func timerFired(tag: UInt64) { try? seen.sender.trySend(.now) }
    }
    let reader = Reader()
    _ = clock.schedule(reader, tag: 0, at: Deadline(nanoseconds: 9))
    clock.advance(by: .nanoseconds(50))
    #expect(reader.seen.receiver.tryReceive() == Deadline(nanoseconds: 9))
  }

  @Test func `behaves like a sorted list under random operations`() {
    for seed in 0..<50 as Range<UInt64> {
      let clock = ManualClock()
      var random = SeededRandom(seed: seed).generator
      var model: [UInt64: (Int64, TimerID)] = [:]
      for tag in 0..<200 as Range<UInt64> {
        let nanoseconds = clock.now.nanoseconds + .random(in: 0..<500, using: &random)
        let deadline = Deadline(nanoseconds: nanoseconds)
        model[tag] = (nanoseconds, clock.schedule(recorder, tag: tag, at: deadline))
        if let victim = model.keys.randomElement(using: &random), tag.isMultiple(of: 3) {
          clock.cancel(model[victim]!.1)
          model[victim] = nil
        }
        clock.advance(by: .nanoseconds(.random(in: 0..<20, using: &random)))
        let due = model.filter { $0.value.0 <= clock.now.nanoseconds }
          .sorted { ($0.value.0, $0.key) < ($1.value.0, $1.key) }.map(\.key)
        #expect(recorder.tags == due)
        for tag in due { model[tag] = nil }
        #expect(clock.nextDeadline?.nanoseconds == model.values.map(\.0).min())
      }
    }
  }
}
